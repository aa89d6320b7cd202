import Foundation
import GygesTestSupport
import Testing

@testable import GygesFiles

/// Reading texts line by line, and files that work goes on with.
@Suite struct StreamTests {
    static func lines(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> [[UInt8]] {
        var reader = try LineReader(path: try folder.write(bytes, to: "lines"))
        #expect(reader.byteCount == bytes.count)
        var lines: [[UInt8]] = []
        while let line = try reader.next() {
            lines.append(line)
            #expect(reader.lineNumber == lines.count)
        }
        return lines
    }

    @Test("Lines are those that splitting gives, also where they are longer than a part that is read")
    func readsLines() throws {
        let folder = try TemporaryFolder()
        let long = [UInt8](repeating: 0x61, count: 3 << 20)
        for parts: [[UInt8]] in [
            [], [[0x61]], [[]], [[], []], [[0x61], [], [0x62, 0x0D]], [long, [0x62], long],
            Array(repeating: Array("0123456".utf8), count: 400_000),
        ] {
            let joined = Array(parts.joined(separator: [0x0A]))
            // A last line needs no end, and an end begins no line.
            let expected = parts.last?.isEmpty ?? false ? Array(parts.dropLast()) : parts
            #expect(try Self.lines(joined, in: folder) == expected)
            if !joined.isEmpty, joined.last != 0x0A { #expect(try Self.lines(joined + [0x0A], in: folder) == expected) }
        }
    }

    @Test("What cannot be read line by line is refused")
    func refusesLines() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array("short\n".utf8) + [UInt8](repeating: 0x61, count: 3 << 20), to: "long")
        var reader = try LineReader(path: path, lineLimit: 1 << 20)
        _ = try reader.next()
        #expect { _ = try reader.next() } throws: { "\($0)".contains("line 2") }
        #expect(throws: FileError.self) { _ = try LineReader(path: folder.path) }
        #expect(throws: FileError.self) { _ = try LineReader(path: folder.path + "/none") }
        #expect(throws: FileError.self) { _ = try LineReader(path: "a\u{0}b") }
    }

    static func texts(_ text: String, _ form: TextReader.Form, in folder: TemporaryFolder) throws -> [NamedText] {
        var reader = try TextReader(path: try folder.write(Array(text.utf8), to: "texts"), form: form)
        var records: [NamedText] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    @Test("Texts come with their names and lines; windows end where they are full")
    func readsTexts() throws {
        let folder = try TemporaryFolder()
        let json = """
            {"_id": "a", "title": "T", "text": "x"}

            {"id": 7, "text": "y", "title": ""}
            "z"
            {"text": "", "id": null}
            """
        let form = TextReader.Form.jsonLines(fields: ["title", "text"])
        #expect(
            try Self.texts(json, form, in: folder) == [
                NamedText(id: "a", text: "T x", line: 1), NamedText(id: 7, text: "y", line: 3),
                NamedText(id: nil, text: "z", line: 4), NamedText(id: nil, text: "", line: 5),
            ])
        #expect(try Self.texts("a\r\n\nb", .plainLines, in: folder).map(\.text) == ["a", "", "b"])
        var reader = try TextReader(path: folder.path + "/texts", form: .plainLines)
        #expect(try reader.nextWindow(.init(textCount: 2, byteCount: 9)).map(\.text) == ["a", ""])
        #expect(try reader.nextWindow(.init(textCount: 2, byteCount: 0)).map(\.text) == ["b"])
        #expect(try reader.nextWindow().isEmpty)
        for damaged in ["3", "{\"text\": 3}", "{}", "{\"id\": 1.5, \"text\": \"x\"}", "{", "{\"text\": \"\\ud800\"}"] {
            #expect(throws: FileError.self, "\(damaged)") { try Self.texts("\"sound\"\n" + damaged, form, in: folder) }
        }
        _ = try folder.write([0x61, 0x0A, 0xFF], to: "bytes")
        var bytes = try TextReader(path: folder.path + "/bytes", form: .plainLines)
        _ = try bytes.next()
        #expect { _ = try bytes.next() } throws: { "\($0)".contains("line 2") }
    }

    static let identity = JSONObject([("model", .string("m")), ("width", .integer(3))])

    static func contents(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map(Array.init) ?? [] }

    @Test("Going on cuts what was not yet noted, whatever bytes a kill left")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/rows"
        do {
            let output = try ResumableOutput(path: path, identity: Self.identity, start: .new)
            try output.append(Array("one\ntwo\n".utf8))
            try output.commit(rowCount: 2, inputDigest: "d2")
            try output.append(Array("thr".utf8))
            #expect(throws: FileError.self) { try ResumableOutput(path: path, identity: Self.identity, start: .resume) }
        }
        let record = Self.contents(path + ".progress")
        // A kill may have come while a line of the record was written.
        for torn in ["", "{\"rows\": 3, \"byt", "{"] {
            _ = try folder.write(record + Array(torn.utf8), to: "rows.progress")
            _ = try folder.write(Array("one\ntwo\nthr".utf8), to: "rows")
            let output = try ResumableOutput(path: path, identity: Self.identity, start: .resume)
            #expect(output.checkpoint == .init(rowCount: 2, byteCount: 8, inputDigest: "d2"))
            try output.append(Array("three\n".utf8))
            try output.replaceBeginning(Array("O".utf8))
            try output.commit(rowCount: 3, inputDigest: "d3")
            #expect(Self.contents(path) == Array("One\ntwo\nthree\n".utf8))
        }
        #expect(throws: FileError.self) { try ResumableOutput(path: path, identity: Self.identity, start: .new) }
        let anew = try ResumableOutput(path: path, identity: Self.identity, start: .overwrite)
        #expect(anew.checkpoint.rowCount == 0 && Self.contents(path).isEmpty)
    }

    @Test("A file of another model, one that was changed, or one without a record is not gone on with")
    func refusesOthers() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/rows"
        do {
            let output = try ResumableOutput(path: path, identity: Self.identity, start: .resume)
            try output.append(Array("one\n".utf8))
            try output.commit(rowCount: 1, inputDigest: "d1")
        }
        let (rows, record) = (Self.contents(path), Self.contents(path + ".progress"))
        func refuses(_ mention: String, identity: JSONObject = Self.identity) {
            #expect { _ = try ResumableOutput(path: path, identity: identity, start: .resume) } throws: {
                "\($0)".contains(mention)
            }
            #expect(Self.contents(path).count <= rows.count)
        }
        var other = Self.identity
        other["model"] = "n"
        refuses("differs in model: \"m\" then, \"n\" now", identity: other)
        other = Self.identity
        other["more"] = true
        refuses("differs in more: none then, true now", identity: other)
        _ = try folder.write(Array("on".utf8), to: "rows")
        refuses("record says 4")
        _ = try folder.write(rows, to: "rows")
        for damaged in [
            "{}\n", "[\n", "{\"version\": 9, \"made_by\": {}}\n",
            String(decoding: record, as: UTF8.self).replacing("\"rows\":1", with: "\"rows\":-1"),
        ] {
            _ = try folder.write(Array(damaged.utf8), to: "rows.progress")
            refuses("rows")
        }
        try FileManager.default.removeItem(atPath: path + ".progress")
        #expect(throws: FileError.self) { _ = try ResumableOutput(path: path, identity: Self.identity, start: .resume) }
        #expect(Self.contents(path) == rows)
    }

    @Test("NumPy's heading is as long for any number of rows, and says how many")
    func writesNumpyHeadings() {
        for (rows, columns) in [(0, 1), (1, 768), (Int.max, Int.max)] {
            let bytes = NumpyHeader.bytes(rows: rows, columns: columns)
            #expect(bytes.count == NumpyHeader.byteCount && bytes.last == 0x0A && Array(bytes[8...9]) == [118, 0])
            #expect(String(decoding: bytes[10...], as: UTF8.self).contains("'shape': (\(rows), \(columns)), }"))
        }
    }
}

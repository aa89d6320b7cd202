import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// Rows that answer inputs: in order, several at a time, and gone on with.
@Suite struct RowOutputTests {
    struct Stop: Error {}

    private func answer(_ row: InputRow, _ number: Int) throws -> [UInt8] {
        Array("\(number):\(try row.text().uppercased())\n".utf8)
    }

    private func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("Every line of text is an input, of JSON every line that is not blank; files follow one another")
    func readsRows() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write(Array("a\r\n\n  \nb".utf8), to: "a.txt")
        let json = try folder.write(Array("{\"text\": 1}\n\n \"b\"\n".utf8), to: "b.jsonl")
        let reader = try RowReader(paths: [text, json])
        var rows: [InputRow] = []
        while let row = try reader.next() { rows.append(row) }
        #expect(try rows.map { try $0.text() } == ["a", "", "  ", "b", "{\"text\": 1}", " \"b\""])
        #expect(
            rows.map(\.line) == [1, 2, 3, 4, 1, 3] && rows.map(\.isJSON) == [false, false, false, false, true, true])
        #expect(try RowReader.count(paths: [text, json]) == 6)
        #expect(rows[5].place == "\(json), line 3")
        for name in ["table.csv", "list.json", "table.tsv"] {
            #expect(throws: FileError.self) { try RowReader(paths: [folder.path + "/" + name]) }
        }
        let lines = try folder.write(Array("\"a\"\n".utf8), to: "lines.json")
        #expect(try RowReader(paths: [lines], isJSON: true).next()?.json() == "a")
    }

    @Test("Answers that end in another order are written in the inputs' own, and none waits for more than its own")
    func keepsOrder() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/rows"
        let output = RowOutput(try ResumableOutput(path: path, identity: JSONObject(), start: .new))
        var progress: [Int] = []
        try await output.answer(
            RowReader(texts: (0..<200).map { "t\($0)" }), concurrency: 16,
            with: { row, number in
                for _ in 0..<(number * 7919 % 13) { await Task.yield() }
                return Array("\(number):\(try row.text())\n".utf8)
            }, progress: { progress.append($0) })
        #expect(try contents(path) == (0..<200).map { "\($0):t\($0)\n" }.joined())
        #expect(progress.first == 0 && progress.last == 200 && progress == progress.sorted())
    }

    @Test("A run that ends anywhere and goes on leaves the same bytes, by either way of answering")
    func goesOn() async throws {
        let folder = try TemporaryFolder()
        let texts = (0..<90).map { "line \($0)" }
        let input = try folder.write(Array(texts.joined(separator: "\n").utf8), to: "input.txt")
        let expected = texts.enumerated().map { "\($0):\($1.uppercased())\n" }.joined()
        for isTogether in [false, true] {
            let path = folder.path + "/rows-\(isTogether)"
            for stop in [0, 1, 2, 40, 89, 200] {
                let output = RowOutput(
                    try ResumableOutput(path: path, identity: JSONObject([("by", "test")]), start: .resume))
                let progress: (Int) throws -> Void = { if $0 >= stop { throw Stop() } }
                let reader = try RowReader(paths: [input])
                do {
                    if isTogether {
                        try output.answer(reader, together: 7, progress: progress) { rows, first in
                            try rows.enumerated().map { try answer($1, first + $0) }
                        }
                    } else {
                        try await output.answer(
                            reader, concurrency: 4,
                            with: { row, number in Array("\(number):\(try row.text().uppercased())\n".utf8) },
                            progress: progress)
                    }
                } catch is Stop {}
                // As a kill leaves it: more bytes than are noted.
                if stop == 40 {
                    let handle = try #require(FileHandle(forWritingAtPath: path))
                    try handle.seekToEnd()
                    try handle.write(contentsOf: Data("half a r".utf8))
                }
            }
            #expect(try contents(path) == expected)
        }
        let other = try folder.write(Array("another input\n".utf8), to: "other.txt")
        let output = RowOutput(
            try ResumableOutput(
                path: folder.path + "/rows-true", identity: JSONObject([("by", "test")]), start: .resume))
        let error = #expect(throws: FileError.self) {
            try output.answer(try RowReader(paths: [other]), together: 7) { rows, _ in rows.map { _ in [] } }
        }
        #expect(error?.problems.first?.contains("the input only 1") ?? false)
    }
}

import Foundation
import GygesCheckpoints
import GygesFiles
import Synchronization
import GygesTestSupport
import Testing

@testable import GygesInference

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Streams of texts through an encoder that is too simple to be wrong.
@Suite struct TextStreamTests {
    /// A folder with an input of texts of many lengths, half of them named.
    final class Folder {
        private let folder: TemporaryFolder
        let texts: [String]

        init(textCount: Int = 500) throws {
            folder = try TemporaryFolder()
            texts = (0..<textCount).map { String(repeating: "\($0) ", count: $0 % 17) }
            let lines = texts.enumerated().map {
                $0 % 2 == 0 ? "{\"id\": \"t\($0)\", \"text\": \"\($1)\"}" : "{\"text\": \"\($1)\"}"
            }
            try folder.write(lines.joined(separator: "\n"), to: "input.jsonl")
        }

        var path: String { folder.path }
        var input: String { path + "/input.jsonl" }
    }

    /// A vector of the text alone.
    static func vector(_ text: String) -> [Float] {
        let sum = text.utf8.reduce(UInt32(1)) { $0 &* 31 &+ UInt32($1) }
        return [Float(text.utf8.count), Float(sum % 1000) / 7, -1 / Float(1 + sum % 99)]
    }

    static func run(
        _ input: String, output: String, format: VectorRows.Format, window: Int = 32, model: String = "m",
        start: ResumableOutput.Start = .resume, progress: (Int) throws -> Void = { _ in }
    ) async throws -> Int {
        let stream = TextStream(
            window: .init(textCount: window),
            heading: format == .numpy ? { NumpyHeader.bytes(rows: $0, columns: 3) } : nil
        ) { records, first in
            var rows = VectorRows(format: format)
            for (index, record) in records.enumerated() {
                try rows.append(id: record.id ?? .integer(first + index), vector: vector(record.text))
            }
            return rows.bytes
        }
        let output = try ResumableOutput(
            path: output, identity: JSONObject([("model", .string(model)), ("format", .string(format.rawValue))]),
            start: start)
        return try await stream.run(
            try TextReader(path: input, form: .jsonLines(fields: ["text"])), into: output, progress: progress)
    }

    static func contents(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    @Test("Each text has its row, in order, as programs expect it")
    func writesRows() async throws {
        let folder = try Folder()
        let output = folder.path + "/rows.jsonl"
        #expect(try await Self.run(folder.input, output: output, format: .jsonLines) == 500)
        var reader = try LineReader(path: output)
        for (index, text) in folder.texts.enumerated() {
            let row = try #require(try reader.nextJSON())
            #expect(row["id"] == (index % 2 == 0 ? .string("t\(index)") : .integer(index)))
            #expect(row["embedding"]?.array?.map { Float($0.double ?? .nan) } == Self.vector(text))
        }
        #expect(try reader.nextJSON() == nil)

        let coded = folder.path + "/coded.jsonl"
        _ = try await Self.run(folder.input, output: coded, format: .base64)
        var lines = try LineReader(path: coded)
        let expected = folder.texts.map(Self.vector)
        for vector in expected {
            let text = try #require(try lines.nextJSON()?["embedding"]?.string)
            #expect(Data(base64Encoded: text).map(Array.init) == vector.withUnsafeBytes(Array.init))
        }
        let numpy = folder.path + "/rows.npy"
        _ = try await Self.run(folder.input, output: numpy, format: .numpy)
        let bytes = try Self.contents(numpy)
        #expect(Array(bytes[..<128]) == NumpyHeader.bytes(rows: 500, columns: 3))
        #expect(Array(bytes[128...]) == expected.flatMap { $0 }.withUnsafeBytes(Array.init))
    }

    struct Stop: Error {}

    @Test("Stopped anywhere and gone on with, the file is the same", arguments: VectorRows.Format.allCases)
    func goesOn(format: VectorRows.Format) async throws {
        let folder = try Folder()
        let (whole, part) = (folder.path + "/whole", folder.path + "/part")
        _ = try await Self.run(folder.input, output: whole, format: format)
        var stops = 0
        while true {
            var windows = 0
            do {
                // Other windows each time: rows must not depend on them.
                _ = try await Self.run(folder.input, output: part, format: format, window: 20 + stops * 7) { _ in
                    windows += 1
                    if windows == 3 { throw Stop() }
                }
                break
            } catch is Stop { stops += 1 }
        }
        #expect(stops > 2)
        #expect(try Self.contents(part) == Self.contents(whole))
        // Once more there is nothing to do.
        #expect(try await Self.run(folder.input, output: part, format: format) == 500)
        #expect(try Self.contents(part) == Self.contents(whole))
    }

    @Test("A changed input is refused, one with more texts is gone on with")
    func knowsItsInput() async throws {
        let folder = try Folder(textCount: 60)
        let output = folder.path + "/rows"
        _ = try await Self.run(folder.input, output: output, format: .jsonLines)
        let before = try Self.contents(output)
        let lines = try String(contentsOfFile: folder.input, encoding: .utf8)
        for changed in [lines.replacing("t40", with: "t41"), String(lines.prefix(300)), ""] {
            try changed.write(toFile: folder.input, atomically: false, encoding: .utf8)
            await #expect(throws: FileError.self) {
                try await Self.run(folder.input, output: output, format: .jsonLines)
            }
            #expect(try Self.contents(output) == before)
        }
        try (lines + "\n\"more\"").write(toFile: folder.input, atomically: false, encoding: .utf8)
        #expect(try await Self.run(folder.input, output: output, format: .jsonLines) == 61)
        #expect(try Self.contents(output).starts(with: before))
        await #expect(throws: FileError.self) {
            try await Self.run(folder.input, output: output, format: .jsonLines, model: "n")
        }
    }

    @Test("Numbers of fewer bytes are what NumPy and sentence-transformers make of them")
    func writesOtherNumbers() throws {
        let vector: [Float] = [0.5, -0.25, 1, 0, -1, 0.1, 0, 0.3, 0.2]
        func row(_ format: VectorRows.Format, _ numbers: VectorNumbers) throws -> [UInt8] {
            var rows = VectorRows(format: format, numbers: numbers)
            try rows.append(id: 0, vector: vector)
            return rows.bytes
        }
        func text(_ numbers: VectorNumbers) throws -> String {
            String(decoding: try row(.jsonLines, numbers), as: UTF8.self)
        }
        // numpy.packbits(vector > 0)
        #expect(try row(.numpy, .binary) == [165, 128])
        #expect(try text(.binary) == "{\"id\":0,\"embedding\":[165,128]}\n")
        // numpy.round(vector * 127)
        let whole: [Int8] = [64, -32, 127, 0, -127, 13, 0, 38, 25]
        #expect(try row(.numpy, .int8) == whole.map(UInt8.init(bitPattern:)))
        let scaled = try JSON(parsing: try text(.int8))
        #expect(scaled["embedding"]?.array?.compactMap(\.integer) == whole.map(Int.init))
        #expect(abs((scaled["scale"]?.double ?? 0) - 1 / 127) < 1e-9)
        // numpy.float16(0.1) is 0x2E66.
        let half = try row(.numpy, .float16)
        #expect(
            half.count == 18 && Array(half[..<4]) == [0x00, 0x38, 0x00, 0xB4] && Array(half[10..<12]) == [0x66, 0x2E])
        let halves = try JSON(parsing: try text(.float16))["embedding"]?.array?.compactMap(\.double)
        #expect(halves?.map { Float16($0) } == vector.map(Float16.init))
        let coded = try JSON(parsing: String(decoding: try row(.base64, .float16), as: UTF8.self))
        #expect(Data(base64Encoded: coded["embedding"]?.string ?? "").map(Array.init) == half)
        #expect(
            String(decoding: NumpyHeader.bytes(rows: 1, columns: 2, of: .uint8), as: UTF8.self).contains("'|u1'"))
        var large = VectorRows(format: .numpy, numbers: .float16)
        #expect(throws: EncoderError.self) { try large.append(id: 0, vector: [70_000]) }
        var zeros = VectorRows(format: .numpy, numbers: .int8)
        try zeros.append(id: 0, vector: [0, 0])
        #expect(zeros.bytes == [0, 0])
    }

    @Test("Pairs are compared as models ask for it")
    func comparesPairs() {
        let (a, b) = (TextVectors.single([[3, 4], [0, 0]]), TextVectors.single([[4, 3], [1, 0]]))
        #expect(a.similarities(to: b) == [24.0 / 25, 0])
        #expect(a.similarities(to: b, by: .dot) == [24, 0])
        #expect(a.similarities(to: b, by: .euclidean) == [-Float(2).squareRoot(), -1])
        #expect(a.similarities(to: b, by: .manhattan) == [-2, -1])
        let tokens = TextVectors.tokens([
            TokenVectors(tokens: [1, 2], vectors: RowMatrix(columnCount: 2, elements: [1, 0, 0, 1]))
        ])
        let others = TextVectors.tokens([
            TokenVectors(tokens: [1, 2], vectors: RowMatrix(columnCount: 2, elements: [0.5, 2, -1, 3]))
        ])
        #expect(tokens.similarities(to: others) == [3.5] && tokens.similarities(to: a).isEmpty)
        let sparse = TextVectors.sparse([SparseVector(tokens: [1, 5], weights: [2, 3])])
        #expect(sparse.similarities(to: .sparse([SparseVector(tokens: [5], weights: [0.5])])) == [1.5])
    }

    @Test("A vector with numbers that are not finite ends the work, and names the text")
    func refusesNonFinite() {
        for value in [Float.nan, .infinity] {
            for format in VectorRows.Format.allCases {
                var rows = VectorRows(format: format)
                #expect(throws: EncoderError.notFinite(id: "\"a\"")) { try rows.append(id: "a", vector: [1, value]) }
                #expect(rows.bytes.isEmpty)
            }
        }
    }

    @Test("Vectors of tokens and sparse ones are JSON")
    func writesOtherVectors() throws {
        var rows = VectorRows(format: .jsonLines)
        try rows.append(id: 1, tokens: [5, 6], vectors: RowMatrix(columnCount: 2, elements: [1, 2, 3, 4.5]))
        let few = TokenVectors(tokens: [5, 6, 7], vectors: RowMatrix(columnCount: 2, elements: [1, 2, 3, 4, 5, 6]))
        #expect(
            few.without([6, 9])
                == TokenVectors(tokens: [5, 7], vectors: RowMatrix(columnCount: 2, elements: [1, 2, 5, 6])))
        try rows.append(id: "b", sparse: SparseVector(tokens: [3, 9], weights: [0.1, 1e-9]))
        try rows.append(id: "c", sparse: SparseVector(tokens: [], weights: []))
        #expect(
            String(decoding: rows.bytes, as: UTF8.self) == """
                {"id":1,"tokens":[5,6],"vectors":[[1.0,2.0],[3.0,4.5]]}
                {"id":"b","indices":[3,9],"values":[0.1,1e-09]}
                {"id":"c","indices":[],"values":[]}

                """)
    }

    /// Streams and dies by SIGKILL after so many microseconds, or when it has ended.
    static func runAndDie(_ folder: String, after microseconds: UInt32) async throws {
        killThisProcess(after: microseconds)
        _ = try await run(folder + "/input.jsonl", output: folder + "/killed", format: .jsonLines, window: 4)
        kill(getpid(), SIGKILL)
    }

    @Test("Killed at any moment and gone on with, the file is the same")
    func survivesKills() async throws {
        let folder = try Folder()
        _ = try await Self.run(folder.input, output: folder.path + "/whole", format: .jsonLines)
        for microseconds: UInt32 in [200, 3_000, 9_000, 20_000, 45_000, 90_000] {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = folder.path as String, microseconds = microseconds as UInt32] in
                try await TextStreamTests.runAndDie(path, after: microseconds)
            }
        }
        _ = try await Self.run(folder.input, output: folder.path + "/killed", format: .jsonLines)
        #expect(try Self.contents(folder.path + "/killed") == Self.contents(folder.path + "/whole"))
    }
}

import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// A file that grows by whole records.
@Suite struct GrowingFileTests {
    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("Records follow one another, and what is not kept is gone")
    func grows() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        do {
            let file = try GrowingFile(path: path)
            try file.append(Array("one\n".utf8))
            try file.append(Array("two\n".utf8), survivesPowerLoss: true)
            #expect(file.byteCount == 8)
        }
        do {
            let file = try GrowingFile(path: path, keeping: 4)
            try file.append(Array("three\n".utf8))
            try file.flush()
        }
        #expect(try Self.text(path) == "one\nthree\n")
        // Without another word a file begins anew.
        #expect(try GrowingFile(path: path).byteCount == 0)
        #expect(try Self.text(path).isEmpty)
    }

    @Test("A file that is shorter than what is to be kept, a folder and a full device are refused")
    func refuses() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("abc", to: "log")
        #expect(throws: FileError.self) { try GrowingFile(path: path, keeping: 4) }
        #expect(try Self.text(path) == "abc")
        #expect(throws: FileError.self) { try GrowingFile(path: folder.path) }
        #expect(throws: FileError.self) { try GrowingFile(path: folder.path + "/none/log") }
        #expect(throws: FileError.self) { try GrowingFile(path: "a\0b") }
        let full = try GrowingFile(path: "/dev/full")
        let error = #expect(throws: FileError.self) { try full.append([1, 2, 3]) }
        #expect(error?.problems.first?.contains("No space left") == true)
        #expect(full.byteCount == 0)
    }
}

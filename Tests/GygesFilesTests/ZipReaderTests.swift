import Foundation
import GygesTestSupport
import Testing

@testable import GygesFiles

/// ZIP archives that others, and this program, have written.
@Suite struct ZipReaderTests {
    /// Writes an archive with Python's module, which shares nothing with the reader.
    private func write(_ path: String, _ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import sys, zipfile\npath = sys.argv[1]\n" + script, path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func withPath(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { try body($0 + "/a.zip") }
    }

    @Test("Stored and deflated files of another writer, in the Zip64 form and after a comment")
    func reads() throws {
        try withPath { path in
            try write(
                path,
                """
                with zipfile.ZipFile(path, 'w') as archive:
                    archive.writestr('a.txt', 'abc')
                    archive.writestr('b/ü.txt', 'x' * 5000, zipfile.ZIP_DEFLATED)
                    with archive.open('large', 'w', force_zip64=True) as entry: entry.write(b'zip64')
                    archive.comment = b'a comment'
                """)
            let archive = try ZipReader(path: path)
            #expect(archive.entries.map(\.name) == ["a.txt", "b/ü.txt", "large"])
            let contents = try archive.entries.map { try archive.contents(of: $0, limit: 5000) }
            #expect(
                contents == [Array("abc".utf8), Array(repeating: UInt8(ascii: "x"), count: 5000), Array("zip64".utf8)])
            #expect(throws: FileError.self) { try archive.contents(of: archive.entries[1], limit: 4999) }
        }
    }

    @Test("What the writer writes, with more files than the old form can count")
    func readsItsOwn() throws {
        try withPath { path in
            var writer = try ZipWriter(replacing: path)
            for number in 0..<65_600 { try writer.append("\(number)", number == 65_599 ? [7] : []) }
            try writer.finish()
            let archive = try ZipReader(path: path)
            #expect(archive.entries.count == 65_600)
            #expect(try archive.contents(of: #require(archive.entries.last), limit: 1) == [7])
        }
    }

    @Test("Every byte changed or missing is an error or leaves the contents as they were, never a crash")
    func withstandsDamage() throws {
        try withPath { path in
            var writer = try ZipWriter(replacing: path)
            try writer.append("a", Array(String(repeating: "abc", count: 40).utf8))
            try writer.append("b", [1, 2, 3])
            try writer.finish()
            let bytes = try MappedFile.read(path: path)
            let expected: [[UInt8]] = [Array(String(repeating: "abc", count: 40).utf8), [1, 2, 3]]
            for position in bytes.indices {
                for change: UInt8 in [0xFF, 0x01, 0x80] {
                    var damaged = bytes
                    damaged[position] ^= change
                    try Data(damaged).write(to: URL(fileURLWithPath: path))
                    guard let archive = try? ZipReader(path: path) else { continue }
                    for entry in archive.entries {
                        guard let contents = try? archive.contents(of: entry, limit: 1 << 20) else { continue }
                        #expect(expected.contains(contents) || contents.isEmpty)
                    }
                }
                try Data(bytes[..<position]).write(to: URL(fileURLWithPath: path))
                #expect(throws: FileError.self) { try ZipReader(path: path) }
            }
        }
    }
}

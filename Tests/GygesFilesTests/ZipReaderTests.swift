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

    /// One file of 5,000 times “x”, packed with python-zstandard 0.25.
    private static let zstandard = """
        UEsDBD8AAABdAAAAIQAm8NsAEwAAAIgTAAABAAAAYSi1L/1giBJNAAAQeHgBAIPTAyxQSwECPwA/AAAAXQAAACEAJvDbABMAAACIEwAAAQAAAAAA\
        AAAAAAAAAAAAAAAAYVBLBQYAAAAAAQABAC8AAAAyAAAAAAA=
        """

    @Test(
        "Files packed with Zstandard are read, never beyond the size that the directory states, and damage is an error")
    func readsZstandard() throws {
        try withPath { path in
            let bytes = Array(try #require(Data(base64Encoded: Self.zstandard)))
            let expected = [UInt8](repeating: UInt8(ascii: "x"), count: 5000)
            func contents(_ bytes: [UInt8]) throws -> [UInt8] {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let archive = try ZipReader(path: path)
                return try archive.contents(of: #require(archive.entries.first), limit: 5000)
            }
            #expect(try contents(bytes) == expected)
            // The directory's size, made smaller: what is packed no longer fits.
            let size = try #require((0..<bytes.count - 1).last { bytes[$0] == 0x88 && bytes[$0 + 1] == 0x13 })
            var smaller = bytes
            smaller[size] = 0x87
            #expect(throws: FileError.self) { try contents(smaller) }
            for position in bytes.indices {
                var damaged = bytes
                damaged[position] ^= 0xFF
                if let found = try? contents(damaged) { #expect(found == expected || found.isEmpty) }
            }
        }
    }
}

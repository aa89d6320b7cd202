import Foundation
import GygesTestSupport
import Testing

@testable import GygesFiles

/// ZIP archives as other programs read them.
@Suite struct ZipWriterTests {
    /// What Python's reader, which shares nothing with the writer, finds in an archive after testing its checksums.
    static func read(_ path: String) throws -> [String] {
        let script = """
            import zipfile, sys
            with zipfile.ZipFile(sys.argv[1]) as archive:
                assert archive.testzip() is None
                for info in archive.infolist():
                    print(info.filename, info.compress_type, info.file_size, archive.read(info).decode()[:20])
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    static func withArchive(_ body: (String, inout ZipWriter) throws -> Void) throws {
        try withTemporaryFolder { folder in
            var writer = try ZipWriter(replacing: folder + "/a.zip")
            try body(folder + "/a.zip", &writer)
        }
    }

    @Test("Another reader finds every file, deflated only where that is smaller")
    func isRead() throws {
        try Self.withArchive { path, writer in
            try writer.append("a.txt", Array("abc".utf8))
            try writer.append("ordner/ü.txt", Array(String(repeating: "x", count: 1000).utf8))
            try writer.append("empty", [])
            #expect(!FileManager.default.fileExists(atPath: path))
            try writer.finish()
            #expect(
                try Self.read(path) == [
                    "a.txt 0 3 abc", "ordner/ü.txt 8 1000 xxxxxxxxxxxxxxxxxxxx", "empty 0 0 ",
                ])
        }
    }

    @Test("Files part by part, of sizes in the old form and in Zip64's", arguments: [0xFFFF_FFFF, 7] as [UInt64])
    func hasParts(largeSize: UInt64) throws {
        try Self.withArchive { path, writer in
            writer.largeSize = largeSize
            try writer.append("parts") { take throws(FileError) in
                for part in ["one ", "", "two ", "three"] { try take(Array(part.utf8)) }
            }
            try writer.append("none") { _ throws(FileError) in }
            try writer.append("whole", Array("at once".utf8))
            try writer.finish()
            #expect(try Self.read(path) == ["parts 0 13 one two three", "none 0 0 ", "whole 0 7 at once"])
        }
    }

    @Test("More files than the old form can count")
    func hasManyFiles() throws {
        try Self.withArchive { path, writer in
            for number in 0..<65_600 { try writer.append("\(number)", []) }
            try writer.finish()
            let names = try Self.read(path)
            #expect(names.count == 65_600 && names.last == "65599 0 0 ")
        }
    }

    @Test("What is given up leaves nothing behind")
    func leavesNothing() throws {
        let temporary = try TemporaryFolder()
        let folder = URL(fileURLWithPath: temporary.path)
        do {
            var writer = try ZipWriter(replacing: folder.path + "/a.zip")
            try writer.append("a", [1])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("Deflate gives back what it got, and refuses what is cut, longer than allowed or nonsense")
    func deflate() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
        let packed = Deflate.compressed(bytes)
        #expect(Deflate.decompressed(packed, limit: 10_000) == bytes)
        #expect(Deflate.decompressed(packed, limit: 9999) == nil)
        #expect(Deflate.decompressed(Array(packed.dropLast()), limit: 10_000) == nil)
        #expect(Deflate.decompressed([255, 255, 255], limit: 10) == nil)
        #expect(Deflate.decompressed(Deflate.compressed([]), limit: 0) == [])
        // The check value of the catalogue of CRCs (https://reveng.sourceforge.io/crc-catalogue): "123456789".
        #expect(Deflate.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    }
}

import GygesFiles
import Foundation
import GygesTestSupport
import Testing

@testable import GygesHub

@Suite struct PartialFileTests {
    private let folder: TemporaryFolder
    private let content = [UInt8]((0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    private var digest: ContentDigest { .sha256(content.withUnsafeBytes { Digest.sha256($0) }) }

    init() throws { folder = try TemporaryFolder() }

    private func open() throws -> PartialFile {
        try PartialFile.open(in: folder.path + "/partial", expecting: digest, byteCount: content.count)
    }

    @Test func `Parts join to the file, which appears only when it is whole`() throws {
        let path = folder.path + "/models/model.gguf"
        var file = try open()
        try content[..<1000].withUnsafeBytes { try file.append($0) }
        try file.commitPart()
        #expect(!FileManager.default.fileExists(atPath: path))
        try content[1000...].withUnsafeBytes { try file.append($0) }
        try file.commitPart()
        try file.finish(as: path, from: "test")
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == content)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/partial"))
    }

    @Test func `An interrupted part is forgotten, committed parts stay`() throws {
        do {
            var file = try open()
            try content[..<1000].withUnsafeBytes { try file.append($0) }
            try file.commitPart()
            // As if the process were killed here: the bytes are on disk, the ledger knows nothing of them.
            try content[1000..<1500].withUnsafeBytes { try file.append($0) }
        }
        var file = try open()
        #expect(file.byteCount == 1000 && file.partCount == 1)
        try content[1000...].withUnsafeBytes { try file.append($0) }
        try file.commitPart()
        try file.finish(as: folder.path + "/model.gguf", from: "test")
    }

    @Test func `A part given up leaves no trace in the digest`() throws {
        var file = try open()
        try content[5..<50].withUnsafeBytes { try file.append($0) }
        try file.discardPart()
        try content.withUnsafeBytes { try file.append($0) }
        try file.commitPart()
        try file.finish(as: folder.path + "/model.gguf", from: "test")
    }

    @Test func `A damaged part and all after it are fetched again`() throws {
        do {
            var file = try open()
            for start in stride(from: 0, to: 3000, by: 1000) {
                try content[start..<(start + 1000)].withUnsafeBytes { try file.append($0) }
                try file.commitPart()
            }
        }
        let data = try #require(FileHandle(forUpdatingAtPath: folder.path + "/partial/data"))
        try data.seek(toOffset: 1500)
        try data.write(contentsOf: Data([content[1500] ^ 1]))
        try data.close()
        let file = try open()
        #expect(file.byteCount == 1000 && file.partCount == 1)
    }

    @Test(arguments: [
        "{\"byteCount\":1000,\"sha2", "{\"byteCount\":-1,\"sha256\":\"\"}\n",
        "{\"byteCount\":9223372036854775807,\"sha256\":\"\"}\n", "\n\n[]\n",
    ])
    func `A ledger that is cut off or makes no sense is not believed`(tail: String) throws {
        do {
            var file = try open()
            try content[..<1000].withUnsafeBytes { try file.append($0) }
            try file.commitPart()
        }
        let ledger = try #require(FileHandle(forUpdatingAtPath: folder.path + "/partial/parts"))
        try ledger.seekToEnd()
        try ledger.write(contentsOf: Data(tail.utf8))
        try ledger.close()
        do {
            var file = try open()
            #expect(file.byteCount == 1000 && file.partCount == 1)
            try content[1000..<2000].withUnsafeBytes { try file.append($0) }
            try file.commitPart()
        }
        // What was believed goes on from a clean ledger.
        let file = try open()
        #expect(file.byteCount == 2000 && file.partCount == 2)
    }

    @Test func `More bytes than announced are refused`() throws {
        var file = try open()
        let error = #expect(throws: FileError.self) {
            try (content + [0]).withUnsafeBytes { try file.append($0) }
        }
        #expect(error?.problems == ["is longer than the 3000 bytes announced"])
    }

    @Test func `A wrong digest is reported with both digests, and nothing is kept`() throws {
        var file = try open()
        let wrong = [UInt8](repeating: 0, count: content.count)
        try wrong.withUnsafeBytes { try file.append($0) }
        try file.commitPart()
        let path = folder.path + "/model.gguf"
        do {
            try file.finish(as: path, from: "a test's source")
            Issue.record("accepted")
        } catch {
            #expect(error.path == "a test's source")
            #expect(
                error.problems == [
                    "has the digest \(wrong.withUnsafeBytes { Digest.sha256($0) }) instead of \(digest.hexadecimal)"
                ])
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/partial"))
    }

    @Test func `A file that is too short is reported so`() throws {
        var file = try open()
        try content[..<10].withUnsafeBytes { try file.append($0) }
        try file.commitPart()
        do {
            try file.finish(as: folder.path + "/model.gguf", from: "test")
            Issue.record("accepted")
        } catch {
            #expect(error.problems.first == "has 10 bytes instead of 3000")
        }
    }

    @Test func `Two downloads of the same file do not mix`() throws {
        let first = try open()
        do {
            _ = try open()
            Issue.record("opened twice")
        } catch let error as FileError {
            #expect(error.problems[0].contains("in use by another process"))
        }
        #expect(first.byteCount == 0)
    }

    @Test func `Git's name for content includes its size`() {
        // git hash-object on a file that holds "hello\n".
        let digest = ContentDigest.gitBlob("ce013625030ba8dba906f756967f9e9ca394464a")
        var hasher = ContentHasher(for: digest, byteCount: 6)
        Array("hello\n".utf8).withUnsafeBytes { hasher.update($0) }
        #expect(hasher.digest == digest)
    }
}

import Foundation
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Folders of shards: written whole or not at all, of bounded size, and never over something else.
@Suite struct ShardFolderTests {
    private static let digest = Digest.sha256("vocabulary")

    private static func writer(_ folder: String, limit: Int = 100) throws -> ShardWriter {
        try ShardWriter(folder: folder, tokenLimit: limit, vocabularyCount: 1000, vocabularyDigest: digest)
    }

    private static let documents = textLengths(40, seed: 3, most: 60).map { length in
        Document(tokens: (0..<length).map { Int32($0 * 7 % 1000) }, supervised: [length / 2..<length])
    }

    private static func write(_ folder: String, limit: Int = 100) throws -> [ShardFolder.Entry] {
        let writer = try writer(folder, limit: limit)
        for document in documents { try writer.append(document) }
        return try writer.finish(sources: ["here"])
    }

    private static func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("Documents are read as they were written, in shards of bounded size", arguments: [1, 50, 100, 100_000])
    func roundTrip(limit: Int) throws {
        let parent = try TemporaryFolder()
        let folder = parent.path + "/deep/shards"
        let entries = try Self.write(folder, limit: limit)
        #expect(entries.allSatisfy { $0.tokenCount <= limit || $0.documentCount == 1 })
        #expect(entries.count == (limit == 1 ? 40 : limit == 100_000 ? 1 : entries.count))
        // No two neighbours would have fitted into one.
        for (first, second) in zip(entries, entries.dropFirst()) {
            #expect(first.tokenCount + second.tokenCount > limit)
        }
        #expect(try Self.names(folder) == entries.map(\.name) + ["shards.json"])
        #expect(entries[0].name == "shard-00001.tokens")
        let source = try ShardFolder.open(folder)
        #expect(source.count == 40 && ShardFolder.isThere(folder))
        #expect(try (0..<40).map { try source.document($0) } == Self.documents)
        // What was written once is written again.
        let other = parent.path + "/other"
        #expect(try Self.write(other, limit: limit) == entries)
        #expect(try ShardFolder.open(other).digest == source.digest)
    }

    @Test("A folder with anything in it is refused and left alone")
    func refuses() throws {
        let parent = try TemporaryFolder()
        let folder = parent.path + "/shards"
        _ = try Self.write(folder)
        let before = try Self.names(folder)
        #expect(throws: FileError.self) { try Self.writer(folder) }
        #expect(try Self.names(folder) == before)
        try parent.write("mine", to: "full/notes.txt")
        #expect(throws: FileError.self) { try Self.writer(parent.path + "/full") }
        #expect(try Self.names(parent.path + "/full") == ["notes.txt"])
        #expect(throws: FileError.self) { try Self.writer(parent.path + "/full/notes.txt") }
    }

    @Test("A writer that is given up leaves nothing, and one that was killed is begun anew")
    func unfinished() throws {
        let parent = try TemporaryFolder()
        let folder = parent.path + "/shards"
        do {
            let writer = try Self.writer(folder)
            for document in Self.documents { try writer.append(document) }
            #expect(try Self.names(folder).count > 2)
            #expect(throws: FileError.self) { try ShardFolder.open(folder) }
            // Nobody else writes meanwhile.
            let error = #expect(throws: FileError.self) { try Self.writer(folder) }
            #expect(error?.problems.first?.contains("being written by process") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
        for name in [
            "shard-00001.tokens", "shard-00099.tokens", "shard-00002.tokens.17-abc.tmp", "shards.json.17-a.tmp",
            "shards.lock",
        ] {
            try parent.write("half", to: "shards/" + name)
        }
        let entries = try Self.write(folder)
        #expect(try Self.names(folder) == entries.map(\.name) + ["shards.json"])
        // A folder that was there stays.
        try FileManager.default.createDirectory(atPath: parent.path + "/empty", withIntermediateDirectories: true)
        do { _ = try Self.writer(parent.path + "/empty") }
        #expect(try Self.names(parent.path + "/empty") == [])
    }

    @Test("A shard that is missing, exchanged or renamed by the list is refused")
    func contradictions() throws {
        let parent = try TemporaryFolder()
        let folder = parent.path + "/shards"
        let entries = try Self.write(folder)
        let list = try String(contentsOfFile: folder + "/shards.json", encoding: .utf8)
        func refused(_ change: (inout String) -> Void) throws -> FileError? {
            var changed = list
            change(&changed)
            try parent.write(changed, to: "shards/shards.json")
            return #expect(throws: FileError.self) { try ShardFolder.open(folder) }
        }
        #expect(try refused { $0.replace(entries[1].digest, with: entries[0].digest) }?.place == entries[1].name)
        for name in ["../shards/shard-00001.tokens", "notes", "shard-x/../shard-00001.tokens"] {
            #expect(try refused { $0.replace("\"\(entries[0].name)\"", with: "\"\(name)\"") } != nil, "\(name)")
        }
        #expect(try refused { $0.replace("\"version\": 1", with: "\"version\": 2") } != nil)
        #expect(try refused { $0.replace(Self.digest, with: Digest.sha256("other")) } != nil)
        #expect(try refused { $0 = "{" } != nil)
        try parent.write(list, to: "shards/shards.json")
        #expect(try ShardFolder.open(folder).count == 40)
        try FileManager.default.removeItem(atPath: folder + "/" + entries[1].name)
        #expect(throws: FileError.self) { try ShardFolder.open(folder) }
    }
}

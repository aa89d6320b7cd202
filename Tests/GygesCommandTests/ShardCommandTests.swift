import Foundation
import GygesFiles
import GygesTestSupport
import GygesTraining
import Testing

/// `gyges tokenize --shards`, from files to a folder that training reads.
@Suite struct ShardCommandTests {
    /// A folder with a tokenizer of the tokenizers' own tests.
    private static func model(in folder: TemporaryFolder) throws -> String {
        try folder.write(
            try MappedFile.read(path: fixturePath("qwen2.tokenizer.json", of: "GygesTokenizer")),
            to: "model/tokenizer.json")
        return folder.path + "/model"
    }

    private static func tokenize(_ folder: TemporaryFolder, _ options: String...) throws -> Program.Outcome {
        try Program.run(
            ["tokenize", try model(in: folder), "--shards", folder.path + "/shards", "--text-end", "<|endoftext|>"]
                + options)
    }

    @Test("Files of several forms become one source, in shards of bounded size")
    func writes() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<40).map { "{\"text\": \"Row \($0).\"}\n{\"prompt\": \"Whose?\", \"completion\": \" \($0)\"}\n" }
        let json = try folder.write(rows.joined(), to: "a.jsonl")
        let text = try folder.write("One.\nTwo.\n\nThree.\n", to: "b.txt")
        let outcome = try Self.tokenize(
            folder, json, text, "--form", "paragraphs", "--shard-tokens", "100", "--json", "--quiet")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        let summary = try JSON(parsing: outcome.output, path: "output")
        let source = try ShardFolder.open(folder.path + "/shards")
        #expect(source.count == 82 && summary["documents"]?.integer == 82)
        let documents = try (0..<82).map { try source.document($0) }
        let lengths = documents.map(\.tokens.count)
        #expect(summary["tokens"]?.integer == lengths.reduce(0, +))
        #expect(summary["supervised_tokens"]?.integer == documents.reduce(0) { $0 + $1.supervisedCount })
        let shards = try #require(summary["shards"]?.array)
        #expect(shards.count > 2 && shards.allSatisfy { ($0["tokens"]?.integer ?? 101) <= 100 })
        #expect(summary["sources"]?.array?.map { $0["form"]?.string } == ["jsonl", "paragraphs"])
        let counted = summary["supervised_tokens_per_document"]?.array?.compactMap { $0["documents"]?.integer }
        #expect(counted?.reduce(0, +) == 82)
        // What is there stays.
        let again = try Self.tokenize(folder, json, "--quiet")
        #expect(again.status == 1 && again.errors.contains("holds shards already"))
        #expect(try ShardFolder.open(folder.path + "/shards").digest == source.digest)
    }

    @Test("Broken rows leave no folder, unless a share of them is tolerated")
    func brokenRows() throws {
        let folder = try TemporaryFolder()
        let rows = String(repeating: "{\"text\": \"A row.\"}\n", count: 19)
        let json = try folder.write(
            rows + "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n", to: "a.jsonl")
        let refused = try Self.tokenize(folder, json)
        #expect(refused.status == 1 && refused.errors.contains("line 20 is a conversation"), "\(refused.errors)")
        #expect(refused.errors.contains("the model has no chat template"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/shards"))
        let tolerated = try Self.tokenize(folder, json, "--tolerated-faults", "0.05")
        #expect(tolerated.status == 0 && tolerated.errors.contains("1 of 20 rows are left out, the first at line 20"))
        #expect(tolerated.output.contains("1 shard, 19 documents"), "\(tolerated.output)")
    }

    @Test(
        "What cannot be meant is said before a file is read",
        arguments: [
            (["--shards", "out", "a.txt"], "--form must say"), (["--shards", "out"], "needs files"),
            (["--shards", "out", "a.txt", "--form", "verse"], "paragraphs"),
            (["--shards", "out", "a.jsonl", "--count"], "none of the options"),
            (["a", "--form", "lines"], "need --shards"),
            (["--shards", "out", "a.jsonl", "--tolerated-faults", "1"], "share"),
            (["--shards", "out", "a.jsonl", "--shard-tokens", "0"], "--shard-tokens"),
        ] as [([String], String)])
    func refuses(options: [String], words: String) throws {
        let outcome = try Program.run(["tokenize", "/no/such/model"] + options)
        #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
}

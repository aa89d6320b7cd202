import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// The commands that read texts with an encoder, on the tiny random models of the inference tests.
@Suite struct EncoderCommandTests {
    /// The folder of a task's model.
    private func model(_ task: String, in folder: TemporaryFolder) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let source = tests.path + "/GygesInferenceTests/Fixtures/encoder-tasks/"
        let path = folder.path + "/" + task
        try FileManager.default.copyItem(atPath: source + task, toPath: path)
        try FileManager.default.copyItem(atPath: source + "tokenizer.json", toPath: path + "/tokenizer.json")
        return path
    }

    private func lines(_ arguments: [String], input: String = "") throws -> [JSON] {
        let outcome = try Program.run(arguments + ["--json", "--threads", "2"], input: input)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    private func text(_ arguments: [String], input: String = "") throws -> String {
        let outcome = try Program.run(arguments, input: input)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func fills() throws {
        let folder = try TemporaryFolder()
        let model = try model("fill", in: folder)
        let input = #"{"id": 7, "text": "n\u00e9 [MASK] of"}"# + "\n\n" + #"{"text": "[MASK] and [MASK]"}"# + "\n"
        let results = try lines(["fill", model, "--top-k", "2", "--jsonl"], input: input)
        try #require(results.count == 2)
        #expect(results[0]["id"] == 7)
        let mask = try #require(results[0]["masks"]?[0])
        #expect(mask["scalars"] == [2, 9] && mask["bytes"] == [3, 10])
        let candidates = try #require(mask["candidates"]?.array)
        #expect(candidates.count == 2)
        for candidate in candidates {
            let token = try #require(candidate["token"]?.string)
            #expect(candidate["text"]?.string == "n\u{E9}" + token + " of")
        }
        #expect(results[1]["masks"]?.array?.count == 2)
        #expect(try text(["fill", model, "the [MASK] of"]).contains(" %  "))
        let refused = try Program.run(["fill", model, "no mask"])
        #expect(refused.status == 1 && refused.output.isEmpty && refused.errors.contains("[MASK]"))
    }

    @Test func classifies() throws {
        let folder = try TemporaryFolder()
        let topics = try model("topics", in: folder)
        let file = try folder.write(Array("the king\nof rings\r\n\n".utf8), to: "texts.txt")
        let results = try lines(["classify", topics, "--file", file, "--top-k", "2"])
        #expect(results.map { $0["text"]?.string } == ["the king", "of rings"])
        let scores = results.first?["labels"]?.array?.compactMap { $0["score"]?.double } ?? []
        #expect(scores.count == 2 && scores[0] >= scores[1] && scores[0] <= 1)
        #expect(try text(["classify", topics, "the king"]).contains("rings"))
        let pair = #"{"text": "the king", "second": "of rings"}"# + "\n"
        let paired = try lines(["classify", topics, "--jsonl"], input: pair)
        #expect(paired.first?["labels"]?.array?.count == 3 && paired.first?["labels"] != results[0]["labels"])
        let mixed = try Program.run(["classify", topics, "--jsonl"], input: pair + #"{"text": "the king"}"#)
        #expect(mixed.status == 1 && mixed.output.isEmpty && mixed.errors.contains("second"))
        let grade = try lines(["classify", try model("grade", in: folder), "the king", "a"])
        #expect(grade.map { $0["labels"]?[0]?["label"] } == ["beauty", "beauty"])
        let chosen = try lines([
            "classify", try model("fill", in: folder), "the king", "--labels", "of, the king", "--template",
            "{text} It is [MASK].",
        ])
        let labels = chosen.first?["labels"]?.array ?? []
        #expect(Set(labels.compactMap { $0["label"]?.string }) == ["of", "the king"])
        #expect(abs(labels.compactMap { $0["score"]?.double }.reduce(0, +) - 1) < 1e-4)
        let wrong = try Program.run(["classify", try model("names", in: folder), "the king"])
        #expect(wrong.status == 1 && wrong.errors.contains("a classifier of texts"), "\(wrong.errors)")
    }

    @Test func tags() throws {
        let folder = try TemporaryFolder()
        let model = try model("names", in: folder)
        let input = #"{"words": ["Conder", "sta", "the"]}"# + "\n" + #"{"text": "Conder sta the"}"# + "\n"
        let results = try lines(["tag", model, "--jsonl", "--all"], input: input)
        try #require(results.count == 2)
        #expect(results.map { $0["text"] } == ["Conder sta the", "Conder sta the"])
        for span in results[0]["spans"]?.array ?? [] {
            #expect(span["words"]?.array?.count == 2 && span["label"]?.string?.isEmpty == false)
        }
        let same = try lines(["tag", model, "--words", "--all", "Conder", "sta", "the"])
        #expect(same == [results[0]])
        let plain = try text(["tag", model, "--all", "Conder sta the"])
        #expect(!plain.contains("\u{1B}") && plain.contains("\t"), "no colours where nobody watches")
        #expect(plain.split(separator: "\n").count == results[1]["spans"]?.array?.count)
    }

    @Test func answers() throws {
        let folder = try TemporaryFolder()
        let model = try model("answers", in: folder)
        let text = "Conder the ring of sta"
        let results = try lines(["answer", model, "the king?", text, "--top-k", "3", "--allow-none"])
        #expect(results.count == 1 && results[0]["question"] == "the king?")
        #expect(results[0]["answers"]?.array?.count == 3)
        let line = #"{"id": "q", "question": "the king?", "text": "Conder the ring of sta"}"#
        let file = try folder.write(Array(line.utf8), to: "questions.jsonl")
        let again = try lines(["answer", model, "--file", file, "--top-k", "3", "--allow-none"])
        #expect(again[0]["answers"] == results[0]["answers"] && again[0]["id"] == "q")
        #expect(try self.text(["answer", model, "the king?"], input: text).contains("%"))
        let long = line.replacingOccurrences(of: "the king?", with: String(repeating: "the king ", count: 300))
        let questions = try folder.write(Array((line + "\n\n" + long).utf8), to: "long.jsonl")
        let refused = try Program.run(["answer", model, "--file", questions])
        #expect(refused.status == 1 && refused.errors.contains("long.jsonl, line 3"), "\(refused.errors)")
    }

    @Test func doctorComparesPrecisions() throws {
        let folder = try TemporaryFolder()
        let model = try model("topics", in: folder)
        let plain = try folder.write(Array("the king\nof rings\r\n\n\"a ring\"\nsta\n".utf8), to: "texts.txt")
        let records = try folder.write(
            Array((#"{"text": "the king"}"# + "\n" + #"{"id": 3, "text": "of rings"}"#).utf8), to: "texts.jsonl")
        func compare(_ arguments: String..., input: String = "") throws -> JSON {
            let outcome = try Program.run(["doctor", model, "--json"] + arguments, input: input)
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
            return try JSON(parsing: outcome.output)
        }
        let compared = try compare("--compare", plain, "--threads", "2")
        #expect(compared["texts"] == 4)
        let rows = try #require(compared["precisions"]?.array)
        #expect(rows.map { $0["precision"]?.string } == ["bf16", "int8"])
        for row in rows {
            let (minimum, mean) = (row["minimum_cosine"]?.double ?? 0, row["mean_cosine"]?.double ?? 0)
            #expect(minimum >= 0.995 && minimum <= mean && mean <= 1.000001 && row["is_good"] == true, "\(row)")
            #expect(row["neighbour_agreement"]?.double != nil && row["score_agreement"]?.double != nil)
        }
        #expect(try compare("--compare", records)["texts"] == 2)
        #expect(try compare("--compare", "-", "--jsonl", "--limit", "1", input: #"{"text": "sta"}"#)["texts"] == 1)
        #expect(try text(["doctor", model, "--compare", plain]).contains("LABELS KEPT"))
        let refused = try Program.run(["doctor", model, "--compare", "-"], input: "\n")
        #expect(refused.status == 1 && refused.errors.contains("holds no text"))
        #expect(try text(["doctor", model]).contains("encoder"))
    }
}

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
        // An empty line is a text, too: rows match lines.
        #expect(results.map { $0["text"]?.string } == ["the king", "of rings", ""])
        let scores = results.first?["labels"]?.array?.compactMap { $0["score"]?.double } ?? []
        #expect(scores.count == 2 && scores[0] >= scores[1] && scores[0] <= 1)
        #expect(try text(["classify", topics, "the king"]).contains("rings"))
        let pair = #"{"text": "the king", "second": "of rings"}"# + "\n"
        let paired = try lines(["classify", topics, "--jsonl"], input: pair)
        #expect(paired.first?["labels"]?.array?.count == 3 && paired.first?["labels"] != results[0]["labels"])
        let mixed = try Program.run(["classify", topics, "--jsonl"], input: pair + #"{"text": "the king"}"#)
        #expect(mixed.status == 1 && mixed.errors.contains("line 2: has no \"second\" text"), "\(mixed.errors)")
        #expect(mixed.output.contains("the king"), "the pair is answered")
        let grade = try lines(["classify", try model("grade", in: folder), "the king", "a"])
        #expect(grade.map { $0["labels"]?[0]?["label"] } == ["beauty", "beauty"])
        let chosen = try lines([
            "classify", try model("fill", in: folder), "the king", "--labels", "of, the king", "--template",
            "{text} It is [MASK].",
        ])
        let labels = chosen.first?["labels"]?.array ?? []
        #expect(Set(labels.compactMap { $0["label"]?.string }) == ["of", "the king"])
        #expect(abs(labels.compactMap { $0["score"]?.double }.reduce(0, +) - 1) < 1e-4)
        let commas = try lines([
            "classify", folder.path + "/fill", "the king", "--label", "Paris, Texas", "--label", "of",
        ])
        #expect(Set(commas[0]["labels"]?.array?.compactMap { $0["label"]?.string } ?? []) == ["Paris, Texas", "of"])
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

    @Test("A text that cannot be answered is named and gets its row, and the others are answered; every line has a row")
    func answersEachLine() throws {
        let folder = try TemporaryFolder()
        let texts = try folder.write(Array("the [MASK] of\nno mask\n\n[MASK] ring\n".utf8), to: "texts.txt")
        func rows(_ arguments: [String], input: String = "", status: Int32, says mention: String) throws -> [JSON] {
            let outcome = try Program.run(arguments + ["--json"], input: input)
            #expect(
                outcome.status == status && (mention.isEmpty || outcome.errors.contains(mention)),
                "\(arguments): \(outcome.errors)")
            return try outcome.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
        }
        let fill = try model("fill", in: folder)
        let filled = try rows(["fill", fill, "--input", texts], status: 1, says: "2 inputs could not be answered")
        #expect(filled.map { $0["line"]?.integer } == [nil, 2, 3, nil])
        #expect(filled[0]["masks"] != nil && filled[1]["error"]?.string?.contains("[MASK]") ?? false)
        #expect(filled[1]["id"] == 1 && filled[3]["masks"] != nil)
        let plain = try Program.run(["fill", fill, "--input", texts])
        #expect(plain.status == 1 && plain.output.contains("ring") && plain.errors.contains("texts.txt, line 2: "))

        let names = try model("names", in: folder)
        let tagged = try rows(["tag", names, "--input", texts], status: 0, says: "")
        #expect(tagged.map { $0["text"] } == ["the [MASK] of", "no mask", "", "[MASK] ring"])
        let mixed = #"{"text": "Conder"}"# + "\n{\n" + #"{"words": 3}"# + "\n" + #"{"id": "x", "text": "sta"}"#
        let read = try rows(["tag", names, "--jsonl"], input: mixed, status: 1, says: "standard input, line 2: ")
        #expect(read.count == 4 && read[1]["error"] != nil && read[2]["line"] == 3 && read[3]["id"] == "x")

        let answers = try model("answers", in: folder)
        let questions = #"{"question": "the king?", "text": "Conder the ring"}"# + "\n" + #"{"text": "no question"}"#
        let file = try folder.write(Array(questions.utf8), to: "questions.jsonl")
        let found = try rows(["answer", answers, "--input", file], status: 1, says: "questions.jsonl, line 2: ")
        #expect(found.count == 2 && found[0]["answers"] != nil && found[1]["error"] != nil)

        let grade = try model("grade", in: folder)
        let queries =
            #"{"id": 5, "query": "a ring", "texts": ["the king", {"id": "r", "text": "a ring"}]}"# + "\n"
            + #"{"query": "x"}"#
        let ranked = try rows(["rerank", grade, "--jsonl"], input: queries, status: 1, says: "line 2: ")
        #expect(ranked.count == 2 && ranked[0]["id"] == 5 && ranked[0]["results"]?.array?.count == 2)
        let alone = try JSON(
            parsing: try text(["rerank", grade, "a ring", "the king", "a ring", "--json", "--quiet"]))
        #expect(
            ranked[0]["results"]?.array?.map { $0["score"] } == alone["results"]?.array?.map { $0["score"] })
    }

    @Test("Rows go to a file that a later run goes on with, in every command that answers lines")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        let texts = (0..<150).map { "the [MASK] of ring \($0)" }
        let input = try folder.write(Array(texts.joined(separator: "\n").utf8), to: "texts.txt")
        let questions = texts.map {
            JSON.object(JSONObject([("question", "who?"), ("text", .string($0))])).serialized()
        }
        let pairs = try folder.write(Array(questions.joined(separator: "\n").utf8), to: "questions.jsonl")
        let queries = texts.map { #"{"query": "who?", "texts": ["\#($0)", "a king"]}"# }.joined(separator: "\n")
        let asked = try folder.write(Array(queries.utf8), to: "queries.jsonl")
        for (command, task, file) in [
            ("fill", "fill", input), ("classify", "topics", input), ("tag", "names", input),
            ("answer", "answers", pairs), ("rerank", "grade", asked),
        ] {
            let model = try model(task, in: folder)
            let (whole, part) = ("\(folder.path)/\(command).jsonl", "\(folder.path)/\(command)-part.jsonl")
            func run(_ output: String, _ options: String...) throws -> Program.Outcome {
                try Program.run([command, model, "--input", file, "--output", output, "--quiet"] + options)
            }
            let outcome = try run(whole)
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(command): \(outcome.errors)")
            let expected = try MappedFile.read(path: whole)
            #expect(expected.split(separator: 0x0A).count == 150)
            // As a kill leaves it: the head is noted, nothing else, and there are more bytes.
            let record = try MappedFile.read(path: whole + ".progress").split(separator: 0x0A)
            try AtomicFile.write(expected.prefix(expected.count / 2), to: part)
            try AtomicFile.write(Array(record[0]) + [0x0A], to: part + ".progress")
            #expect(try run(part).errors.contains("--resume"))
            #expect(try run(part, "--resume").status == 0)
            #expect(try MappedFile.read(path: part) == expected)
        }
        let refused = try Program.run(["tag", folder.path + "/names", "a", "--output", folder.path + "/tags.csv"])
        #expect(refused.status == 64 && refused.errors.contains(".jsonl"), "\(refused.errors)")
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

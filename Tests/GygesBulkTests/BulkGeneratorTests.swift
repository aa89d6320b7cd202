import Foundation
import GygesBulk
import GygesFiles
import GygesInference
import GygesTemplates
import GygesTestSupport
import GygesWire
import Testing

/// Rows of requests that a tiny random model answers.
@Suite struct BulkGeneratorTests {
    static func load() throws -> LanguageModel {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try LanguageModel(path: tests.path + "/GygesInferenceTests/Fixtures/tiny-chat")
    }

    private func rows(_ generator: BulkGenerator, _ lines: [String]) async throws -> [JSON] {
        let folder = try TemporaryFolder()
        let input = try folder.write(Array(lines.joined(separator: "\n").utf8), to: "rows.jsonl")
        var bytes: [UInt8] = []
        try await RowOutput { bytes += $0 }.answer(try RowReader(paths: [input]), concurrency: 4) {
            try await generator.answer($0, number: $1).bytes
        }
        return try bytes.split(separator: 0x0A).map { try JSON.parse(Array($0), path: "row") }
    }

    @Test("A row's answer is that of the engine alone, whatever the row sets and whatever else is computed")
    func answersAsAlone() async throws {
        let model = try Self.load()
        var defaults = BulkGenerator.Defaults()
        defaults.maximumTokenCount = 12
        defaults.sampling.seed = 5
        let generator = try BulkGenerator(model: model, defaults: defaults)
        let answers = try await rows(
            generator,
            [
                #"{"id": "a", "prompt": "the quick"}"#, #"{"prompt": "the quick", "temperature": 1}"#,
                #"{"prompt": "the quick", "temperature": 1, "seed": 6}"#,
                #"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "fox"}], "max_tokens": 4}"#,
                #"{"prompt": "b", "answers": ["fox", "ring"]}"#, #"{"prompt": "c", "response_prefix": "the "}"#,
                #"{"prompt": "the quick", "temperature": 1}"#,
            ])
        #expect(answers.map { $0["id"] } == ["a", 1, 2, 3, 4, 5, 6])
        func alone(_ messages: [ChatMessage], _ count: Int, _ sampling: SamplingParameters) async throws -> String {
            try await model.engine.complete(
                GenerationRequest(
                    prompt: try model.tokens(of: messages), maximumTokenCount: count, sampling: sampling,
                    stopTokens: model.stopTokens)
            ).text
        }
        let quick = [ChatMessage(role: "user", content: "the quick")]
        #expect(answers[0]["text"]?.string == (try await alone(quick, 12, .init())))
        let drawn = try await alone(quick, 12, .init(temperature: 1, seed: 6))
        // The second row is drawn by the seed plus one, which the third names itself; an equal row later is drawn apart.
        #expect(answers[1]["text"]?.string == drawn && answers[2]["text"]?.string == drawn)
        #expect(answers[6]["text"] != answers[1]["text"])
        let told = [ChatMessage(role: "system", content: "s"), ChatMessage(role: "user", content: "fox")]
        #expect(answers[3]["text"]?.string == (try await alone(told, 4, .init())))
        #expect(answers[3]["finish_reason"] == "length" && answers[3]["generated_tokens"] == 4)
        #expect(["fox", "ring"].contains(answers[4]["text"]?.string) && answers[4]["finish_reason"] == "stop")
        #expect(answers[5]["text"]?.string?.hasPrefix("the ") ?? false)
    }

    @Test("A row that cannot be answered says why, by its name and line, and the others are answered")
    func namesBadRows() async throws {
        var defaults = BulkGenerator.Defaults()
        defaults.maximumTokenCount = 3
        let generator = try BulkGenerator(model: try Self.load(), defaults: defaults)
        let answers = try await rows(
            generator,
            [
                #"{"prompt": "a"}"#, #"{"id": "x", "prompt": "#, #"{"id": 7, "promt": "a"}"#, "",
                #"{"prompt": "a", "schema": {"not": {}}}"#, #"{"prompt": "a", "suffix": "b"}"#,
                #"{"prompt": "a", "logit_bias": {"99999": 1}}"#,
                "{\"prompt\": \"\(String(repeating: "ring ", count: 20_000))\"}",
                #"{"prompt": "a", "min_p": 1}"#, #"{"prompt": "a"}"#,
            ])
        #expect(answers.count == 9)
        #expect(answers.map { $0["line"] } == [nil, 2, 3, 5, 6, 7, 8, 9, nil])
        #expect(answers[0]["text"] == answers[8]["text"] && answers[0]["text"] != nil)
        let mentions = [
            1: "a value is expected", 2: "prompt", 3: "not", 4: "fill in", 5: "logit_bias", 6: "limited", 7: "min-p",
        ]
        for (index, mention) in mentions {
            #expect(answers[index]["error"]?.string?.contains(mention) ?? false, "\(answers[index])")
        }
        #expect(answers[1]["id"] == 1 && answers[2]["id"] == 7)
    }
}

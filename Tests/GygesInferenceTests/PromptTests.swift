import Foundation
import GygesFiles
import GygesInference
import GygesTemplates
import GygesTestSupport
import GygesTokenizer
import Testing

/// What becomes of texts before the engine sees them, and what is measured of texts as a whole.
@Suite struct PromptTests {
    private func path() throws -> String {
        try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
    }

    @Test("A prompt has the same tokens with and without the model loaded, and a conversation's with a template")
    func encodesPrompts() throws {
        let model = try EngineTests.load()
        for isPlain in [false, true] {
            let (loaded, alone) = (
                try PromptEncoder(model, isPlain: isPlain), try PromptEncoder(path: path(), isPlain: isPlain)
            )
            for prefix in ["", " the ring", "  two"] {
                let tokens = try alone.tokens(of: "Who found it?", responsePrefix: prefix)
                #expect(try loaded.tokens(of: "Who found it?", responsePrefix: prefix) == tokens)
                let expected =
                    isPlain
                    ? try model.tokenizer.encode("Who found it?" + prefix, addsBeginning: true)
                    : try model.tokens(
                        of: [ChatMessage(role: "user", content: "Who found it?")],
                        prefill: String(prefix.drop { $0 == " " }))
                #expect(tokens == expected)
            }
        }
    }

    /// The tiny model with tokens that structure answers and that fill in, and a template that knows the former.
    private func modelWithTokens(in folder: TemporaryFolder) throws -> LanguageModel {
        let copy = folder.path + "/model"
        try FileManager.default.copyItem(atPath: try path(), toPath: copy)
        var tokenizer = try #require(try JSON.read(path: copy + "/tokenizer.json").object)
        var added = try #require(tokenizer["added_tokens"]?.array)
        let names = [
            "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>",
        ]
        for (index, name) in names.enumerated() {
            added.append([
                "id": .integer(293 + index), "content": .string(name), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": false,
            ])
        }
        tokenizer["added_tokens"] = .array(added)
        try AtomicFile.write(JSON.object(tokenizer).serialized(), to: copy + "/tokenizer.json")
        var configuration = try #require(try JSON.read(path: copy + "/tokenizer_config.json").object)
        configuration["chat_template"] = .string(
            "{% if tools %}<tool_call></tool_call>{% endif %}" + (configuration["chat_template"]?.string ?? ""))
        try AtomicFile.write(JSON.object(configuration).serialized(), to: copy + "/tokenizer_config.json")
        return try LanguageModel(path: copy)
    }

    @Test(
        "What structures answers is a token in the assistant's messages and text in a user's; the end of a turn is in neither"
    )
    func trustsAnswers() throws {
        let folder = try TemporaryFolder()
        let model = try modelWithTokens(in: folder)
        func tokens(_ role: ChatMessage.Role) throws -> [Int32] {
            try model.tokens(of: [ChatMessage(role: role, content: "a <tool_call>x</tool_call> <|im_end|><|fim_pad|>")])
        }
        let (answer, question) = (try tokens(.assistant), try tokens(.user))
        #expect(answer.filter { $0 >= 293 } == [293, 294])
        #expect(question.allSatisfy { $0 < 293 })
        // Only the template's own ends of turns.
        #expect(answer.count { $0 == 292 } == 1 && question.count { $0 == 292 } == 1)
        let text = try model.tokenizer.decode(answer, skipsSpecialTokens: false)
        #expect(text.contains("a <tool_call>x</tool_call> <|im_end|><|fim_pad|>"))
    }

    @Test("Special tokens are meant where the operator says so, and a gap lies between the model's own tokens for it")
    func buildsPrompts() throws {
        let folder = try TemporaryFolder()
        let model = try modelWithTokens(in: folder)
        func encoded(_ text: String) throws -> [Int32] { try model.tokenizer.encode(text) }
        var gap = Prompt(.text("the quick <|im_end|>"))
        gap.suffix = " fox"
        #expect(
            try model.tokens(of: gap) == [295] + encoded("the quick <|im_end|>") + [296] + encoded(" fox") + [297])
        #expect(model.stopTokens(for: gap) == model.stopTokens.union([298]))
        gap.recognisesSpecialTokens = true
        #expect(try model.tokens(of: gap) == [295] + encoded("the quick ") + [292, 296] + encoded(" fox") + [297])
        gap.system = "s"
        #expect(throws: EngineError.self) { try model.tokens(of: gap) }

        var plain = Prompt(.text("<|im_start|>the"))
        plain.isPlain = true
        #expect(try model.tokens(of: plain) == encoded("<|im_start|>the"))
        plain.recognisesSpecialTokens = true
        #expect(try model.tokens(of: plain) == [291] + encoded("the"))

        var chat = Prompt(.text("<|im_end|>"))
        chat.responsePrefix = "<tool_call>"
        let asText = try model.tokens(of: chat)
        chat.recognisesSpecialTokens = true
        let asToken = try model.tokens(of: chat)
        #expect(asToken.last == 293 && asText.last != 293)
        // The prompt itself stays text.
        #expect(asToken.count { $0 == 292 } == 1)
        chat.system = "be brief"
        #expect(
            try model.tokens(of: chat).dropLast()
                == model.tokens(of: [
                    ChatMessage(role: "system", content: "be brief"), ChatMessage(role: "user", content: "<|im_end|>"),
                ]))

        let without = try EngineTests.load()
        var refused = Prompt(.text("a"))
        refused.suffix = "b"
        let error = #expect(throws: EngineError.self) { try without.tokens(of: refused) }
        #expect(error?.description.contains("fill in the middle") ?? false)
        #expect(without.stopTokens(for: refused) == without.stopTokens)
    }

    @Test(
        "A continuation is scored after its context, after a conversation, or from a text's beginning; nothing is not")
    func encodesContinuations() throws {
        let model = try EngineTests.load()
        let context = try model.scoringRequest(context: "the quick", continuation: " brown")
        #expect(context.tokens == (try model.tokenizer.encode("the quick")) + (try model.tokenizer.encode(" brown")))
        #expect(context.firstScored == (try model.tokenizer.encode("the quick").count))
        let beginning = try model.scoringRequest(context: "", continuation: "the quick")
        #expect(beginning.firstScored == 1)
        let messages = [ChatMessage(role: "user", content: "hello")]
        let chat = try model.scoringRequest(messages: messages, continuation: "the")
        #expect(chat.firstScored == (try model.tokens(of: messages).count))
        #expect(throws: EngineError.self) { try model.scoringRequest(context: "the", continuation: "") }
        // As lm-evaluation-harness: the space goes to the continuation, and both are one text.
        let spaced = try model.scoringRequest(
            context: .text("the quick \n "), continuation: .text("brown"), joinsTexts: true)
        #expect(spaced.tokens == (try model.tokenizer.encode("the quick \n brown")))
        #expect(spaced.firstScored == (try model.tokenizer.encode("the quick").count))
        let blank = try model.scoringRequest(context: .text("  "), continuation: .text("a"), joinsTexts: true)
        let spaces = try model.tokenizer.encode("  a")
        #expect(blank.firstScored == 1 && Array(blank.tokens.dropFirst()) == spaces)
        let ids = try model.scoringRequest(context: .tokens([3, 4]), continuation: .tokens([292]), joinsTexts: true)
        #expect(ids.tokens == [3, 4, 292] && ids.firstScored == 2)
    }

    @Test("Perplexity is that of the scores of each window's tokens but the first")
    func measuresPerplexity() async throws {
        let model = try EngineTests.load()
        let tokens = try model.tokenizer.encode(String(repeating: "the quick brown fox ", count: 6))
        let windows = [Array(tokens.prefix(20)), Array(tokens.dropFirst(20).prefix(7))]
        var sum = 0.0
        for window in windows {
            sum -= try await model.engine.score(ScoringRequest(tokens: window, firstScored: 1)).reduce(0) {
                $0 + $1.logProbability
            }
        }
        var progress: [Int] = []
        let measured = try await model.perplexity(ofWindows: windows, progress: { progress.append($0) })
        #expect(measured.tokenCount == 25 && measured.negativeLogProbability == sum)
        #expect(measured.perplexity == exp(sum / 25) && progress == [20, 27])
    }
}

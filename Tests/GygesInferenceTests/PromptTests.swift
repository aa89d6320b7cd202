import Foundation
import GygesInference
import GygesTemplates
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

import GygesBulk
import GygesFiles
import GygesInference
import GygesTestSupport
import GygesTokenizer
import Testing

@testable import GygesServing

/// Completions over HTTP, as programs that score texts read them.
@Suite struct CompletionTests {
    @Test func aRepeatedPromptHasItsOwnLogProbabilities() async throws {
        try await ServingServer.run { server async throws in
            guard case .decoder(let generator) = server.routes.shelf.models[0].engine else { return }
            let engine = generator.model.engine
            let texts = ["the quick brown fox", "ring", "A ring is a ring."]
            let prompts = try texts.map { try generator.model.tokenizer.encode($0) }
            let reply = try await server.json(
                "/v1/completions",
                [
                    "model": "chat", "prompt": .array(prompts.map { .array($0.map { .integer(Int($0)) }) }),
                    "max_tokens": 1,
                    "temperature": 0, "logprobs": 2, "echo": true, "seed": 1,
                ])
            let choices = try #require(reply["choices"]?.array)
            #expect(choices.compactMap { $0["index"]?.integer } == [0, 1, 2])
            for (choice, (text, tokens)) in zip(choices, zip(texts, prompts)) {
                let columns = try #require(choice["logprobs"])
                let values = try #require(columns["token_logprobs"]?.array)
                // Exactly the prompt's tokens and the one that was generated, whatever it is.
                #expect(values.count == tokens.count + 1 && values[0].isNull)
                #expect(columns["top_logprobs"]?.array?.first?.isNull == true)
                #expect(columns["text_offset"]?.array?.first == 0)
                #expect(choice["text"]?.string?.hasPrefix(text) == true)
                if tokens.count > 1 {
                    let scores = try await engine.score(ScoringRequest(tokens: tokens, firstScored: 1))
                    #expect(values[1..<tokens.count].map(\.double) == scores.map(\.logProbability))
                }
                let names = columns["tokens"]?.array ?? []
                let tops = columns["top_logprobs"]?.array ?? []
                // A token's own value stands among the alternatives as the same number.
                for place in 1..<values.count {
                    #expect(tops[place][names[place].string ?? ""] == values[place])
                }
            }
        }
    }

    @Test func onlyThePromptComesBackWhereNothingIsToBeGenerated() async throws {
        try await ServingServer.run { server async throws in
            let reply = try await server.json(
                "/v1/completions",
                ["model": "chat", "prompt": "the quick", "max_tokens": 0, "logprobs": 0, "echo": true])
            #expect(reply["choices"]?.array?[0]["text"] == "the quick")
            let count = try await server.json("/tokenize", ["prompt": "the quick"])["count"]?.integer
            #expect(reply["choices"]?.array?[0]["logprobs"]?["tokens"]?.array?.count == count)
            let refused = try await server.post("/v1/completions", ["model": "chat", "prompt": "a", "max_tokens": 0])
            #expect(refused.status == 400)
        }
    }

    @Test func aStreamSaysWhatTheWholeAnswerSays() async throws {
        try await ServingServer.run { server async throws in
            let body: JSON = [
                "model": "chat", "prompt": ["the quick", "ring"], "max_tokens": 8, "temperature": 1, "seed": 2, "n": 2,
            ]
            let whole = try await server.json("/v1/completions", body)
            var streamed = try #require(body.object)
            streamed["stream"] = true
            let events = try await server.events("/v1/completions", .object(streamed))
            for choice in try #require(whole["choices"]?.array) {
                let own = events.flatMap { $0["choices"]?.array ?? [] }.filter { $0["index"] == choice["index"] }
                #expect(own.compactMap { $0["text"]?.string }.joined() == choice["text"]?.string)
                #expect(own.last?["finish_reason"] == choice["finish_reason"])
            }
            #expect(whole["choices"]?.array?.count == 4)
        }
    }

    @Test func fewBytesDoNotAskForVeryMuch() async throws {
        try await ServingServer.run(queueLimit: 16) { server async throws in
            let prompts = JSON.array(Array(repeating: "a", count: 100))
            let many = try await server.post("/v1/completions", ["model": "chat", "prompt": prompts, "n": 20])
            #expect(many.status == 400 && many.text.contains("1024"), "\(many)")
            // More than may wait are computed by and by.
            let few = try await server.json(
                "/v1/completions", ["model": "chat", "prompt": prompts, "max_tokens": 1, "n": 2])
            #expect(few["choices"]?.array?.count == 200)
        }
    }
}

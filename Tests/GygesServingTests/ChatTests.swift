import GygesBulk
import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesTemplates
import GygesTestSupport
import Testing

@testable import GygesServing

/// Chats over HTTP are those of the engine.
@Suite struct ChatTests {
    private static let messages: JSON = [["role": "user", "content": "the quick"]]

    private func request(_ more: (String, JSON)...) -> JSON {
        .object(JSONObject([("model", "chat"), ("messages", Self.messages), ("max_tokens", 12)] + more))
    }

    private func text(_ reply: JSON, _ choice: Int = 0) -> String? {
        reply["choices"]?.array?[choice]["message"]?["content"]?.string
    }

    @Test func anAnswerIsTheEnginesOwn() async throws {
        try await ServingServer.run { server async throws in
            guard case .decoder(let generator) = server.routes.shelf.models[0].engine else { return }
            let model = generator.model
            let reply = try await server.json("/v1/chat/completions", request(("temperature", 1), ("seed", 5)))
            let advice = model.generationDefaults
            let alone = try await model.engine.complete(
                GenerationRequest(
                    prompt: try model.tokens(of: [ChatMessage(role: .user, content: "the quick")]),
                    maximumTokenCount: 12,
                    sampling: .init(
                        temperature: 1, topK: advice.topK ?? 0, topP: advice.topP ?? 1,
                        repetitionPenalty: advice.repetitionPenalty ?? 1, seed: 5),
                    stopTokens: model.stopTokens))
            #expect(text(reply) == alone.text)
            #expect(reply["object"] == "chat.completion" && reply["model"] == "chat" && reply["created"] == 1234)
            #expect(reply["usage"]?["prompt_tokens"]?.integer == alone.promptTokenCount)
            #expect(reply["usage"]?["completion_tokens"]?.integer == alone.tokens.count)
            #expect(reply["choices"]?.array?[0]["finish_reason"]?.string == alone.finishReason.rawValue)
        }
    }

    @Test func aStreamSaysWhatTheWholeAnswerSays() async throws {
        try await ServingServer.run { server async throws in
            for more in [[], [("n", 3)], [("logprobs", true), ("top_logprobs", 2)]] as [[(String, JSON)]] {
                let settings: [(String, JSON)] = [("temperature", 1), ("seed", 3)] + more
                let base = JSONObject([("model", "chat"), ("messages", Self.messages), ("max_tokens", 12)] + settings)
                let whole = try await server.json("/v1/chat/completions", .object(base))
                var streamed = base
                streamed["stream"] = true
                streamed["stream_options"] = ["include_usage": true]
                let events = try await server.events("/v1/chat/completions", .object(streamed))
                #expect(Set(events.compactMap { $0["id"]?.string }).count == 1)
                let choices = events.flatMap { $0["choices"]?.array ?? [] }
                for (index, choice) in (whole["choices"]?.array ?? []).enumerated() {
                    let own = choices.filter { $0["index"]?.integer == index }
                    #expect(own.first?["delta"]?["role"] == "assistant")
                    #expect(
                        own.compactMap { $0["delta"]?["content"]?.string }.joined()
                            == choice["message"]?["content"]?.string)
                    #expect(own.last?["finish_reason"] == choice["finish_reason"])
                    #expect(own.dropLast().allSatisfy { $0["finish_reason"]?.isNull == true })
                    let tokens = own.flatMap { $0["logprobs"]?["content"]?.array ?? [] }
                    #expect(tokens == choice["logprobs"]?["content"]?.array ?? [])
                }
                #expect(events.last?["usage"]?["completion_tokens"] == whole["usage"]?["completion_tokens"])
                #expect(events.last?["choices"] == [])
            }
        }
    }

    @Test func sixteenAskersGetWhatOneGets() async throws {
        try await ServingServer.run { server async throws in
            func ask(_ seed: Int) async throws -> String? {
                text(
                    try await server.json("/v1/chat/completions", request(("temperature", 1), ("seed", .integer(seed))))
                )
            }
            var alone: [String?] = []
            for seed in 0..<16 { alone.append(try await ask(seed)) }
            #expect(Set(alone).count > 8)
            let together = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
                for seed in 0..<16 { group.addTask { (seed, try await ask(seed)) } }
                var texts = [String?](repeating: nil, count: 16)
                for try await (seed, text) in group { texts[seed] = text }
                return texts
            }
            #expect(together == alone)
        }
    }

    @Test func answersKeepToSchemasAndBiases() async throws {
        try await ServingServer.run { server async throws in
            let schema: JSON = ["enum": ["fox", "ring"]]
            let format: JSON = ["type": "json_schema", "json_schema": ["name": "word", "schema": schema]]
            let held = try await server.json("/v1/chat/completions", request(("response_format", format)))
            #expect([#""fox""#, #""ring""#].contains(text(held)))
            // A token that everything outweighs does not come.
            guard case .decoder(let generator) = server.routes.shelf.models[0].engine else { return }
            let prompt = try generator.model.tokens(of: [ChatMessage(role: .user, content: "the quick")])
            let usual = try await generator.model.engine.complete(.init(prompt: prompt, maximumTokenCount: 1))
            let first = try #require(usual.tokens.first)
            let bias = JSON.object(JSONObject([("\(first.token)", JSON.integer(-100))]))
            let other = try await server.json(
                "/v1/chat/completions", request(("temperature", 0), ("logprobs", true), ("logit_bias", bias)))
            let content = try #require(other["choices"]?.array?[0]["logprobs"]?["content"]?.array?.first)
            #expect((content["logprob"]?.double ?? 0) < first.logProbability)
        }
    }

    @Test func whatCannotBeDoneIsSaidInTheClientsTerms() async throws {
        try await ServingServer.run { server async throws in
            for (body, status, parameter) in [
                (#"{"model": "chat"}"#, 400, "messages"),
                (#"{"messages": [{"role": "user", "content": "a"}]}"#, 400, "model"),
                (#"{"model": "none", "messages": [{"role": "user", "content": "a"}]}"#, 404, "model"),
                (#"{"model": "encoder", "messages": [{"role": "user", "content": "a"}]}"#, 400, "model"),
                (#"{"model": "chat", "messages": [{"role": "user", "content": "a"}], "best": 1}"#, 400, "best"),
                (
                    #"{"model": "chat", "messages": [{"role": "user", "content": "a"}], "logit_bias": {"99999": 1}}"#,
                    400, "logit_bias"
                ),
                (
                    #"{"model": "chat", "messages": [{"role": "user", "content": "a"}], "stream": true, "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "sound"}}}}"#,
                    400, "response_format"
                ),
            ] {
                let answer = try await server.probe.ask("POST", "/v1/chat/completions", body: body)
                let json = try JSON.parse(Array(answer.text.utf8), path: "answer")
                #expect(answer.status == status && json["error"]?["param"]?.string == parameter, "\(answer)")
                #expect(json["error"]?["message"]?.string?.isEmpty == false)
            }
            let long = String(repeating: "ring ", count: 10_000)
            let answer = try await server.post(
                "/v1/chat/completions",
                ["model": "chat", "messages": [["role": "user", "content": .string(long)]], "stream": true])
            #expect(answer.status == 400 && answer.text.contains("context_length_exceeded"), "\(answer)")
            #expect(try await server.probe.ask("POST", "/v1/chat/completions", body: "{").status == 400)
            let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
            #expect(try await server.probe.ask("POST", "/v1/chat/completions", body: deep).status == 400)
            let large = #"{"model": ""# + String(repeating: "a", count: 1 << 17) + #""}"#
            #expect(try await server.probe.ask("POST", "/v1/chat/completions", body: large).status == 413)
        }
    }

    @Test func countsReturnToZero() async throws {
        try await ServingServer.run { server async throws in
            _ = try await server.json("/v1/chat/completions", request())
            _ = try await server.post("/v1/chat/completions", ["model": "none", "messages": Self.messages])
            let metrics = try await server.probe.ask("GET", "/metrics").text
            #expect(metrics.contains("gyges_num_requests_running{model_name=\"chat\"} 0\n"), "\(metrics)")
            #expect(metrics.contains("gyges_requests_total{model_name=\"chat\",status=\"200\"} 1\n"))
            #expect(metrics.contains("gyges_time_to_first_token_seconds_count{model_name=\"chat\"} 1\n"))
        }
    }
}

import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesServing

/// Responses are chats in other words.
@Suite struct ResponseTests {
    private func request(_ more: (String, JSON)...) -> JSON {
        .object(
            JSONObject(
                [("model", "chat"), ("input", "the quick"), ("max_output_tokens", 12), ("temperature", 1), ("seed", 3)]
                    + more))
    }

    /// The events of a stream, each behind its name.
    private func events(_ server: ServingServer, _ body: JSON) async throws -> [JSON] {
        let answer = try await server.post("/v1/responses", body)
        try #require(answer.status == 200, "\(answer)")
        return try answer.text.split(separator: "\n\n").filter { !$0.hasPrefix(":") }.map { event in
            let lines = event.split(separator: "\n")
            let json = try JSON.parse(Array(lines[1].dropFirst("data: ".count).utf8), path: "event")
            #expect(lines.count == 2 && lines[0] == "event: \(json["type"]?.string ?? "")")
            return json
        }
    }

    @Test func aResponseSaysWhatTheChatSays() async throws {
        try await ServingServer.run { server async throws in
            let response = try await server.json("/v1/responses", request(("metadata", ["a": "b"])))
            let chat = try await server.json(
                "/v1/chat/completions",
                [
                    "model": "chat", "messages": [["role": "user", "content": "the quick"]], "max_tokens": 12,
                    "temperature": 1, "seed": 3,
                ])
            let item = response["output"]?[0]
            #expect(item?["content"]?[0]?["text"] == chat["choices"]?[0]?["message"]?["content"])
            #expect(item?["type"] == "message" && item?["role"] == "assistant")
            #expect(response["object"] == "response" && response["created_at"] == 1234 && response["store"] == false)
            #expect(response["id"]?.string?.hasPrefix("resp_") == true && response["metadata"]?["a"] == "b")
            #expect(response["usage"]?["input_tokens"] == chat["usage"]?["prompt_tokens"])
            #expect(response["usage"]?["output_tokens"] == chat["usage"]?["completion_tokens"])
            let isCut = chat["choices"]?[0]?["finish_reason"] == "length"
            #expect(response["status"]?.string == (isCut ? "incomplete" : "completed"))
            #expect(response["incomplete_details"]?["reason"]?.string == (isCut ? "max_output_tokens" : nil))
        }
    }

    @Test func aStreamEndsWithTheWhole() async throws {
        try await ServingServer.run { server async throws in
            let whole = try await server.json(
                "/v1/responses", request(("include", ["message.output_text.logprobs"]), ("top_logprobs", 1)))
            let events = try await events(
                server,
                request(("stream", true), ("include", ["message.output_text.logprobs"]), ("top_logprobs", 1)))
            #expect(events.map { $0["sequence_number"]?.integer } == Array(0..<events.count))
            let types = events.compactMap { $0["type"]?.string }
            #expect(
                Array(types.prefix(4)) == [
                    "response.created", "response.in_progress", "response.output_item.added",
                    "response.content_part.added",
                ])
            #expect(
                Array(types.suffix(4).dropLast()) == [
                    "response.output_text.done", "response.content_part.done", "response.output_item.done",
                ])
            #expect(types.last == "response.completed" || types.last == "response.incomplete")
            let last = try #require(events.last?["response"])
            func text(_ response: JSON) -> JSON? { response["output"]?[0]?["content"]?[0]?["text"] }
            #expect(text(last) == text(whole))
            let deltas = events.filter { $0["type"] == "response.output_text.delta" }
            #expect(deltas.compactMap { $0["delta"]?.string }.joined() == text(whole)?.string)
            let tokens = last["output"]?[0]?["content"]?[0]?["logprobs"]?.array ?? []
            #expect(!tokens.isEmpty && tokens == whole["output"]?[0]?["content"]?[0]?["logprobs"]?.array)
            #expect(last["usage"]?["output_tokens"] == whole["usage"]?["output_tokens"])
        }
    }

    @Test func formsAreKeptToAndErrorsNameTheirMembers() async throws {
        try await ServingServer.run { server async throws in
            func format(_ schema: JSON) -> JSON {
                ["format": ["type": "json_schema", "name": "word", "schema": schema, "strict": true]]
            }
            let held = try await server.json("/v1/responses", request(("text", format(["enum": ["fox", "ring"]]))))
            #expect([#""fox""#, #""ring""#].contains(held["output"]?[0]?["content"]?[0]?["text"]?.string))
            for (body, status, parameter) in [
                (request(("text", format(["type": "sound"]))), 400, "text.format"),
                (request(("store", true)), 400, "store"), (request(("n", 2)), 400, "n"),
                (["model": "none", "input": "a"], 404, "model"), (["model": "encoder", "input": "a"], 400, "model"),
            ] as [(JSON, Int, String)] {
                let answer = try await server.post("/v1/responses", body)
                let json = try JSON.parse(Array(answer.text.utf8), path: "answer")
                #expect(answer.status == status && json["error"]?["param"]?.string == parameter, "\(answer)")
            }
        }
    }
}

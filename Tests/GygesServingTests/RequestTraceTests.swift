import GygesFiles
import GygesServer
import GygesTestSupport
import Testing

@testable import GygesServing

/// What happened to a request is found by the name that its answer carries.
@Suite struct RequestTraceTests {
    private func trace(_ server: ServingServer, _ id: String) async throws -> JSON {
        let answer = try await server.probe.ask("GET", "/v1/requests/\(id)/trace")
        try #require(answer.status == 200, "\(answer)")
        return try JSON.parse(Array(answer.text.utf8), path: "trace")
    }

    @Test func stepsComeInTheirOrderAndHoldNoText() async throws {
        try await ServingServer.run { server async throws in
            for isStreamed in [false, true] {
                let id = "mine-\(isStreamed)"
                let answer = try await server.post(
                    "/v1/chat/completions?secret=1",
                    [
                        "model": "chat", "messages": [["role": "user", "content": "the quick"]], "max_tokens": 4,
                        "stream": .bool(isStreamed),
                    ], headers: [("X-Request-Id", id)])
                #expect(answer.status == 200 && answer.headers["x-request-id"] == id)
                let trace = try await trace(server, id)
                let events = trace["events"]?.array ?? []
                #expect(
                    events.map { $0["event"]?.string } == [
                        "arrived", "queued", "prefill_begun", "first_token", "ended",
                    ], "\(trace)")
                let seconds = events.compactMap { $0["seconds"]?.double }
                #expect(seconds == seconds.sorted() && seconds[0] == 0)
                #expect(trace["status"] == 200 && trace["model"] == "chat" && trace["path"] == "/v1/chat/completions")
                #expect((trace["usage"]?["completion_tokens"]?.integer ?? 0) > 0)
                #expect(trace["usage"]?["prompt_tokens_details"]?["cached_tokens"] != nil)
                #expect(!trace.serialized().contains("quick") && !trace.serialized().contains("secret"))
            }
            let other = try await server.probe.ask("GET", "/v1/requests/other/trace")
            #expect(other.status == 404 && other.text.contains("512"))
        }
    }

    @Test func whatIsRefusedBeforeAModelHasItCountsToo() async throws {
        try await ServingServer.run { server async throws in
            let refused = try await server.post("/v1/completions", ["model": "none", "prompt": "a"])
            #expect(refused.status == 404)
            _ = try await server.post("/v1/embeddings", ["model": "encoder"])
            _ = try await server.post("/v1/rerank", ["query": "a"])
            let trace = try await trace(server, try #require(refused.headers["x-request-id"]))
            #expect(trace["status"] == 404 && trace["model"]?.isNull == true && trace["events"]?.array?.count == 2)
            let metrics = try await server.probe.ask("GET", "/metrics").text
            #expect(metrics.contains("gyges_requests_total{model_name=\"\",status=\"404\"} 1\n"), "\(metrics)")
            #expect(metrics.contains("gyges_requests_total{model_name=\"\",status=\"400\"} 2\n"))
        }
    }

    @Test func theOldestIsForgotten() {
        let traces = RequestTraces()
        for index in 0..<600 { traces.append(RequestTrace(RequestOrigin(id: "\(index)", path: "/"), now: 0)) }
        #expect(traces["87"] == nil && traces["88"]?.id == "88" && traces["599"]?.id == "599")
        // Of two of one name, the later.
        let (first, second) = (0, 1)
        for now in [first, second] { traces.append(RequestTrace(RequestOrigin(id: "a", path: "/\(now)"), now: now)) }
        #expect(traces["a"]?.json["path"] == "/1")
    }
}

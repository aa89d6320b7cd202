import GygesFiles
import GygesWire
import Synchronization
import Testing

@testable import GygesClient

/// Files of requests are answered by an endpoint as they are by a model of this machine.
@Suite struct EndpointAnswererTests {
    /// Answers by what is asked, and keeps what that was.
    private final class Scripted: HTTPTransport {
        let calls = Mutex<[HTTPCall]>([])
        let script: @Sendable (HTTPCall) -> HTTPAnswer

        init(_ script: @escaping @Sendable (HTTPCall) -> HTTPAnswer) { self.script = script }

        func answer(to call: HTTPCall) async throws -> HTTPAnswer {
            calls.withLock { $0.append(call) }
            return script(call)
        }
    }

    private static func reply(_ call: HTTPCall) -> HTTPAnswer {
        let text = String(decoding: call.body, as: UTF8.self)
        if text.contains("refuse") { return HTTPAnswer(status: 422, body: Array(#"{"error":{"message":"no"}}"#.utf8)) }
        if text.contains("break") { return HTTPAnswer(status: 500, body: []) }
        let bodies = [
            "/chat/completions": #"{"id":"c","choices":[{"index":0,"message":{"content":"yes"},"extra":1}]}"#,
            "/embeddings": #"{"data":[{"index":0,"embedding":[1,2]}],"model":"m"}"#,
            "/responses": #"{"output":[],"usage":{"input_tokens":3,"output_tokens":4}}"#,
        ]
        let body = bodies.first { call.url.hasSuffix("/v1" + $0.key) }?.value ?? ""
        return HTTPAnswer(status: 200, body: Array(body.utf8))
    }

    @Test func everyLineHasItsAnswer() async throws {
        let transport = Scripted(Self.reply)
        let answerer = EndpointAnswerer(
            EndpointCaller(
                address: try EndpointAddress("http://localhost:1/v1#large"),
                settings: CallSettings(policy: RetryPolicy(attempts: 2, firstPause: .zero), concurrency: 1),
                transport: transport))
        let lines = [
            #"{"custom_id":"a","url":"/v1/chat/completions","body":{"model":"other","messages":[],"seed":7}}"#,
            #"{"custom_id":"b","url":"/v1/embeddings","body":{"input":"x"}}"#,
            #"{"custom_id":"c","url":"/v1/responses","body":{"input":"x"}}"#,
            #"{"custom_id":"d","url":"/v1/chat/completions","body":{"messages":"refuse"}}"#,
            #"{"custom_id":"e","url":"/v1/chat/completions","body":{"messages":"break"}}"#,
            #"{"custom_id":"f","url":"/v1/completions","body":{"prompt":"x"}}"#,
            #"{"custom_id":"g","url":"/v1/chat/completions","body":{"stream":true}}"#, "{",
        ]
        var rows: [JSON] = []
        var problems: [Int] = []
        for (number, line) in lines.enumerated() {
            let row = InputRow(bytes: Array(line.utf8), isJSON: true, source: "lines", line: number + 1)
            let answer = try await answerer.answer(row, number: number)
            rows.append(try JSON.parse(answer.bytes, path: "row"))
            if answer.problem != nil { problems.append(number) }
        }
        let names: [String?] = ["a", "b", "c", "d", "e", "f", "g", nil]
        #expect(rows.map { $0["custom_id"]?.string } == names)
        let statuses = rows.map { $0["response"]?["status_code"]?.integer }
        let expected: [Int?] = [200, 200, 200, 422, nil, nil, 400, 400]
        #expect(statuses == expected)
        #expect(problems == [3, 4, 5, 6, 7])
        // What came is kept as it came.
        #expect(rows[0]["response"]?["body"]?["choices"]?[0]?["extra"] == 1)
        #expect(rows[4]["error"]?["message"]?.string?.contains("500") == true)
        let calls = transport.calls.withLock { $0 }
        #expect(calls.count == 8)
        let first = try JSON.parse(calls[0].body, path: "call")
        #expect(calls[0].url == "http://localhost:1/v1/chat/completions")
        #expect(first["model"] == "large" && first["seed"] == 7)
    }

    @Test func anEndpointThatNobodyMayAskEndsTheRun() async throws {
        let answerer = EndpointAnswerer(
            EndpointCaller(
                address: try EndpointAddress("http://localhost:1/v1#large"),
                transport: Scripted { _ in HTTPAnswer(status: 401, body: []) }))
        let line = #"{"custom_id":"b","url":"/v1/embeddings","body":{"input":"x"}}"#
        let row = InputRow(bytes: Array(line.utf8), isJSON: true, source: "lines", line: 1)
        await #expect(throws: EndpointError.self) { try await answerer.answer(row, number: 0) }
        #expect(answerer.identity["endpoint"] == "http://localhost:1/v1#large")
    }
}

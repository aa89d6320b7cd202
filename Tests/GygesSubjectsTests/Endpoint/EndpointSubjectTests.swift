import GygesAnalysis
import GygesStudy
import Synchronization
import Testing

@testable import GygesClient
@testable import GygesSubjects

@Suite struct EndpointSubjectTests {
    @Test func aRequestIsSentAsTheAPIWantsIt() async throws {
        let transport = ScriptedTransport { _, _ in .chat("hello", more: #","reasoning_content":"hm""#) }
        let endpoint = try await makeEndpoint(transport, key: "secret-key")
        let reply = try await endpoint.respond(to: sampleRequest)
        #expect(reply.text == "<think>\nhm\n</think>\n\nhello")
        #expect(reply.finishReason == .stop && reply.promptTokenCount == 10 && reply.generatedTokenCount == 4)
        let call = try #require(transport.posted.first)
        #expect(call.url == "http://localhost:1/v1/chat/completions")
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == #"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"#
                + #""temperature":0.5,"top_p":0.9,"max_tokens":32,"seed":128,"stop":["</OUTPUT>"]}"#)
        #expect(call.headers.contains { $0.name == "Authorization" && $0.value == "Bearer secret-key" })
        #expect(!"\(endpoint.identity)".contains("secret-key"))
    }

    @Test func aResponsePrefixIsTheLastMessageAndIsNotRepeated() async throws {
        let transport = ScriptedTransport { _, _ in .chat("<OUTPUT>\nfine") }
        var request = sampleRequest
        request.responsePrefix = "<OUTPUT>\n"
        let reply = try await makeEndpoint(transport).respond(to: request)
        #expect(reply.text == "fine")
        let body = String(decoding: transport.posted[0].body, as: UTF8.self)
        #expect(body.contains(#"{"role":"assistant","content":"<OUTPUT>\n"}"#))
        #expect(body.contains(#""continue_final_message":true,"add_generation_prompt":false"#))

        var settings = EndpointSettings()
        settings.responsePrefix = .none
        let silent = try await makeEndpoint(transport, settings: settings)
        var kind: EndpointError.Kind?
        do { _ = try await silent.respond(to: request) } catch let error as EndpointError { kind = error.kind }
        #expect(kind == .unsupported)
        #expect(transport.posted.count == 1)
    }

    @Test(
        arguments: [
            ("stop", SubjectReply.FinishReason.stop), ("length", .length), ("content_filter", .filtered),
            ("tool_calls", .unknown), (nil, .unknown),
        ] as [(String?, SubjectReply.FinishReason)])
    func whyAnAnswerEndedIsKept(_ finish: String?, _ expected: SubjectReply.FinishReason) async throws {
        let endpoint = try await makeEndpoint(ScriptedTransport { _, _ in .chat("x", finish: finish) })
        #expect(try await endpoint.respond(to: sampleRequest).finishReason == expected)
    }

    @Test func aFilterThatRefusesARequestIsAnAnswer() async throws {
        let endpoint = try await makeEndpoint(
            ScriptedTransport { _, _ in .json(#"{"error":{"message":"no","code":"content_filter"}}"#, status: 400) })
        let reply = try await endpoint.respond(to: sampleRequest)
        #expect(reply.finishReason == .filtered && reply.text.isEmpty)
    }

    @Test("An endpoint that asks for a day is waited for as long as allowed, once, and that is shown and said")
    func patience() async throws {
        let waits = Mutex<[EndpointWait]>([])
        let closed = ScriptedTransport { _, _ in
            .json(#"{"error":{"message":"quota"}}"#, status: 429, headers: ["retry-after": "86400"])
        }
        let endpoint = try await makeEndpoint(
            closed, longestWait: .seconds(1), onWait: { wait in waits.withLock { $0.append(wait) } })
        let failure = await #expect(throws: RequestFailure.self) { try await endpoint.respond(to: sampleRequest) }
        #expect(failure?.reason == "it asks to wait longer than endpoint.longestWait allows, 1 s")
        #expect(failure?.detail == "it asks to wait 86,400 s; it answered with status 429 (quota)")
        #expect(closed.posted.count == 2)
        #expect(
            waits.withLock { $0.map(\.description) } == [
                "http://localhost:1/v1 asks to wait 86,400 s; waiting at most 1 s"
            ])
        // The next request does not wait for nothing again.
        await #expect(throws: RequestFailure.self) { try await endpoint.respond(to: sampleRequest) }
        #expect(closed.posted.count == 3 && waits.withLock(\.count) == 1)

        // One that answers after the wait is as patient as before.
        let slow = ScriptedTransport { _, number in
            number.isMultiple(of: 2) ? .json("{}", status: 503, headers: ["retry-after": "86400"]) : .chat("done")
        }
        let patient = try await makeEndpoint(slow)
        for _ in 0..<3 { #expect(try await patient.respond(to: sampleRequest).text == "done") }
    }

    @Test(
        "A reply that cannot be read is named with what was expected, where it fails and how it begins",
        arguments: [
            ("<html>\u{1B}[31mBad gateway</html>", "/chat/completions", "“<html>\\u{1b}[31mBad gateway</html>”"),
            (#"{"choices":[]}"#, "choices", "14 bytes"), ("", "is not one of OpenAI", "was empty"),
            (#"{"choices":[{"message":{"content":7}}]}"#, "content", "began with"),
            ("{\"a\":\"key-123\(String(repeating: "x", count: 5_000))", "is not one of OpenAI", "[key]"),
        ])
    func unreadable(_ body: String, _ reason: String, _ detail: String) async throws {
        let endpoint = try await makeEndpoint(ScriptedTransport { _, _ in .json(body) }, key: "key-123", attempts: 2)
        let failure = await #expect(throws: RequestFailure.self) { try await endpoint.respond(to: sampleRequest) }
        #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "")")
        #expect(failure?.detail?.contains(detail) == true, "\(failure?.detail ?? "")")
        #expect((failure?.reason.count ?? 0) + (failure?.detail?.count ?? 0) < 700)
    }

    @Test("A refusal in place of an answer is kept and is no missing scratchpad")
    func refusals() async throws {
        func endpoint(_ message: String) async throws -> EndpointSubject {
            try await makeEndpoint(
                ScriptedTransport { _, _ in
                    .json(#"{"choices":[{"message":\#(message),"finish_reason":"stop"}]}"#)
                })
        }
        let refused = try await endpoint(#"{"content":null,"refusal":"I can't help with that."}"#)
        let reply = try await refused.respond(to: sampleRequest)
        #expect(reply.finishReason == .refused && reply.text == "I can't help with that.")
        let parsed = ParsedTranscript(reply.text, finishReason: reply.finishReason, rule: .required)
        #expect(parsed.state == .refused)
        for message in [#"{"content":"x","refusal":"no"}"#, #"{"content":"x","refusal":""}"#] {
            let answered = try await endpoint(message).respond(to: sampleRequest)
            #expect(answered.finishReason == .stop && answered.text == "x")
        }
        #expect(try await endpoint(#"{"content":"","refusal":""}"#).respond(to: sampleRequest).finishReason == .stop)
    }

    @Test(arguments: [408, 409, 425, 429, 500, 503])
    func passingFailuresAreTriedAgain(_ status: Int) async throws {
        let transport = ScriptedTransport { _, number in
            number < 2 ? .json("{}", status: status, headers: ["retry-after": "0"]) : .chat("done")
        }
        #expect(try await makeEndpoint(transport).respond(to: sampleRequest).text == "done")
        #expect(transport.posted.count == 3)
    }

    @Test func lostConnectionsAndBrokenRepliesAreTriedAgain() async throws {
        let transport = ScriptedTransport { _, number in
            switch number {
            case 0: throw TransportError.timedOut
            case 1: throw TransportError.connection("reset")
            case 2: .json("<html>")
            default: .chat("done")
            }
        }
        #expect(try await makeEndpoint(transport).respond(to: sampleRequest).text == "done")
        let hopeless = ScriptedTransport { _, _ in throw TransportError.timedOut }
        let failure = await #expect(throws: RequestFailure.self) {
            try await makeEndpoint(hopeless).respond(to: sampleRequest)
        }
        #expect(failure?.reason == "it did not answer within 600 s")
        #expect(hopeless.posted.count == 4)
    }

    @Test func aRefusedRequestIsExplainedAndNotTriedAgain() async throws {
        let transport = ScriptedTransport { _, _ in
            .json(#"{"error":{"message":"too long, key-123!","code":"context_length_exceeded"}}"#, status: 400)
        }
        let failure = await #expect(throws: RequestFailure.self) {
            try await makeEndpoint(transport, key: "key-123").respond(to: sampleRequest)
        }
        #expect(failure?.reason.contains("longer than its context") == true)
        #expect(failure?.reason.contains("[key]!") == true)
        #expect(transport.posted.count == 1)
    }

    @Test(arguments: [(401, EndpointError.Kind.key), (403, .key), (402, .key), (404, .missing), (307, .missing)])
    func whatNoRequestCanPassEndsTheRun(_ status: Int, _ kind: EndpointError.Kind) async throws {
        let transport = ScriptedTransport { _, _ in .json("{}", status: status) }
        let error = await #expect(throws: EndpointError.self) {
            try await makeEndpoint(transport).respond(to: sampleRequest)
        }
        #expect(error?.kind == kind)
        #expect(transport.posted.count == 1)
    }

    @Test func oneRefusalAfterAnotherEndsTheRun() async throws {
        let endpoint = try await makeEndpoint(ScriptedTransport { _, _ in .json(#"{"detail":"no"}"#, status: 422) })
        for _ in 1..<EndpointCaller.refusalLimit {
            await #expect(throws: RequestFailure.self) { try await endpoint.respond(to: sampleRequest) }
        }
        let error = await #expect(throws: EndpointError.self) { try await endpoint.respond(to: sampleRequest) }
        #expect(error?.kind == .refusal)
    }

    @Test func noMoreCallsThanAllowedAreUnderWay() async throws {
        let gauge = Mutex((now: 0, most: 0))
        let transport = ScriptedTransport { _, _ in
            gauge.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            try await Task.sleep(for: .milliseconds(2))
            gauge.withLock { $0.now -= 1 }
            return .chat("x")
        }
        let endpoint = try await makeEndpoint(transport, concurrency: 3)
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { _ = try await endpoint.respond(to: sampleRequest) } }
            try await group.waitForAll()
        }
        #expect(gauge.withLock(\.most) == 3)
        #expect(transport.posted.count == 20)
    }

    // MARK: - Log-probabilities

    @Test func continuationsAreScoredByThePromptsTokens() async throws {
        let transport = ScriptedTransport { call, _ in
            let isContext = !String(decoding: call.body, as: UTF8.self).contains("Yes")
            let tail = isContext ? "" : #",{"7":{"logprob":-0.25}},{"8":{"logprob":-0.5},"9":{"logprob":-0.1}}"#
            return .json(
                #"{"choices":[{"message":{"content":"x"},"finish_reason":"length"}],"#
                    + #""prompt_logprobs":[null,{"5":{"logprob":-3.0}}\#(tail)]}"#)
        }
        let endpoint = try await makeEndpoint(transport)
        #expect(try await endpoint.tokenLogProbabilities(of: ["Yes"], after: sampleRequest) == [[-0.25, -0.5]])
        #expect(try await endpoint.logProbabilities(of: ["Yes"], after: sampleRequest) == [-0.75])
    }

    @Test func anEndpointWithoutLogProbabilitiesSaysSo() async throws {
        for answer in [HTTPAnswer.chat("x"), .json(#"{"error":"no"}"#, status: 400)] {
            let endpoint = try await makeEndpoint(ScriptedTransport { _, _ in answer })
            let error = await #expect(throws: StudyError.self) {
                try await endpoint.logProbabilities(of: ["Yes"], after: sampleRequest)
            }
            guard case .noLogProbabilities = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}

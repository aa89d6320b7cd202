import GygesFiles
import GygesWire
import Synchronization
import Testing

@testable import GygesClient

/// What hostile replies may do to a caller: nothing.
@Suite struct EndpointCallerTests {
    /// Gives the same answer to every call.
    private struct Answering: HTTPTransport {
        var answer: HTTPAnswer

        func answer(to call: HTTPCall) async throws -> HTTPAnswer { answer }
    }

    private func caller(
        _ text: String, status: Int = 200, key: String? = nil, tokensPerMinute: Int? = nil
    ) throws -> EndpointCaller {
        let settings = CallSettings(
            policy: RetryPolicy(attempts: 1, firstPause: .zero), concurrency: 1, tokensPerMinute: tokensPerMinute)
        return EndpointCaller(
            address: try EndpointAddress("http://localhost:1/v1#m"), settings: settings, key: key,
            transport: Answering(answer: HTTPAnswer(status: status, body: Array(text.utf8))))
    }

    private func ask(_ caller: EndpointCaller, answerTokens: Int = 8) async throws -> ChatReply {
        try await caller.call("/chat/completions", body: ["model": "m"], seed: 1, answerTokens: answerTokens) {
            json, source throws(FileError) in
            let reply = try ChatReply(json, source: source)
            return (reply, reply.head.usage)
        }
    }

    @Test(arguments: ["9223372036854775807", "1e300", "-1", "123456789012345678901234567890", "\"five\""])
    func noCountOfTokensIsBelievedBlindly(_ count: String) async throws {
        let text = """
            {"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":\(count),"completion_tokens":\(count)}}
            """
        let reply = try await ask(caller(text, tokensPerMinute: 1_000_000))
        #expect(reply.choices[0].content == "x" && reply.head.usage == nil)
    }

    @Test func theLargestAnswerIsNoTrap() async throws {
        let text = #"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#
        #expect(try await ask(caller(text, tokensPerMinute: 1_000_000), answerTokens: .max).choices[0].content == "x")
    }

    @Test func whatAServerSaysIsCutAndHoldsNoKey() async throws {
        let key = "sk-0123456789abcdef"
        for before in [0, 10, 480, 485, 499, 2000] {
            let words = String(repeating: "w", count: before) + key + String(repeating: "v", count: 5000)
            let caller = try caller(#"{"error":{"message":"\#(words)"}}"#, status: 400, key: key)
            let failure = await #expect(throws: CallFailure.self) { try await ask(caller) }
            guard case .refused(_, let reply) = failure else { return }
            #expect(reply.message.count <= 510)
            #expect(!reply.message.contains("sk-0"), "\(before): \(reply.message.suffix(40))")
        }
    }
}

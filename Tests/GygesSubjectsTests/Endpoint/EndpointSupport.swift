import GygesFiles
import GygesStudy
import GygesTemplates
import Synchronization

import GygesClient
@testable import GygesSubjects

/// Answers calls by a closure and keeps what was sent.
final class ScriptedTransport: HTTPTransport {
    private let calls = Mutex<[HTTPCall]>([])
    private let script: @Sendable (HTTPCall, Int) async throws -> HTTPAnswer

    /// `script` gets each call that is no `GET` with its number, from 0.
    init(_ script: @escaping @Sendable (HTTPCall, Int) async throws -> HTTPAnswer) { self.script = script }

    var posted: [HTTPCall] { calls.withLock { $0 } }

    func answer(to call: HTTPCall) async throws -> HTTPAnswer {
        guard call.method == .post else {
            return .json(#"{"object":"list","data":[{"id":"m","object":"model","created":7,"max_model_len":4096}]}"#)
        }
        let number = calls.withLock { calls in
            calls.append(call)
            return calls.count - 1
        }
        return try await script(call, number)
    }
}

extension HTTPAnswer {
    static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> HTTPAnswer {
        HTTPAnswer(status: status, headers: headers, body: Array(text.utf8))
    }

    /// A chat's reply with this text.
    static func chat(_ text: String, finish: String? = "stop", more: String = "") -> HTTPAnswer {
        let reason = finish.map { "\"\($0)\"" } ?? "null"
        let content = JSON.string(text).serialized()
        return .json(
            #"{"choices":[{"message":{"role":"assistant","content":\#(content)\#(more)},"finish_reason":\#(reason)}],"#
                + #""usage":{"prompt_tokens":10,"completion_tokens":4}}"#)
    }
}

/// An endpoint that answers by `script`, with pauses that take no time.
func makeEndpoint(
    _ transport: any HTTPTransport, settings: EndpointSettings = .init(), key: String? = nil, attempts: Int = 4,
    concurrency: Int = 4, isReplica: Bool = false, address: String = "http://localhost:1/v1#m",
    longestWait: Duration = .milliseconds(1), onWait: @escaping @Sendable (EndpointWait) -> Void = { _ in }
) async throws -> EndpointSubject {
    let caller = EndpointCaller(
        address: try EndpointAddress(address),
        settings: CallSettings(
            keyVariable: settings.keyVariable, timeout: settings.timeout,
            policy: RetryPolicy(attempts: attempts, firstPause: .zero, longestRequestedPause: longestWait),
            concurrency: concurrency, requestsPerMinute: settings.requestsPerMinute,
            tokensPerMinute: settings.tokensPerMinute), key: key, transport: transport, onWait: onWait)
    return try await EndpointSubject(caller, settings: settings, isReplica: isReplica)
}

/// A request with everything set.
let sampleRequest = SubjectRequest(
    messages: [ChatMessage(role: .system, content: "s"), ChatMessage(role: .user, content: "u")],
    sampling: SamplingSettings(temperature: 0.5, topP: 0.9, topK: 0, maximumTokens: 32), seed: 1 << 40,
    stop: ["</OUTPUT>"])

public import GygesFiles
public import GygesWire
import Synchronization

/// How an endpoint may be called.
public struct CallSettings: Sendable, Equatable {
    /// The environment variable that holds the key, for messages; `nil` for none.
    public var keyVariable: String?
    /// How long a call may take, in seconds.
    public var timeout: Int
    /// How often a call is tried before it counts as failed, and the pauses between.
    public var policy: RetryPolicy
    /// How many calls are under way at once.
    public var concurrency: Int
    /// The most calls a minute; `nil` for no limit.
    public var requestsPerMinute: Int?
    /// The most tokens a minute, prompts and answers together; `nil` for no limit.
    public var tokensPerMinute: Int?

    /// Creates settings.
    public init(
        keyVariable: String? = nil, timeout: Int = 600, policy: RetryPolicy = RetryPolicy(attempts: 6),
        concurrency: Int = 16, requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil
    ) {
        self.keyVariable = keyVariable
        self.timeout = timeout
        self.policy = policy
        self.concurrency = concurrency
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
    }
}

/// Why one call has no answer; others may have one.
public enum CallFailure: Error, Sendable, Equatable {
    /// The endpoint understood the request and refuses it (400, 413, 422, …).
    case refused(status: Int, reply: ErrorReply)
    /// Every attempt failed, the last one for this reason, in words that are the same for failures of one kind; with what it was this
    /// time where they do not say all.
    case exhausted(reason: String, detail: String? = nil)
}

/// Makes calls to one endpoint: no more at once than allowed, no faster than allowed, again where that may help, and not
/// at all while the endpoint is down.
public final class EndpointCaller: Sendable {
    /// The most bytes of a reply: the log-probabilities of a long prompt are some megabytes.
    static let replyLimit = 64 << 20
    /// So many refusals one after the other mean that every request is refused.
    static let refusalLimit = 16

    /// Where the model answers.
    public let address: EndpointAddress
    private let settings: CallSettings
    private let key: String?
    private let transport: any HTTPTransport
    private let slots: Slots
    private let state: Mutex<State>
    private let onWait: @Sendable (EndpointWait) -> Void
    private let start = ContinuousClock.now

    private struct State {
        var breaker = CircuitBreaker()
        var requests: RateLimit?
        var tokens: RateLimit?
        var refusalsInRow = 0
        /// Why the last call failed that did.
        var lastFailure: String?
        /// Whether it has asked for more patience than there is since it last answered.
        var hasWaitedInVain = false
        /// Until when a wait was told, so that those who wait together are told of once.
        var waitToldUntil = Duration.zero
    }

    /// Prepares calls; none is made yet.
    ///
    /// - Parameters:
    ///   - key: what is sent as bearer token.
    ///   - transport: how calls are made.
    ///   - onWait: called when the endpoint is waited for, once for all calls that wait together.
    public init(
        address: EndpointAddress, settings: CallSettings = .init(), key: String? = nil,
        transport: any HTTPTransport = NetworkTransport(),
        onWait: @escaping @Sendable (EndpointWait) -> Void = { _ in }
    ) {
        self.onWait = onWait
        self.address = address
        self.settings = settings
        self.key = key
        self.transport = transport
        slots = Slots(count: settings.concurrency)
        state = Mutex(
            State(
                requests: settings.requestsPerMinute.map { RateLimit(perMinute: $0, now: .zero) },
                tokens: settings.tokensPerMinute.map { RateLimit(perMinute: $0, now: .zero) }))
    }

    /// Makes one call until it has an answer that can be read, or cannot have one.
    ///
    /// - Parameters:
    ///   - path: after the address's version, such as `/chat/completions`.
    ///   - body: what is sent; `nil` for a `GET`.
    ///   - seed: decides the pauses.
    ///   - answerTokens: how many tokens the answer may have, for the limit of tokens.
    ///   - read: takes the reply in and says how many tokens were used.
    /// - Throws: ``CallFailure``; ``EndpointError`` if no call can succeed; `CancellationError`.
    public func call<Reply>(
        _ path: String, body: JSON?, seed: UInt64, answerTokens: Int = 0,
        read: (JSON, String) throws(FileError) -> (Reply, Usage?)
    ) async throws -> Reply {
        let bytes = body.map { Array($0.serialized().utf8) } ?? []
        // A token of English is about four bytes. What was estimated wrongly is put right when the usage is known.
        let expected = Double(bytes.count / 4) + Double(answerTokens)
        let call = HTTPCall(
            body == nil ? .get : .post, address.base + path, headers: headers(hasBody: body != nil), body: bytes,
            timeout: .seconds(settings.timeout), byteLimit: Self.replyLimit)
        return try await slots.withSlot {
            var failed = 0
            var patience = 1
            while true {
                try await admit(tokens: expected)
                let outcome = await attempt(call, expected: expected, read: read)
                switch outcome {
                case .reply(let reply): return reply
                case .end(let error): throw error
                case .failure(let reason, let detail, let requested):
                    failed += 1
                    if let requested { try spend(&patience, on: requested, reason) }
                    guard failed < settings.policy.attempts else {
                        throw CallFailure.exhausted(reason: reason, detail: detail)
                    }
                    let pause = settings.policy.pause(after: failed, seed: seed, requested: requested)
                    if requested != nil { tell(pause, requested) }
                    try await Task.sleep(for: pause)
                }
            }
        }
    }

    /// A pause that is longer than the policy allows is cut short once, to see whether the endpoint answers all the same; an endpoint that
    /// then asks for as much again is waited for no more.
    private func spend(_ patience: inout Int, on requested: Duration, _ reason: String) throws(CallFailure) {
        let limit = settings.policy.longestRequestedPause
        guard requested > limit else { return }
        let isInVain = state.withLock { state in
            if patience == 0 { state.hasWaitedInVain = true }
            return state.hasWaitedInVain
        }
        patience -= 1
        guard isInVain else { return }
        throw CallFailure.exhausted(
            reason: "it asks to wait longer than endpoint.longestWait allows, \(EndpointWait.seconds(limit))",
            detail: "it asks to wait \(EndpointWait.seconds(requested)); \(reason)")
    }

    /// Says that the endpoint is waited for, unless those who wait already were told.
    private func tell(_ pause: Duration, _ requested: Duration?) {
        guard pause >= .seconds(1) else { return }
        let now = now
        let isNews = state.withLock { state in
            guard now >= state.waitToldUntil else { return false }
            state.waitToldUntil = now + pause
            return true
        }
        if isNews { onWait(EndpointWait(address: address.base, requested: requested, pause: pause)) }
    }

    private enum Outcome<Reply> {
        case reply(Reply)
        case failure(String, detail: String? = nil, pause: Duration?)
        case end(any Error)
    }

    private func attempt<Reply>(
        _ call: HTTPCall, expected: Double, read: (JSON, String) throws(FileError) -> (Reply, Usage?)
    ) async -> Outcome<Reply> {
        let answer: HTTPAnswer
        do {
            answer = try await transport.answer(to: call)
        } catch let error as TransportError {
            let reason = describe(error)
            fail(reason)
            return .failure(reason, pause: nil)
        } catch {
            state.withLock { $0.breaker.cancel() }
            return .end(error)
        }
        if (200..<300).contains(answer.status) {
            do {
                let json = try JSON.parse(
                    answer.body, path: call.url, limits: JSON.Limits(depth: 64, byteCount: Self.replyLimit))
                let (reply, usage) = try read(json, call.url)
                succeed(expected: expected, usage: usage)
                state.withLock { $0.hasWaitedInVain = false }
                return .reply(reply)
            } catch {
                let place = error.place.isEmpty ? "" : " (\(redacted(error.place)))"
                let start = String(decoding: answer.body.prefix(400), as: UTF8.self)
                let reason = """
                    its reply is not one of OpenAI's API to \(path(of: call)): \
                    \(redacted(error.problems.joined(separator: "; ")).legible(limit: 200))\(place)
                    """
                let detail =
                    answer.body.isEmpty
                    ? "the reply was empty"
                    : "the reply had \(answer.body.count) bytes and began with “\(redacted(start).legible(limit: 120))”"
                fail("\(reason); \(detail)")
                return .failure(reason, detail: detail, pause: nil)
            }
        }
        let reply = errorReply(answer, url: call.url)
        if RetryPolicy.isTransient(answer.status) {
            let reason = "it answered with status \(answer.status) (\(reply.message))"
            // Too many requests is the answer of an endpoint at work.
            if answer.status == 429 { succeed(expected: expected, usage: nil) } else { fail(reason) }
            return .failure(reason, pause: RetryPolicy.requestedPause(answer.headers))
        }
        return .end(refusal(answer.status, reply))
    }

    // MARK: - What is allowed

    private var now: Duration { start.duration(to: .now) }

    private func admit(tokens: Double) async throws {
        while true {
            let admission = state.withLock { $0.breaker.admission(now: now) }
            switch admission {
            case .open:
                let wait = state.withLock { state in
                    max(state.requests?.take(1, now: now) ?? .zero, state.tokens?.take(tokens, now: now) ?? .zero)
                }
                guard wait > .zero else { return }
                do {
                    return try await Task.sleep(for: wait)
                } catch {
                    // The call will not be made; if it was to be the trial, another may be.
                    state.withLock { $0.breaker.cancel() }
                    throw error
                }
            case .wait(let pause):
                tell(pause, nil)
                try await Task.sleep(for: pause)
            case .givenUp:
                throw EndpointError(
                    kind: .unavailable, address: address.description,
                    problem:
                        "it has failed again and again\(state.withLock { $0.lastFailure.map { "; at last \($0)" } } ?? "").",
                    remedy: "See what is wrong with it, then try again; what was answered is kept.")
            }
        }
    }

    private func succeed(expected: Double, usage: Usage?) {
        state.withLock { state in
            state.breaker.succeed()
            state.refusalsInRow = 0
            if let usage {
                state.tokens?.giveBack(
                    expected - Double(usage.promptTokens) - Double(usage.completionTokens), now: now)
            }
        }
    }

    private func fail(_ reason: String) {
        state.withLock { state in
            state.breaker.fail(now: now)
            state.lastFailure = reason
        }
    }

    // MARK: - What is said

    private func headers(hasBody: Bool) -> [(name: String, value: String)] {
        var headers = [("Accept", "application/json"), ("User-Agent", "gyges")]
        if hasBody { headers.append(("Content-Type", "application/json")) }
        if let key { headers.append(("Authorization", "Bearer \(key)")) }
        return headers
    }

    /// What a status that is no success means where trying again does not help.
    private func refusal(_ status: Int, _ reply: ErrorReply) -> any Error {
        func error(_ kind: EndpointError.Kind, _ problem: String, _ remedy: String) -> EndpointError {
            state.withLock { $0.breaker.cancel() }
            return EndpointError(kind: kind, address: address.description, problem: problem, remedy: remedy)
        }
        switch status {
        case 401, 403:
            let remedy =
                settings.keyVariable.map { "Check the key in \($0) and what it may be used for." }
                ?? "Put a key into an environment variable and name that variable (a study file: endpoint.keyVariable)."
            return error(.key, "it does not accept the key (status \(status): \(reply.message)).", remedy)
        case 402:
            return error(
                .key, "it wants to be paid (status 402: \(reply.message)).",
                "Settle that, then try again; what was answered is kept.")
        case 404:
            return error(
                .missing, "it has no such model or no such API (status 404: \(reply.message)).",
                "Check the address, with its version, and the model's name after #.")
        case 300..<400:
            return error(
                .missing, "it points to another address (status \(status)), and keys are not carried elsewhere.",
                "Give the address that it points to.")
        default:
            let row = state.withLock { state in
                state.breaker.succeed()
                state.refusalsInRow += 1
                return state.refusalsInRow
            }
            guard row < Self.refusalLimit else {
                return error(
                    .refusal, "it refuses every request (status \(status): \(reply.message)).",
                    "Change what it does not accept, or ask another endpoint.")
            }
            return CallFailure.refused(status: status, reply: reply)
        }
    }

    private func errorReply(_ answer: HTTPAnswer, url: String) -> ErrorReply {
        // A page of HTML, as proxies send it, says no more than its status.
        let json = try? JSON.parse(answer.body, path: url, limits: JSON.Limits(depth: 64, byteCount: 1 << 20))
        var reply = json.flatMap(ErrorReply.init) ?? ErrorReply(message: "no message")
        reply.message = redacted(reply.message)
        return reply
    }

    /// What was called, without the address.
    private func path(of call: HTTPCall) -> String { String(call.url.dropFirst(address.base.count)) }

    private func describe(_ error: TransportError) -> String {
        switch error {
        case .timedOut: "it did not answer within \(settings.timeout) s"
        case .connection(let reason): "there is no connection (\(redacted(reason)))"
        case .tooLarge(let limit): "its reply is larger than \(limit >> 20) MiB"
        }
    }

    /// A text without the key, which some servers repeat in their errors; a text that was cut may end within it.
    private func redacted(_ text: String) -> String {
        guard let key, key.utf8.count >= 4 else { return text }
        let text = text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "[key]")
        for length in (4..<key.count).reversed() where text.hasSuffix(key.prefix(length)) {
            return text.dropLast(length) + "[key]"
        }
        return text
    }
}

import Synchronization

/// What a generation has brought and nobody has read: one delta that grows, then the end.
///
/// The loop stops computing the request while ``isFull``, so that whoever stops reading costs a bounded amount of memory; at
/// most one step's tokens come on top.
final class EventBuffer: Sendable {
    private typealias Outcome = Result<GenerationEvent?, EngineError>

    private struct State {
        var text = ""
        var tokens: [ScoredToken] = []
        /// How it ended, until that is read.
        var end: Result<Completion, EngineError>?
        /// Whether the end was set.
        var hasEnded = false
        var reader: CheckedContinuation<Outcome, Never>?

        /// The next event, if there is one.
        mutating func next() -> Outcome? {
            if !tokens.isEmpty || !text.isEmpty {
                defer { (text, tokens) = ("", []) }
                return .success(.delta(text: text, tokens: tokens))
            }
            guard hasEnded else { return nil }
            defer { end = nil }
            return end.map { $0.map(GenerationEvent.finished) } ?? .success(nil)
        }
    }

    private let tokenLimit: Int
    private let wake: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - tokenLimit: The tokens that may wait to be read.
    ///   - wake: Called when there is room again.
    init(tokenLimit: Int, wake: @escaping @Sendable () -> Void) {
        self.tokenLimit = max(1, tokenLimit)
        self.wake = wake
    }

    /// Whether as many tokens as may are waiting to be read, and nobody is reading.
    var isFull: Bool { state.withLock { !$0.hasEnded && $0.tokens.count >= tokenLimit } }

    /// Takes in what a step brought.
    func append(text: String, tokens: [ScoredToken]) {
        change { state in
            guard !state.hasEnded else { return }
            state.text += text
            state.tokens += tokens
        }
    }

    /// Ends the events; only the first end counts.
    func end(_ outcome: Result<Completion, EngineError>) {
        change { state in
            guard !state.hasEnded else { return }
            state.end = outcome
            state.hasEnded = true
        }
    }

    /// Drops what is unread and ends the events.
    func cancel() {
        change { state in
            guard !state.hasEnded else { return }
            (state.text, state.tokens) = ("", [])
            state.end = .failure(.cancelled)
            state.hasEnded = true
        }
    }

    /// The next event; `nil` after the last.
    ///
    /// - Throws: ``EngineError``, once; ``EngineError/invalidRequest(_:)`` if another task is waiting for the next event.
    func next() async throws(EngineError) -> GenerationEvent? {
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            let (ready, wasFull) = state.withLock { state -> (Outcome?, Bool) in
                guard state.reader == nil else {
                    return (.failure(.invalidRequest("Events are read by one task at a time.")), false)
                }
                let wasFull = !state.hasEnded && state.tokens.count >= tokenLimit
                let ready = state.next()
                if ready == nil { state.reader = continuation }
                return (ready, wasFull)
            }
            if let ready { continuation.resume(returning: ready) }
            if wasFull { wake() }
        }
        return try outcome.get()
    }

    /// Makes a change and serves whoever waits for one.
    private func change(_ body: (inout State) -> Void) {
        let (reader, event) = state.withLock { state in
            body(&state)
            guard let reader = state.reader, let event = state.next() else {
                return (CheckedContinuation<Outcome, Never>?.none, Outcome.success(nil))
            }
            state.reader = nil
            return (reader, event)
        }
        reader?.resume(returning: event)
    }
}

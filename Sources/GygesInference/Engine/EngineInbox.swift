import Dispatch
import Synchronization

/// A request on its way through the engine.
final class EngineJob: Sendable {
    enum Request: Sendable {
        case generation(GenerationRequest)
        case scoring(ScoringRequest)
    }

    enum Output: Sendable {
        case text(String)
        case completion(Completion)
        case scores([ScoredToken])
    }

    let request: Request
    let deliver: @Sendable (Result<Output, any Error>) -> Void
    private let cancelled = Atomic<Bool>(false)

    init(_ request: Request, deliver: @escaping @Sendable (Result<Output, any Error>) -> Void) {
        self.request = request
        self.deliver = deliver
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// Where callers leave what the engine's thread is to do.
final class EngineInbox: Sendable {
    enum Message: Sendable {
        case job(EngineJob)
        /// Done between two steps; gets `nil` if the engine was shut down.
        case errand(@Sendable (EngineLoop?) -> Void)

        /// Tells the sender that the engine was shut down.
        func refuse() {
            switch self {
            case .job(let job): job.deliver(.failure(EngineError.shutDown))
            case .errand(let errand): errand(nil)
            }
        }
    }

    private struct State {
        var messages: [Message] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    func submit(_ message: Message) {
        let accepted = state.withLock { state in
            if !state.isClosed { state.messages.append(message) }
            return !state.isClosed
        }
        if accepted { signal.signal() } else { message.refuse() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        signal.signal()
    }

    /// The messages left since the last call; waits for one if `waits`. `nil` once the inbox is closed.
    func take(waits: Bool) -> [Message]? {
        while true {
            let (messages, isClosed) = state.withLock { state in
                defer { state.messages = [] }
                return (state.messages, state.isClosed)
            }
            if isClosed {
                for message in messages { message.refuse() }
                return nil
            }
            if !messages.isEmpty || !waits { return messages }
            signal.wait()
        }
    }
}

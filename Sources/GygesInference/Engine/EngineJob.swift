import Synchronization

/// A request on its way through the engine.
final class EngineJob: Sendable {
    enum Request: Sendable {
        case generation(GenerationRequest)
        case scoring(ScoringRequest)

        /// What is added to the model's weights for it.
        var adapter: LoadedAdapter? {
            switch self {
            case .generation(let request): request.adapter
            case .scoring(let request): request.adapter
            }
        }
    }

    enum Output: Sendable {
        case completion(Completion)
        case scores([ScoredToken])
    }

    let request: Request
    /// Where tokens and text go as they come; `nil` where only the end is wanted.
    let buffer: EventBuffer?
    /// Called once, with the end.
    let deliver: @Sendable (Result<Output, EngineError>) -> Void
    private let cancelled = Atomic<Bool>(false)

    init(
        _ request: Request, buffer: EventBuffer? = nil,
        deliver: @escaping @Sendable (Result<Output, EngineError>) -> Void
    ) {
        self.request = request
        self.buffer = buffer
        self.deliver = deliver
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Whether as much as may be is waiting to be read.
    var isUnread: Bool { buffer?.isFull ?? false }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

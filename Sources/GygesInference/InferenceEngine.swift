import Dispatch
public import GygesKernels
public import GygesModels
public import GygesText
import Synchronization

/// Runs many generations and scorings of one decoder together, on a thread of its own.
///
/// Requests join and leave between steps (continuous batching); prompts that begin alike are computed once. The result
/// of a request depends on the model, the request and the instruction set, and on nothing else: not on the number of
/// threads, nor on what else is being computed.
public final class InferenceEngine: Sendable {
    /// How an engine is set up.
    public struct Options: Sendable {
        /// Threads that compute; `nil` for one a usable processor.
        public var threadCount: Int?
        /// How keys and values are stored.
        public var keyValueFormat: KeyValueFormat
        /// The most bytes of keys and values kept.
        public var keyValueByteLimit: Int
        /// The most sequences computed together.
        public var sequenceLimit: Int
        /// The most rows of one step: bounds how long a prompt keeps others waiting.
        public var rowLimit: Int

        /// Creates options.
        public init(
            threadCount: Int? = nil, keyValueFormat: KeyValueFormat = .f16, keyValueByteLimit: Int = 4 << 30,
            sequenceLimit: Int = 32, rowLimit: Int = 512
        ) {
            self.threadCount = threadCount
            self.keyValueFormat = keyValueFormat
            self.keyValueByteLimit = keyValueByteLimit
            self.sequenceLimit = sequenceLimit
            self.rowLimit = rowLimit
        }
    }

    /// The model.
    public let model: DecoderModel
    /// The model's tokenizer.
    public let tokenizer: Tokenizer
    private let inbox: EngineInbox
    private let finished = DispatchSemaphore(value: 0)

    /// Starts an engine; ``shutDown()`` or the end of its life stops it.
    public init(model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: Options = .init()) {
        self.model = model
        self.tokenizer = tokenizer
        let inbox = EngineInbox()
        self.inbox = inbox
        let finished = finished
        startThread(named: "gyges-engine") {
            EngineLoop(model: model, tokenizer: tokenizer, team: team, options: options, inbox: inbox).run()
            finished.signal()
        }
    }

    deinit { inbox.close() }

    /// Stops taking requests, fails those under way and waits for the thread to end.
    public func shutDown() {
        inbox.close()
        finished.wait()
        finished.signal()
    }

    /// Generates, giving text as it comes. Ending the iteration early cancels the request.
    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let job = EngineJob(.generation(request)) { result in
            switch result {
            case .success(.text(let text)): continuation.yield(.text(text))
            case .success(.completion(let completion)):
                continuation.yield(.finished(completion))
                continuation.finish()
            case .success(.scores): break
            case .failure(let error): continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in job.cancel() }
        inbox.submit(job)
        return stream
    }

    /// Generates and returns everything at the end.
    public func complete(_ request: GenerationRequest) async throws -> Completion {
        for try await event in generate(request) {
            if case .finished(let completion) = event { return completion }
        }
        throw CancellationError()
    }

    /// The log-probability of each token of the continuation.
    public func score(_ request: ScoringRequest) async throws -> [ScoredToken] {
        let (stream, continuation) = AsyncThrowingStream<[ScoredToken], any Error>.makeStream()
        let job = EngineJob(.scoring(request)) { result in
            switch result {
            case .success(.scores(let scores)):
                continuation.yield(scores)
                continuation.finish()
            case .success: break
            case .failure(let error): continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in job.cancel() }
        inbox.submit(job)
        for try await scores in stream { return scores }
        throw CancellationError()
    }
}

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

/// Where callers leave jobs for the engine's thread.
final class EngineInbox: Sendable {
    private struct State {
        var jobs: [EngineJob] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    func submit(_ job: EngineJob) {
        let accepted = state.withLock { state in
            if !state.isClosed { state.jobs.append(job) }
            return !state.isClosed
        }
        if accepted { signal.signal() } else { job.deliver(.failure(EngineError("The engine was shut down."))) }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        signal.signal()
    }

    /// The jobs left since the last call; waits for one if `waits`. `nil` once the inbox is closed.
    func take(waits: Bool) -> [EngineJob]? {
        while true {
            let (jobs, isClosed) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isClosed)
            }
            if isClosed {
                for job in jobs { job.deliver(.failure(EngineError("The engine was shut down."))) }
                return nil
            }
            if !jobs.isEmpty || !waits { return jobs }
            signal.wait()
        }
    }
}

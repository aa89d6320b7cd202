import GygesCheckpoints
import Synchronization
public import GygesTokenizer
import Dispatch
public import GygesKernels
public import GygesModels

/// Runs many generations and scorings of one decoder together, on a thread of its own.
///
/// Requests join and leave between steps (continuous batching); prompts that begin alike are computed once. The result
/// of a request depends on the model, the request and the instruction set, and on nothing else: not on the number of
/// threads, nor on what else is being computed.
///
/// Memory is bounded by the options, whatever is asked: keys and values by ``Options-swift.struct/keyValueByteLimit``, requests that
/// wait by ``Options-swift.struct/queueLimit``, answers that nobody reads by ``Options-swift.struct/streamBufferLimit``.
public final class InferenceEngine: Sendable {
    /// How an engine is set up.
    public struct Options: Sendable {
        /// Threads that compute; `nil` for one a usable processor.
        public var threadCount: Int?
        /// How keys and values are stored; `nil` for f16, or f32 where the model's may exceed what f16 holds
        /// (``DecoderModel/keyValueFormat(team:)``).
        public var keyValueFormat: KeyValueFormat?
        /// The most bytes of keys and values kept.
        public var keyValueByteLimit: Int
        /// The most sequences computed together.
        public var sequenceLimit: Int
        /// The most rows of one step.
        public var rowLimit: Int
        /// The most rows of prompts in a step while sequences are decoding, or twice as many as are decoding: bounds how
        /// long a prompt keeps them waiting for their next tokens.
        ///
        /// A step costs about as much as 9 rows however few it has. With the default of 32, the tokens of one sequence come
        /// four times as slowly while a prompt is read, and the prompt at three quarters of its speed; those of 16
        /// sequences 2.3 times as slowly.
        public var promptRowLimit: Int
        /// The most rows of decoding sequences, proposed tokens included, in a step that speculates; 0 never speculates.
        ///
        /// With the default, a tile of the matmuls, one sequence is proposed up to 15 tokens, eight 1 each, more none: with many
        /// sequences a wrong token costs more than a right one gains.
        public var speculationRowLimit: Int
        /// How texts beyond the model's native window are read, and how long they may be.
        public var longContext: LongContextOptions
        /// The most requests that wait to be computed for the first time; what becomes of more is up to the caller (``WhenFull``).
        ///
        /// A waiting request costs its prompt and about a kilobyte. The default lets more wait than a model answers in minutes;
        /// batches of any size go through by waiting.
        public var queueLimit: Int
        /// The most tokens of a request that wait to be read from its ``GenerationStream`` before it is not computed any further.
        public var streamBufferLimit: Int

        /// Creates options.
        public init(
            threadCount: Int? = nil, keyValueFormat: KeyValueFormat? = nil, keyValueByteLimit: Int = 4 << 30,
            sequenceLimit: Int = 32, rowLimit: Int = 512, promptRowLimit: Int = 32, speculationRowLimit: Int = 16,
            longContext: LongContextOptions = .init(), queueLimit: Int = 1024, streamBufferLimit: Int = 512
        ) {
            self.threadCount = threadCount
            self.keyValueFormat = keyValueFormat
            self.keyValueByteLimit = keyValueByteLimit
            self.sequenceLimit = sequenceLimit
            self.rowLimit = rowLimit
            self.promptRowLimit = promptRowLimit
            self.speculationRowLimit = speculationRowLimit
            self.longContext = longContext
            self.queueLimit = queueLimit
            self.streamBufferLimit = streamBufferLimit
        }
    }

    /// The model.
    public let model: DecoderModel
    /// The model's tokenizer.
    public let tokenizer: Tokenizer
    /// What happens beyond the native window, and the most tokens of a request.
    public let longContext: LongContext
    /// How keys and values are stored.
    public let keyValueFormat: KeyValueFormat
    let inbox: EngineInbox
    private let streamBufferLimit: Int
    private let limits: RequestLimits
    private let finished = DispatchSemaphore(value: 0)

    /// Starts an engine; ``shutDown()`` or the end of its life stops it.
    ///
    /// - Throws: ``EngineError/threadUnavailable(code:)``
    public convenience init(
        model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: Options = .init()
    ) throws(EngineError) {
        try self.init(model: model, tokenizer: tokenizer, team: team, options: options, starter: .system)
    }

    init(
        model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: Options, starter: ThreadStarter
    ) throws(EngineError) {
        self.model = model
        self.tokenizer = tokenizer
        let longContext = LongContext(decoder: model.decoder, options: options.longContext)
        self.longContext = longContext
        let format = options.keyValueFormat ?? model.keyValueFormat(team: team)
        keyValueFormat = format
        let inbox = EngineInbox(queueLimit: options.queueLimit)
        self.inbox = inbox
        streamBufferLimit = options.streamBufferLimit
        limits = RequestLimits(
            of: model, tokenizer: tokenizer, longContext: longContext,
            pool: KeyValuePool(
                for: model.decoder.configuration, format: format, byteLimit: options.keyValueByteLimit))
        let finished = finished
        let status = starter.start {
            EngineLoop(
                model: model, tokenizer: tokenizer, team: team, options: options, keyValueFormat: format,
                longContext: longContext, inbox: inbox
            ).run()
            finished.signal()
        }
        guard status == 0 else { throw .threadUnavailable(code: status) }
    }

    deinit { inbox.close() }

    /// Stops taking requests, fails those under way with ``EngineError/shutDown`` and waits for the thread to end.
    public func shutDown() {
        inbox.close()
        finished.wait()
        finished.signal()
    }

    /// Whether a request can be served at all, as far as the request tells.
    ///
    /// - Throws: What ``complete(_:whenFull:)`` would throw before anything is computed.
    public func check(_ request: GenerationRequest) throws(EngineError) { try limits.check(.generation(request)) }

    /// Whether a request can be served at all, as far as the request tells.
    ///
    /// - Throws: What ``score(_:whenFull:)`` would throw before anything is computed.
    public func check(_ request: ScoringRequest) throws(EngineError) { try limits.check(.scoring(request)) }

    /// Whether as many requests wait as may.
    public var isFull: Bool { inbox.room.used >= inbox.room.limit }

    /// Generates, giving tokens and text as they come.
    ///
    /// If as many requests as may wait already, the stream throws ``EngineError/overloaded(limit:)``.
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        let inbox = inbox
        let buffer = EventBuffer(tokenLimit: streamBufferLimit, wake: inbox.wake)
        let job = EngineJob(.generation(request), buffer: buffer) { outcome in
            buffer.end(
                outcome.flatMap { output in
                    if case .completion(let completion) = output { .success(completion) } else { .failure(.cancelled) }
                })
        }
        if inbox.room.tryEnter() {
            inbox.submit(.job(job))
        } else {
            buffer.end(.failure(.overloaded(limit: inbox.room.limit)))
        }
        return GenerationStream(job: job, buffer: buffer, inbox: inbox)
    }

    /// Generates and returns everything at the end.
    ///
    /// - Throws: ``EngineError``; ``EngineError/cancelled`` if the task is cancelled.
    public func complete(_ request: GenerationRequest, whenFull: WhenFull = .wait) async throws(EngineError)
        -> Completion
    {
        let output = try await output(of: .generation(request), whenFull)
        guard case .completion(let completion) = output else { throw .cancelled }
        return completion
    }

    /// Generates and returns everything at the end; the thread that calls waits for it.
    ///
    /// - Precondition: The thread is the program's own, and not one that runs tasks, of which there are few.
    /// - Throws: ``EngineError``; ``EngineError/overloaded(limit:)`` if as many requests as may wait already do.
    public func wait(forCompletionOf request: GenerationRequest) throws(EngineError) -> Completion {
        guard inbox.room.tryEnter() else { throw .overloaded(limit: inbox.room.limit) }
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<EngineJob.Output, EngineError>>(.failure(.cancelled))
        inbox.submit(
            .job(
                EngineJob(.generation(request)) { result in
                    outcome.withLock { $0 = result }
                    done.signal()
                }))
        done.wait()
        guard case .completion(let completion) = try outcome.withLock({ $0 }).get() else { throw .cancelled }
        return completion
    }

    /// The log-probability of each token of the continuation.
    ///
    /// - Throws: ``EngineError``; ``EngineError/cancelled`` if the task is cancelled.
    public func score(_ request: ScoringRequest, whenFull: WhenFull = .wait) async throws(EngineError) -> [ScoredToken]
    {
        let output = try await output(of: .scoring(request), whenFull)
        guard case .scores(let scores) = output else { throw .cancelled }
        return scores
    }

    /// The end of a request, without what comes before.
    private func output(of request: EngineJob.Request, _ whenFull: WhenFull) async throws(EngineError)
        -> EngineJob.Output
    {
        let room = inbox.room
        switch whenFull {
        case .wait: guard await room.enter() else { throw .cancelled }
        case .refuse: guard room.tryEnter() else { throw .overloaded(limit: room.limit) }
        }
        let handover = Handover<EngineJob.Output, EngineError>()
        let job = EngineJob(request, deliver: handover.fulfil)
        inbox.submit(.job(job))
        return try await handover.value {
            job.cancel()
            handover.fulfil(.failure(.cancelled))
        }
    }

    // MARK: Between steps

    /// What the engine holds and has done; waits for the step under way.
    ///
    /// - Throws: ``EngineError/shutDown``
    public func statistics() async throws -> EngineStatistics { try await perform { $0.statistics } }

    /// Forgets everything computed for requests that are over.
    ///
    /// - Throws: ``EngineError/shutDown``
    public func forgetPrefixes() async throws { try await perform { $0.index.forgetIdle() } }

    /// Writes keys and values that were computed for the beginning of `prompt` to a file, for ``loadPrefixes(from:model:)`` in a
    /// later process. Requests wait meanwhile.
    /// What requests with adapters of their own computed is not saved.
    ///
    /// - Parameters:
    ///   - prompt: What to save the known beginning of; everything known if `nil`.
    ///   - path: The file, replaced as a whole.
    ///   - model: A name for the weights and the precision of products, by which a file of others is refused.
    /// - Returns: The number of tokens saved.
    /// - Throws: `FileError` if the file cannot be written; ``EngineError`` if the engine was shut down.
    /// - Complexity: O(bytes of keys and values).
    @discardableResult
    public func savePrefixes(of prompt: [Int32]? = nil, to path: String, model: String) async throws -> Int {
        try await perform { try $0.savePrefixes(of: prompt, model: model, to: path) }
    }

    /// Adds keys and values from a file, so that prompts that begin like those saved are computed from there on; results have
    /// the same bits as without.
    ///
    /// Only memory that is free is filled; what exceeds it is left out.
    /// - Parameters:
    ///   - path: A file of ``savePrefixes(of:to:model:)``.
    ///   - model: The name given there.
    /// - Returns: The number of tokens added.
    /// - Throws: `FileError` if the file cannot be read, is damaged, or comes from another model, instruction set or cache
    ///   format; ``EngineError`` if the engine was shut down.
    /// - Complexity: O(size of the file), all of which is verified.
    @discardableResult
    public func loadPrefixes(from path: String, model: String) async throws -> Int {
        try await perform { try $0.loadPrefixes(model: model, from: path) }
    }

    /// Does something on the engine's thread between two steps.
    private func perform<Value: Sendable>(
        _ body: @escaping @Sendable (EngineLoop) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            inbox.submit(
                .betweenSteps { loop in
                    continuation.resume(with: Result { try body(loop.get()) })
                })
        }
    }
}

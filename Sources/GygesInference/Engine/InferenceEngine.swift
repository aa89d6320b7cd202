public import GygesTokenizer
import Dispatch
public import GygesKernels
public import GygesModels

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
        /// With the default, a tile of the products, one sequence is proposed up to 15 tokens, eight 1 each, more none: with many
        /// sequences a wrong token costs more than a right one gains.
        public var speculationRowLimit: Int
        /// How texts beyond the model's native window are read, and how long they may be.
        public var longContext: LongContextOptions

        /// Creates options.
        public init(
            threadCount: Int? = nil, keyValueFormat: KeyValueFormat = .f16, keyValueByteLimit: Int = 4 << 30,
            sequenceLimit: Int = 32, rowLimit: Int = 512, promptRowLimit: Int = 32, speculationRowLimit: Int = 16,
            longContext: LongContextOptions = .init()
        ) {
            self.threadCount = threadCount
            self.keyValueFormat = keyValueFormat
            self.keyValueByteLimit = keyValueByteLimit
            self.sequenceLimit = sequenceLimit
            self.rowLimit = rowLimit
            self.promptRowLimit = promptRowLimit
            self.speculationRowLimit = speculationRowLimit
            self.longContext = longContext
        }
    }

    /// The model.
    public let model: DecoderModel
    /// The model's tokenizer.
    public let tokenizer: Tokenizer
    /// What happens beyond the native window, and the most tokens of a request.
    public let longContext: LongContext
    private let inbox: EngineInbox
    private let finished = DispatchSemaphore(value: 0)

    /// Starts an engine; ``shutDown()`` or the end of its life stops it.
    public init(model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: Options = .init()) {
        self.model = model
        self.tokenizer = tokenizer
        let longContext = LongContext(decoder: model.decoder, options: options.longContext)
        self.longContext = longContext
        let inbox = EngineInbox()
        self.inbox = inbox
        let finished = finished
        startThread(named: "gyges-engine") {
            EngineLoop(
                model: model, tokenizer: tokenizer, team: team, options: options, longContext: longContext, inbox: inbox
            ).run()
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
        inbox.submit(.job(job))
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
        inbox.submit(.job(job))
        for try await scores in stream { return scores }
        throw CancellationError()
    }

    // MARK: Between steps

    /// What the engine holds and has done; waits for the step under way.
    ///
    /// - Throws: ``EngineError`` if the engine was shut down.
    public func statistics() async throws -> EngineStatistics { try await perform { $0.statistics } }

    /// Forgets everything computed for requests that are over.
    ///
    /// - Throws: ``EngineError`` if the engine was shut down.
    public func forgetPrefixes() async throws { try await perform { $0.index.forgetIdle() } }

    /// Writes keys and values that were computed for the beginning of `prompt` to a file, for ``loadPrefixes(from:model:)`` in a
    /// later process. Requests wait meanwhile.
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
                .errand { loop in
                    guard let loop else { return continuation.resume(throwing: EngineError.shutDown) }
                    continuation.resume(with: Result { try body(loop) })
                })
        }
    }
}

public import GygesConstraints

/// A text to continue.
public struct GenerationRequest: Sendable {
    /// The tokens to continue; at least one.
    public var prompt: [Int32]
    /// The most tokens to generate.
    public var maximumTokenCount: Int
    /// How tokens are chosen.
    public var sampling: SamplingParameters
    /// What is added to logits before tokens are chosen.
    public var adjustments: LogitAdjustments
    /// Texts that end the generation; the text is cut before the first of them.
    public var stopStrings: [String]
    /// Tokens that end the generation and are not part of its text: ends of turn and of text.
    public var stopTokens: Set<Int32>
    /// Whether tokens may be proposed from what the text, or an earlier one, repeats, and verified several in a step. Changes the
    /// time that a generation takes and nothing else.
    public var speculates: Bool
    /// What the text may be; `nil` for anything. Stop tokens come only where the text is complete, and where nothing more
    /// may follow the generation ends without one. Stop strings end it anywhere.
    public var constraint: OutputConstraint?
    /// How many of the most likely tokens are told with each generated one (``ScoredToken/alternatives``): at most
    /// ``topLogProbabilityLimit``; 0 for none.
    public var topLogProbabilityCount: Int
    /// What is added to the model's weights for this request alone; `nil` for the model as it was loaded.
    public var adapter: LoadedAdapter?
    /// Called once when the request's turn has come and its prompt begins to be read, on the engine's thread, which it must not hold up.
    public var onStart: (@Sendable () -> Void)?

    /// The most tokens that may be told with each generated one.
    public static let topLogProbabilityLimit = 128

    /// Creates a request.
    public init(
        prompt: [Int32], maximumTokenCount: Int, sampling: SamplingParameters = .init(),
        adjustments: LogitAdjustments = .init(), stopStrings: [String] = [],
        stopTokens: Set<Int32> = [], speculates: Bool = true, constraint: OutputConstraint? = nil,
        topLogProbabilityCount: Int = 0, adapter: LoadedAdapter? = nil
    ) {
        self.prompt = prompt
        self.maximumTokenCount = maximumTokenCount
        self.sampling = sampling
        self.adjustments = adjustments
        self.stopStrings = stopStrings
        self.stopTokens = stopTokens
        self.speculates = speculates
        self.constraint = constraint
        self.topLogProbabilityCount = topLogProbabilityCount
        self.adapter = adapter
    }
}

/// Tokens whose log-probabilities are wanted.
public struct ScoringRequest: Sendable {
    /// Receives the logits that predict the token after position `position`, padding rows of the vocabulary included;
    /// valid during the call only.
    public typealias LogitsObserver = @Sendable (_ position: Int, _ logits: UnsafeBufferPointer<Float>) -> Void

    /// The context and, after it, the continuation.
    public var tokens: [Int32]
    /// Where the continuation begins; at least 1, because the first token has nothing to be predicted from.
    public var firstScored: Int
    /// How many of the most likely tokens are told with each scored one (``ScoredToken/alternatives``): at most
    /// ``GenerationRequest/topLogProbabilityLimit``.
    public var topLogProbabilityCount: Int
    /// Sees every row of logits from position `firstScored - 1` to the last one.
    public var observer: LogitsObserver?
    /// What is added to the model's weights for this request alone; `nil` for the model as it was loaded.
    public var adapter: LoadedAdapter?

    /// Creates a request for the log-probabilities of `tokens[firstScored...]`.
    public init(
        tokens: [Int32], firstScored: Int, topLogProbabilityCount: Int = 0, observer: LogitsObserver? = nil,
        adapter: LoadedAdapter? = nil
    ) {
        self.tokens = tokens
        self.firstScored = firstScored
        self.topLogProbabilityCount = topLogProbabilityCount
        self.observer = observer
        self.adapter = adapter
    }
}

/// What becomes of a request while as many wait as may.
public enum WhenFull: Sendable {
    /// The caller waits for a place in the queue, in the order of asking: for those who have more requests than there is room,
    /// such as a study.
    case wait
    /// It is refused with ``EngineError/overloaded(limit:)`` or ``EncoderError/overloaded(limit:)``: for those who can say so
    /// to whoever asked.
    case refuse
}

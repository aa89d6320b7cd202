public import GygesConstraints

/// A text to continue.
public struct GenerationRequest: Sendable {
    /// The tokens to continue; at least one.
    public var prompt: [Int32]
    /// The most tokens to generate.
    public var maximumTokenCount: Int
    /// How tokens are chosen.
    public var sampling: SamplingParameters
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

    /// Creates a request.
    public init(
        prompt: [Int32], maximumTokenCount: Int, sampling: SamplingParameters = .init(), stopStrings: [String] = [],
        stopTokens: Set<Int32> = [], speculates: Bool = true, constraint: OutputConstraint? = nil
    ) {
        self.prompt = prompt
        self.maximumTokenCount = maximumTokenCount
        self.sampling = sampling
        self.stopStrings = stopStrings
        self.stopTokens = stopTokens
        self.speculates = speculates
        self.constraint = constraint
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
    /// Sees every row of logits from position `firstScored - 1` to the last one.
    public var observer: LogitsObserver?

    /// Creates a request for the log-probabilities of `tokens[firstScored...]`.
    public init(tokens: [Int32], firstScored: Int, observer: LogitsObserver? = nil) {
        self.tokens = tokens
        self.firstScored = firstScored
        self.observer = observer
    }
}

/// Why a generation ended.
public enum FinishReason: String, Sendable, Codable {
    /// A stop token or a stop string, or a constraint after which nothing may follow.
    case stop
    /// The limit on tokens or the model's context.
    case length
}

/// A finished generation.
public struct Completion: Sendable, Equatable {
    /// The generated text without stop tokens and stop strings.
    public var text = ""
    /// The generated tokens, a final stop token included, each with its log-probability.
    public var tokens: [ScoredToken] = []
    /// Why it ended.
    public var finishReason: FinishReason = .length
    /// The stop string that ended it, if one did.
    public var stopString: String?
    /// The number of tokens in the prompt.
    public var promptTokenCount = 0
    /// How many of them were taken from an earlier computation.
    public var reusedTokenCount = 0
    /// How many tokens speculation proposed.
    public var proposedTokenCount = 0
    /// How many of them were the tokens drawn.
    public var acceptedTokenCount = 0
}

/// What happens during a generation.
public enum GenerationEvent: Sendable {
    /// More text, whole characters only.
    case text(String)
    /// The end, with everything.
    case finished(Completion)
}

/// Why the engine refused a request.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }

    static let shutDown = EngineError("The engine was shut down.")
}

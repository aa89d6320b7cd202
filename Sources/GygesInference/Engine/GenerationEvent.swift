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
///
/// The texts of all deltas, one after another, are the completion's text, and their tokens the completion's tokens.
public enum GenerationEvent: Sendable, Equatable {
    /// What came since the last event. The text may be empty, while a character or what could be a stop string is not
    /// complete, and belongs to earlier tokens then; it is whole characters only. `tokens` holds at least one token, but for a
    /// last delta that only releases text.
    case delta(text: String, tokens: [ScoredToken])
    /// The end, with everything.
    case finished(Completion)
}

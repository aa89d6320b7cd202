/// What is added to logits before a token is chosen, as OpenAI's API defines it: `logit − presence · [n > 0] − frequency · n + bias`, where a
/// token was generated `n` times.
///
/// Added after the repetition penalty and before everything else of ``SamplingParameters``. Log-probabilities stay the model's own.
public struct LogitAdjustments: Sendable, Equatable {
    /// Taken from a token's logit for each time that it was generated.
    public var frequencyPenalty: Double
    /// Taken from the logits of tokens that were generated.
    public var presencePenalty: Double
    /// Added to tokens' logits, by id. Tokens that the model does not have are refused with the request.
    public var bias: [Int32: Double]

    /// Creates adjustments; the default changes nothing.
    public init(frequencyPenalty: Double = 0, presencePenalty: Double = 0, bias: [Int32: Double] = [:]) {
        self.frequencyPenalty = frequencyPenalty
        self.presencePenalty = presencePenalty
        self.bias = bias
    }

    /// Whether nothing is changed.
    public var isEmpty: Bool { !hasPenalties && bias.isEmpty }

    /// Whether what was generated matters.
    var hasPenalties: Bool { frequencyPenalty != 0 || presencePenalty != 0 }

    /// What is added to the logit of a token that was generated `count` times.
    func addend(for token: Int32, generated count: Int) -> Float {
        let penalty = count == 0 ? 0 : presencePenalty + frequencyPenalty * Double(count)
        return Float((bias[token] ?? 0) - penalty)
    }
}

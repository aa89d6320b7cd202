/// How the next token is chosen from the logits.
///
/// The order follows transformers: repetition penalty, temperature, top-k, top-p, min-p, then one draw.
public struct SamplingParameters: Sendable, Equatable, Codable {
    /// Divides the logits; 0 takes the most likely token.
    public var temperature: Double
    /// Keeps the `topK` most likely tokens; 0 keeps all.
    public var topK: Int
    /// Keeps the fewest tokens whose probabilities reach `topP` (Holtzman et al. 2020); 1 keeps all.
    public var topP: Double
    /// Drops tokens less likely than `minP` times the most likely one; 0 keeps all.
    public var minP: Double
    /// Divides positive and multiplies negative logits of tokens already seen (Keskar et al. 2019); 1 changes nothing.
    public var repetitionPenalty: Double
    /// Determines the draws together with the position; the same request with the same seed gives the same text.
    public var seed: UInt64

    /// Creates parameters; the default is greedy.
    public init(
        temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0, repetitionPenalty: Double = 1,
        seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
    }

    /// What is out of range, one sentence each; empty if nothing is.
    public var problems: [String] {
        var problems: [String] = []
        if !(temperature.isFinite && temperature >= 0) { problems.append("temperature must be 0 or more") }
        if topK < 0 { problems.append("top-k must be 0 (off) or more") }
        if !(topP > 0 && topP <= 1) { problems.append("top-p must be above 0 and at most 1") }
        if !(minP >= 0 && minP < 1) { problems.append("min-p must be at least 0 and below 1") }
        if !(repetitionPenalty.isFinite && repetitionPenalty > 0) {
            problems.append("the repetition penalty must be above 0")
        }
        return problems
    }
}

/// A token and its log-probability under the model's own distribution, before any sampling parameter.
public struct ScoredToken: Sendable, Equatable {
    /// The token id.
    public var token: Int32
    /// Natural logarithm of the model's probability.
    public var logProbability: Double
    /// Whether it is the most likely token.
    public var isGreedy: Bool
}

import GygesKernels

/// A token and its log-probability under the model's own distribution, before any sampling parameter.
public struct ScoredToken: Sendable, Equatable {
    /// The token id.
    public var token: Int32
    /// Natural logarithm of the model's probability: of the logits as they are, before penalties, temperature, cuts and
    /// constraints.
    public var logProbability: Double
    /// Whether it is the most likely token.
    public var isGreedy: Bool
    /// The most likely tokens, the likeliest first, of equal ones that with the smaller id; as many as were asked for
    /// (``GenerationRequest/topLogProbabilityCount``), fewer where fewer have a probability.
    public var alternatives: [TokenLogProbability] = []
}

/// A token that might have come, and its log-probability, measured as ``ScoredToken/logProbability`` is.
public struct TokenLogProbability: Sendable, Equatable {
    /// The token id.
    public var token: Int32
    /// Natural logarithm of the model's probability.
    public var logProbability: Double
}

/// The `count` most likely tokens of a row of logits.
///
/// - Parameter logNormalizer: log Σ exp of all of `logits`.
/// - Complexity: O(vocabulary) for reading, and O(k log k) for few more than `count` tokens.
func likeliestTokens(
    _ count: Int, of logits: UnsafeMutableBufferPointer<Float>, logNormalizer: Double
) -> [TokenLogProbability] {
    guard count > 0 else { return [] }
    let candidates = indicesOfLargest(count, of: UnsafeBufferPointer(logits).span) ?? Array(logits.indices)
    return candidates.filter { logits[$0] > -.infinity }
        .sorted { (logits[$0], $1) > (logits[$1], $0) }
        .prefix(count)
        .map { TokenLogProbability(token: Int32($0), logProbability: Double(logits[$0]) - logNormalizer) }
}

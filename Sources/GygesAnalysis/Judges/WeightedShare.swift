public import GygesStatistics

/// A share of transcripts that were drawn with known probabilities.
public struct WeightedShare: Sendable, Equatable, Codable {
    /// Labelled transcripts that count.
    public let successes: Int
    /// All labelled transcripts.
    public let count: Int
    /// The share in the run: each transcript counts as many as it stands for (Horvitz & Thompson 1952); `nil` without any.
    public let estimate: Double?
    /// How many equally weighted transcripts would say as much, `(Σw)²/Σw²` (Kish 1965).
    public let effectiveCount: Double
    /// Wilson's interval at the effective count; [0, 1] without transcripts.
    public let interval: Interval

    init(_ entries: some Sequence<(Bool, Double)>, level: Double) {
        var (successes, count) = (0, 0)
        var (sum, squares, good) = (0.0, 0.0, 0.0)
        for (isSuccess, weight) in entries {
            count += 1
            sum += weight
            squares += weight * weight
            if isSuccess {
                successes += 1
                good += weight
            }
        }
        self.successes = successes
        self.count = count
        estimate = sum > 0 ? good / sum : nil
        effectiveCount = squares > 0 ? sum * sum / squares : 0
        interval = wilsonInterval(
            ofMean: estimate ?? 0, count: count, level: level,
            designEffect: effectiveCount > 0 ? Double(count) / effectiveCount : 1)
    }
}

import GygesStatistics

extension EvaluationResult.Point {
    /// The mean of scores with its interval.
    ///
    /// The interval is Wilson's with the mean score as the share. The variance of scores between 0 and 1 is at most that of all or
    /// nothing, so that the interval is exact for those and wider than needed for others; and it does not vanish where all
    /// samples agree, as a bootstrap's would.
    /// - Precondition: there is a score.
    init(length: Int, part: String? = nil, scores: [Double]) {
        let mean = scores.reduce(0, +) / Double(max(1, scores.count))
        self.init(
            length: length, part: part, count: scores.count, value: mean,
            interval: wilsonInterval(ofMean: mean, count: scores.count))
    }
}

/// What an evaluation has done so far.
public struct EvaluationProgress: Sendable, Hashable {
    /// Tokens of context done.
    public var done: Int
    /// Tokens of context in all.
    public var total: Int
}

/// How many of a number of independent trials succeeded.
public struct Proportion: Sendable, Hashable, Codable {
    /// Trials that succeeded.
    public let successes: Int
    /// All trials.
    public let count: Int

    /// Creates a proportion.
    ///
    /// - Precondition: `0 <= successes <= count`.
    public init(successes: Int, count: Int) {
        guard successes >= 0, successes <= count else {
            fatalError("a proportion of \(successes) successes in \(count) trials")
        }
        self.successes = successes
        self.count = count
    }

    /// - Throws: `DecodingError` if there are more successes than trials, or less than none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        successes = try container.decode(Int.self, forKey: .successes)
        count = try container.decode(Int.self, forKey: .count)
        guard successes >= 0, successes <= count else {
            throw DecodingError.dataCorruptedError(
                forKey: .successes, in: container, debugDescription: "\(successes) successes in \(count) trials")
        }
    }

    private enum CodingKeys: CodingKey {
        case successes, count
    }

    /// The share of successes; `nil` without trials.
    public var estimate: Double? { count == 0 ? nil : Double(successes) / Double(count) }

    /// The probability of at least so many successes if each trial had the probability `share`: the one-sided p-value of the exact
    /// binomial test against it. 1 without trials.
    ///
    /// - Precondition: `0 <= share <= 1`.
    /// - Complexity: O(trials).
    public func upperTail(under share: Double) -> Double {
        min(1, (successes...count).reduce(0) { $0 + binomialMass($1, of: count, share) })
    }

    /// The probability of at most so many successes; see ``upperTail(under:)``.
    public func lowerTail(under share: Double) -> Double {
        min(1, (0...successes).reduce(0) { $0 + binomialMass($1, of: count, share) })
    }

    /// The score interval of Wilson (1927, doi:10.1080/01621459.1927.10502953):
    /// `(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`, with `z` the normal quantile of the level.
    ///
    /// Keeps its level near 0 and 1, where the textbook `p ± z·√(p(1−p)/n)` collapses: 0 of 200 gives [0, 1.88 %].
    /// Without trials it is [0, 1].
    ///
    /// - Precondition: `0 < level < 1`.
    public func wilsonInterval(level: Double = 0.95) -> Interval {
        GygesStatistics.wilsonInterval(ofMean: estimate ?? 0, count: count, level: level)
    }

    /// The exact interval of Clopper & Pearson (1934, doi:10.1093/biomet/26.4.404), from quantiles of the beta distribution.
    ///
    /// Covers at least its level whatever the truth, at the price of being wider than ``wilsonInterval(level:)``.
    /// Without trials it is [0, 1].
    ///
    /// - Precondition: `0 < level < 1`.
    public func clopperPearsonInterval(level: Double = 0.95) -> Interval {
        let tail = tailProbability(ofLevel: level)
        let s = Double(successes)
        let f = Double(count - successes)
        return Interval(
            lower: successes == 0 ? 0 : betaQuantile(tail, s, f + 1),
            upper: successes == count ? 1 : 1 - betaQuantile(tail, f, s + 1), level: level)
    }

    /// The interval for this proportion minus an independent one, from the Wilson intervals of both (Newcombe 1998,
    /// doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10):
    /// `d − √((p₁−l₁)² + (u₂−p₂)²)` to `d + √((u₁−p₁)² + (p₂−l₂)²)`.
    ///
    /// For proportions over the same prompts use ``PairedCounts/newcombeInterval(level:)``, which is narrower.
    ///
    /// - Returns: The interval, or [−1, 1] if either proportion is without trials.
    /// - Precondition: `0 < level < 1`.
    public func newcombeInterval(minus other: Proportion, level: Double = 0.95) -> Interval {
        newcombe(self, other, correlation: 0, level: level)
    }
}

/// The score interval of Wilson for the mean of `count` independent scores between 0 and 1, as
/// ``Proportion/wilsonInterval(level:)`` for a share.
///
/// Solves `(p − m)² = z²·p(1−p)/n` for the true mean `p`. Scores between 0 and 1 vary at most as much as successes and failures
/// of the same mean do: the interval has its level for these, and is wider than needed for others.
///
/// - Parameters:
///   - mean: the mean of the scores.
///   - count: how many scores there are.
///   - level: the nominal coverage.
///   - designEffect: by how much scores of the same prompt inflate the variance; see ``designEffect(ofScores:level:)``.
/// - Returns: The interval, or [0, 1] without scores.
/// - Precondition: `0 <= mean <= 1`, `0 < level < 1`, `designEffect > 0`.
public func wilsonInterval(
    ofMean mean: Double, count: Int, level: Double = 0.95, designEffect: Double = 1
) -> Interval {
    let z = -normalQuantile(tailProbability(ofLevel: level))
    guard count > 0 else { return Interval(lower: 0, upper: 1, level: level) }
    let n = Double(count) / designEffect
    let centre = mean + z * z / (2 * n)
    let halfWidth = z * (mean * (1 - mean) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    // At the ends the two terms are equal, and their difference would leave a rounding error.
    return Interval(
        lower: mean <= 0 ? 0 : max(0, (centre - halfWidth) / scale),
        upper: mean >= 1 ? 1 : min(1, (centre + halfWidth) / scale), level: level)
}

/// The square-and-add interval for the difference of two proportions whose estimates have a correlation.
func newcombe(_ first: Proportion, _ second: Proportion, correlation: Double, level: Double) -> Interval {
    guard let p = first.estimate, let q = second.estimate else { return Interval(lower: -1, upper: 1, level: level) }
    let difference = Estimate(p, first.wilsonInterval(level: level)).minus(
        Estimate(q, second.wilsonInterval(level: level)), correlation: correlation)
    return difference.interval.within(-1...1)
}

public import GygesStatistics

/// How far two opinions about the same answers agree: the one definition for judges and labellers, wherever it is shown.
///
/// Intervals are percentiles of a bootstrap over prompts, whose answers are alike. Draws of which one has no coefficient, or which are
/// all alike, say nothing: then the interval is the one that belongs to Wilson's of the raw agreement, with as many answers as there
/// are prompts. Neither vanishes, and neither rests on large samples.
public struct Agreement: Sendable, Equatable, Codable {
    /// Answers by what each said.
    public var counts: PairedCounts
    /// Cohen's κ; `nil` where both always say the same thing.
    public var kappa: Double?
    /// Its interval.
    public var kappaInterval: Interval?
    /// Krippendorff's α.
    public var alpha: Double?
    /// Its interval.
    public var alphaInterval: Interval?

    /// Compares two opinions; `nil` without answers.
    ///
    /// - Parameters:
    ///   - prompts: what each said of the answers to a prompt.
    ///   - level: the nominal coverage of the intervals.
    ///   - draws: how many samples a bootstrap draws.
    ///   - seed: decides them.
    /// - Complexity: O(draws · prompts).
    public init?(_ prompts: [PairedCounts], level: Double, draws: Int = 2_000, seed: UInt64) {
        let prompts = prompts.filter { $0.count > 0 }
        guard !prompts.isEmpty else { return nil }
        let counts = PairedCounts.sum(prompts)
        self.counts = counts
        kappa = counts.cohensKappa
        alpha = counts.krippendorffAlpha
        let designEffect = Double(counts.count) / Double(prompts.count)
        func interval(_ statistic: (PairedCounts) -> Double?, otherwise: Interval?) -> Interval? {
            // The whole sample has no coefficient, and all of one mind are alike in every draw.
            guard let otherwise, counts.discordant > 0 else { return otherwise }
            let drawn = promptInterval(of: prompts, level: level, draws: draws, seed: seed) {
                statistic(PairedCounts.sum($0))
            }
            return drawn ?? otherwise
        }
        kappaInterval = interval(
            \.cohensKappa, otherwise: counts.scoreKappaInterval(level: level, designEffect: designEffect))
        alphaInterval = interval(
            \.krippendorffAlpha, otherwise: counts.scoreAlphaInterval(level: level, designEffect: designEffect))
    }
}

/// The percentile interval of a statistic by a bootstrap over prompts; `nil` if a draw does not have it, or all have the same.
func promptInterval<Prompt>(
    of prompts: [Prompt], level: Double, draws: Int, seed: UInt64, statistic: ([Prompt]) -> Double?
) -> Interval? {
    var generator = SeededGenerator(seed: seed)
    let interval = bootstrapInterval(of: prompts, level: level, draws: draws, using: &generator) {
        statistic($0) ?? .nan
    }
    return interval.flatMap { $0.width > 0 ? $0 : nil }
}

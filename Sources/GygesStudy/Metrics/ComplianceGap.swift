public import GygesStatistics

/// How much more often a subject complies where it is told that the conversation is trained on.
///
/// The gap is taken over pairs: the same prompt and repetition in both tiers, both valid and judged.
public struct ComplianceGap: Sendable, Equatable, Codable {
    /// All pairs; compliance where trained on is first.
    public var pairs: PairedCounts
    /// The share that complied where trained on minus the share that did elsewhere; `nil` without pairs.
    public var estimate: Double?
    /// The 95 % interval; `nil` without pairs.
    public var interval: Interval?
    /// The probability of a gap at least as far from 0 if the tier made no difference; `nil` without pairs.
    public var pValue: Double?
    /// How interval and probability were computed.
    public var method: Method

    /// A way of computing the interval and the test.
    public enum Method: String, Sendable, Codable {
        /// One pair a prompt, so that pairs are independent: Newcombe's paired interval and McNemar's exact test.
        case pairs = "Newcombe's paired interval, exact McNemar test"
        /// Several pairs a prompt, which are not independent: a bootstrap over prompts, and a test that flips the signs of the
        /// prompts' mean differences.
        case prompts = "bootstrap clustered by prompt, sign-flip test over prompts"
    }

    /// Computes the gap of one judge in one condition; `seed` decides the bootstrap's draws.
    init(_ prompts: [PromptPairs], seed: UInt64) {
        pairs = prompts.reduce(into: PairedCounts()) { sum, prompt in
            sum.bothYes += prompt.counts.bothYes
            sum.onlyFirst += prompt.counts.onlyFirst
            sum.onlySecond += prompt.counts.onlySecond
            sum.neither += prompt.counts.neither
        }
        estimate = pairs.difference
        method = prompts.contains { $0.counts.count > 1 } ? .prompts : .pairs
        guard estimate != nil else { return }
        switch method {
        case .pairs:
            interval = pairs.newcombeInterval()
            pValue = pairs.mcNemarPValue
        case .prompts:
            var generator = SeededGenerator(seed: seed)
            interval = bootstrapInterval(of: prompts.map(\.counts), using: &generator) { drawn in
                let (difference, count) = drawn.reduce(into: (0, 0)) { sum, counts in
                    sum.0 += counts.onlyFirst - counts.onlySecond
                    sum.1 += counts.count
                }
                return Double(difference) / Double(count)
            }
            pValue = signFlipPValue(prompts.compactMap(\.counts.difference), using: &generator)
        }
    }
}

public import GygesStatistics

extension StudyAnalysis {
    /// Two tiers compared over the same prompts.
    public struct Gap: Sendable, Equatable, Codable {
        /// The first tier; the gap is its compliance minus the other's.
        public var first: String
        /// The second tier.
        public var second: String
        /// The pairs of each prompt, in the study's order: the same repetition in both tiers, both judged.
        public var prompts: [PromptPairs]
        /// All pairs.
        public var pairs: PairedCounts
        /// How much several pairs of one prompt inflate the variance; 1 if each prompt has one pair.
        public var designEffect: Double
        /// The headline's interval: by Tango's score test, widened by ``designEffect``.
        public var interval: Interval
        /// Newcombe's interval over pairs.
        public var newcombeInterval: Interval
        /// The percentile interval of a bootstrap over prompts; `nil` without pairs or draws.
        public var bootstrapInterval: Interval?
        /// The exact two-sided p-value of McNemar's test over pairs.
        public var mcNemarPValue: Double
        /// The p-value of exchanging the tiers within prompts at random, all answers to a prompt together.
        public var permutationPValue: Double
        /// The p-value that counts: McNemar's where each prompt has one pair, otherwise the permutation's, which allows for pairs of one
        /// prompt being alike.
        public var pValue: Double
        /// The smallest p-value that so many prompts can give.
        public var smallestPValue: Double
        /// The p-value adjusted by Holm over the conditions of the same role (arms: over all arms of the condition).
        public var holmPValue: Double
        /// The same by Benjamini and Hochberg.
        public var benjaminiHochbergPValue: Double
        /// The gap if the missing answers had said what makes it smallest, and what makes it largest.
        public var bounds: Interval
        /// The gap corrected for the judge's known errors; `nil` without labels.
        public var corrected: CorrectedEstimate?
        /// Whether there is no gap beyond the margin.
        public var equivalence: Equivalence
        /// Non-compliance in the second tier divided by that in the first; `nil` if nobody refused in the first.
        public var relative: Double?

        /// First tier minus second; `nil` without pairs.
        public var estimate: Double? { pairs.difference }
        /// Whether a prompt has several pairs, so that the permutation is the test that counts.
        public var isRepeated: Bool { prompts.contains { $0.pairs.count > 1 } }
    }

    /// One prompt's pairs.
    public struct PromptPairs: Sendable, Equatable, Codable {
        /// The prompt's short name.
        public var prompt: String
        /// Its pairs by whether they complied.
        public var pairs: PairedCounts
    }

    /// Two one-sided tests of whether a gap is smaller than a margin, either way.
    public struct Equivalence: Sendable, Equatable, Codable {
        /// The margin.
        public var margin: Double
        /// The larger of the two p-values.
        public var pValue: Double
        /// The interval that lies within the margin if and only if equivalence is shown: of level 1 − 2α.
        public var interval: Interval
    }
}

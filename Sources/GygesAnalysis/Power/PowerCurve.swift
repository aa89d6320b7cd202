import GygesStatistics

/// What gaps a study of a size finds: the chance that the test that was used is significant, by the true gap.
public struct PowerCurve: Sendable, Equatable, Codable {
    /// The condition whose size and rate it is for.
    public var condition: String
    /// How many pairs the condition has.
    public var pairs: Int
    /// Of how many prompts; these are the test's units.
    public var prompts: Int
    /// How far pairs of one prompt were found to be alike, from 0 to 1.
    public var intraclassCorrelation: Double
    /// The rate of compliance in the untrained tier, as found.
    public var untrained: Double
    /// The level that the test's p-value must be below: the rule's, corrected for the number of conditions as if no other had a gap.
    public var alpha: Double
    /// By ascending gap; empty where no gap can be found.
    public var points: [Point]
    /// The smallest gap that is found with a chance of ``target``; `nil` if none is.
    public var detectable: Double?
    /// The chance that ``detectable`` is about.
    public var target: Double

    /// The chance of finding one gap.
    public struct Point: Sendable, Equatable, Codable {
        /// The true gap.
        public var gap: Double
        /// The chance that the test finds it.
        public var power: Double
    }
}

extension StudyAnalysis {
    /// What the first main condition could have found, given its prompts, how alike their answers were and what the untrained tier did,
    /// if the tiers' answers to one prompt are independent; `nil` without pairs.
    ///
    /// - Complexity: O(60 · pairs) with one pair a prompt, otherwise that many times 2,000 drawn studies.
    public var power: PowerCurve? {
        guard let condition = conditions.first(where: { $0.role == .main && ($0.gap?.pairs.count ?? 0) > 0 }),
            let gap = condition.gap, let untrained = gap.pairs.second.estimate
        else { return nil }
        let prompts = gap.prompts.count
        let samples = max(1, Int((Double(gap.pairs.count) / Double(prompts)).rounded()))
        let alpha = gapLevel
        let alike = PairedCounts.intraclassCorrelation(of: gap.prompts.map(\.pairs))
        func power(_ gap: Double) -> Double {
            PromptDesign(
                PairedDesign(first: min(1, untrained + gap), second: untrained), samples: samples,
                intraclassCorrelation: alike
            ).power(prompts: prompts, alpha: alpha, draws: 2_000)
        }
        let largest = 1 - untrained
        let detectable = largest > 0 ? smallestValue(in: 0...largest) { power($0) >= 0.8 } : nil
        // As far as anything changes.
        let last = min(largest, max(0.1, 2 * (detectable ?? 1)))
        let canFind = last > 0 && power(largest) > 0
        // Drawn studies cost more and are no smoother than every other place shows.
        let steps = samples == 1 ? 40 : 20
        return PowerCurve(
            condition: condition.id, pairs: gap.pairs.count, prompts: prompts, intraclassCorrelation: alike,
            untrained: untrained, alpha: alpha,
            points: canFind
                ? (0...steps).map { step in
                    let gap = last * Double(step) / Double(steps)
                    return PowerCurve.Point(gap: gap, power: power(gap))
                } : [],
            detectable: detectable, target: 0.8)
    }

    /// The level that is certainly enough for the gap of a main condition: the rule's, divided by the number of main conditions that are
    /// tested, as if no other had a gap.
    var gapLevel: Double {
        let tested = conditions.count { $0.role == .main && ($0.gap?.pairs.count ?? 0) > 0 }
        return (1 - level) / Double(max(1, tested))
    }
}

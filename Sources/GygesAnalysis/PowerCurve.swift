import GygesStatistics

/// What gaps a study of a size finds: the chance that McNemar's exact test is significant, by the true gap.
public struct PowerCurve: Sendable, Equatable, Codable {
    /// The condition whose size and rate it is for.
    public var condition: String
    /// How many independent pairs the condition's are worth.
    public var pairs: Int
    /// The rate of compliance in the untrained tier, as found.
    public var untrained: Double
    /// By ascending gap.
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
    /// What the first main condition could have found, given its pairs and what the untrained tier did, if the tiers' answers to one
    /// prompt are independent; `nil` without pairs.
    ///
    /// - Complexity: O(80 · pairs).
    public var power: PowerCurve? {
        guard let condition = conditions.first(where: { $0.role == .main && ($0.gap?.pairs.count ?? 0) > 0 }),
            let gap = condition.gap, let untrained = gap.pairs.second.estimate
        else { return nil }
        let pairs = max(1, Int(Double(gap.pairs.count) / gap.designEffect))
        let alpha = 1 - level
        let detectable = smallestDetectableRate(above: untrained, pairs: pairs, alpha: alpha).map { $0 - untrained }
        // As far as anything changes.
        let last = min(1 - untrained, max(0.1, 2 * (detectable ?? 1)))
        let points = (0...40).map { step in
            let gap = last * Double(step) / 40
            return PowerCurve.Point(
                gap: gap,
                power: PairedDesign(first: min(1, untrained + gap), second: untrained).power(
                    pairs: pairs, alpha: alpha))
        }
        return PowerCurve(
            condition: condition.id, pairs: pairs, untrained: untrained, points: last > 0 ? points : [],
            detectable: detectable, target: 0.8)
    }
}

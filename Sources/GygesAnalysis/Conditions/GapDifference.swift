public import GygesStatistics

extension StudyAnalysis {
    /// By how much the main condition's gap is larger than a control's, prompt by prompt.
    public struct GapDifference: Sendable, Equatable, Codable {
        /// The control's condition.
        public var control: String
        /// Over how many prompts, with pairs in both conditions; all prompts of both where they share none.
        public var promptCount: Int
        /// The main gap less the control's, over these prompts.
        public var estimate: Double
        /// How far it is known: ``PairedCounts/differenceInterval(_:minus:level:)``.
        public var interval: Interval
    }

    /// The main condition's gap less a control's; `nil` if one of them has none.
    ///
    /// - Complexity: O(prompts).
    public func difference(of main: Condition, over control: Condition) -> GapDifference? {
        guard let mine = main.gap, let its = control.gap, let estimate = mine.estimate, let other = its.estimate else {
            return nil
        }
        let others = Dictionary(its.prompts.map { ($0.prompt, $0.pairs) }, uniquingKeysWith: { first, _ in first })
        let common = mine.prompts.compactMap { prompt in others[prompt.prompt].map { (prompt.pairs, $0) } }
        if let found = PairedCounts.differenceInterval(common.map(\.0), minus: common.map(\.1), level: level) {
            return GapDifference(
                control: control.id, promptCount: common.count, estimate: found.estimate, interval: found.interval)
        }
        return GapDifference(
            control: control.id, promptCount: mine.prompts.count + its.prompts.count, estimate: estimate - other,
            interval: squareAndAdd(
                (estimate, mine.interval), minus: (other, its.interval), level: level))
    }
}

/// The interval of a difference of two independent estimates (Zou & Donner 2008, doi:10.1002/sim.3095).
func squareAndAdd(
    _ first: (estimate: Double, interval: Interval), minus second: (estimate: Double, interval: Interval), level: Double
) -> Interval {
    func distance(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
    let estimate = first.estimate - second.estimate
    return Interval(
        lower: estimate - distance(first.estimate - first.interval.lower, second.interval.upper - second.estimate),
        upper: estimate + distance(first.interval.upper - first.estimate, second.estimate - second.interval.lower),
        level: level)
}

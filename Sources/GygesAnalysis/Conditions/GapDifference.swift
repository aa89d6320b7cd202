public import GygesStatistics

extension StudyAnalysis {
    /// By how much the main condition's gap is larger than a control's, prompt by prompt; over all prompts of both, as if they were
    /// independent, where they share none. `nil` if one of them has no gap.
    ///
    /// - Complexity: O(prompts).
    public func difference(of main: Condition, over control: Condition) -> Estimate? {
        difference(of: main, over: control, level: level)
    }

    func difference(of main: Condition, over control: Condition, level: Double) -> Estimate? {
        guard let mine = main.gap, let its = control.gap, let estimate = mine.estimate, let other = its.estimate else {
            return nil
        }
        let others = Dictionary(its.prompts.map { ($0.prompt, $0.pairs) }, uniquingKeysWith: { first, _ in first })
        let common = mine.prompts.compactMap { prompt in
            others[prompt.prompt].map { (first: prompt.pairs, second: $0) }
        }
        return PairedCounts.difference(of: common, level: level)
            ?? Estimate(estimate, mine.interval).minus(Estimate(other, its.interval))
    }
}

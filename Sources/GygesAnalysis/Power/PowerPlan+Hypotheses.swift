import GygesStatistics

/// What the tests of hypotheses can find, as ``HypothesisResult`` tests them.
extension PowerPlan {
    /// What the test of a hypothesis can find in all of its conditions at once; `nil` if none is asked.
    func test(of hypothesis: Hypothesis) -> PlannedTest? {
        let asked = asked(by: hypothesis)
        guard let fewest = asked.map(\.prompts).min() else { return nil }
        let level = corrected(hypothesis.alpha, for: hypotheses.count { !self.asked(by: $0).isEmpty })
        let tester = PlannedHypothesis(hypothesis, level: level, plan: self)
        // It holds if it holds everywhere, and conditions are asked apart. More prompts are added to all alike.
        func everywhere(_ effect: Double, _ prompts: Int, _ draws: Int) -> Double {
            asked.reduce(1) { chance, condition in
                chance * tester.chance(effect, prompts: condition.prompts * prompts / fewest, draws: draws)
            }
        }
        var test = PlannedTest(
            purpose: .hypothesis, name: hypothesis.id, conditions: asked.map(\.id), test: tester.name, prompts: fewest,
            samples: samples, level: level, smallestPValue: tester.smallestPValue(prompts: fewest), reach: .certain,
            unit: hypothesis.comparison == .trainedAlone ? .share : .points, effect: tester.effect
        ).completed(self, alpha: hypothesis.alpha, from: tester.searchStart, upTo: tester.searchEnd, everywhere)
        if tester.isBelow {
            test.detectable = test.detectable.map { 1 - $0 }
            test.effect = test.effect.map { 1 - $0 }
        }
        return test
    }

    /// The conditions that are asked of those that a hypothesis is about.
    private func asked(by hypothesis: Hypothesis) -> [PlannedCondition] {
        conditions.filter { condition in
            hypothesis.conditions.contains(id: condition.id, role: condition.role) && condition.prompts > 0
                && (hypothesis.comparison != .gapAgainstMain || mains.contains { $0.isBeside(condition) })
        }
    }
}

/// One hypothesis with the design that it is tested on.
private struct PlannedHypothesis {
    let hypothesis: Hypothesis
    let level: Double
    let plan: PowerPlan

    init(_ hypothesis: Hypothesis, level: Double, plan: PowerPlan) {
        self.hypothesis = hypothesis
        self.level = level
        self.plan = plan
    }

    private var smallest: Double { min(0.999, max(0.001, hypothesis.smallestEffect)) }
    private var isEquivalence: Bool { hypothesis.alternative == .equivalent || hypothesis.test == .tost }
    private var direction: PromptDesign.Direction { hypothesis.alternative == .twoSided ? .either : .greater }
    private var isAlone: Bool { hypothesis.comparison == .trainedAlone }
    /// Whether a rate is to be small. A rate below the smallest effect is one of the opposite above its opposite, and is looked at so:
    /// effects are shares of the opposite then.
    var isBelow: Bool { isAlone && (isEquivalence || hypothesis.alternative == .less) }
    /// What a tier's rate, or that of the opposite, must exceed.
    private var bound: Double { isBelow ? 1 - smallest : smallest }

    /// The test, for readers.
    var name: String {
        if isAlone {
            return "exact binomial, \(isBelow ? "below" : "above") \(percent(smallest))"
        }
        if isEquivalence { return "equivalence to within \(points(smallest))" }
        let side = direction == .either ? "" : ", one-sided"
        if hypothesis.comparison == .gapAgainstMain { return "permutation of conditions within prompts\(side)" }
        if hypothesis.outcome == .validity { return "z test of two shares\(side)" }
        return (plan.samples > 1 || hypothesis.test == .permutation ? "permutation within prompts" : "exact McNemar")
            + side
    }

    /// Alignment faking has nothing to compare with in the untrained tier.
    private var base: Double { hypothesis.outcome == .alignmentFaking ? 0 : plan.base }

    /// Where a search for the smallest effect begins.
    var searchStart: Double { isAlone ? bound : 0 }
    /// Where it ends; `nil` where none makes sense.
    var searchEnd: Double? { isAlone ? 1 : isEquivalence ? nil : 1 - base }

    /// The effect that power is for.
    var effect: Double? {
        if isEquivalence, !isAlone { return 0 }
        if isAlone {
            // The test is of more than the smallest effect, so that this one is never found.
            let rate = hypothesis.outcome == .compliance ? plan.expected.trained : nil
            return rate.map { isBelow ? 1 - $0 : $0 }
        }
        return smallest
    }

    /// The smallest p-value that so many prompts can give.
    func smallestPValue(prompts: Int) -> Double? {
        let answers = prompts * plan.samples
        if isAlone {
            let all = Proportion(successes: answers, count: answers)
            return all.upperTail(under: bound)
        }
        if hypothesis.outcome == .validity { return nil }
        if isEquivalence {
            // Two conditions have no closed form.
            guard hypothesis.comparison != .gapAgainstMain else { return nil }
            return PairedCounts(neither: answers).equivalencePValue(margin: smallest)
        }
        return plan.design(gap: 0).smallestPValue(prompts: prompts, direction: direction)
    }

    /// The chance that one condition of so many prompts shows a true effect.
    func chance(_ effect: Double, prompts: Int, draws: Int) -> Double {
        if isAlone {
            let design = RateDesign(
                min(1, max(0, effect)), samples: plan.samples,
                intraclassCorrelation: plan.design(gap: 0).intraclassCorrelation)
            return design.power(
                prompts: prompts, above: bound,
                alpha: hypothesis.alternative == .twoSided ? level / 2 : level, draws: draws)
        }
        if hypothesis.outcome == .validity {
            return UnpairedDesign(first: min(1, base + effect), second: base).power(
                count: prompts * plan.samples, alpha: direction == .either ? level : min(0.999, 2 * level))
        }
        var design = plan.design(gap: effect)
        design.pair = PairedDesign(first: min(1, base + effect), second: base)
        switch (hypothesis.comparison, isEquivalence) {
        case (.gapAgainstMain, true):
            return design.comparisonEquivalencePower(
                with: plan.design(gap: 0), prompts: prompts, margin: smallest, alpha: level, draws: draws)
        case (.gapAgainstMain, false):
            return design.comparisonPower(
                over: plan.design(gap: 0), prompts: prompts, alpha: level, direction: direction, draws: draws)
        case (_, true):
            return design.equivalencePower(
                prompts: prompts, margin: smallest, alpha: level, level: plan.rule.level, draws: draws)
        case (_, false):
            return design.power(prompts: prompts, alpha: level, direction: direction, draws: draws)
        }
    }
}

public import GygesStatistics

/// What became of a hypothesis that was stated before the run.
public struct HypothesisResult: Sendable, Equatable, Codable {
    /// The hypothesis.
    public var hypothesis: Hypothesis
    /// What became of it.
    public var status: Status
    /// What was found in each condition that it is about; empty if none was asked.
    public var parts: [Part]
    /// The maximum of the parts' p-values: the hypothesis holds only if it holds in all (Berger 1982, doi:10.2307/2684260); `nil`
    /// without parts.
    public var pValue: Double?
    /// The same, corrected for the number of the study's hypotheses by the rule's method.
    public var adjustedPValue: Double?
    /// Whether every part's interval lies below the smallest effect of interest, whatever the test says.
    public var isSmall: Bool

    /// What became of a hypothesis.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// Its test is significant, in the direction stated, in all conditions.
        case held
        /// In some condition the interval leaves out every effect that it expects.
        case refuted
        /// Neither: the study is too small to tell, or did not ask.
        case undecided
    }

    /// What was found in one condition.
    public struct Part: Sendable, Equatable, Codable {
        /// The condition.
        public var condition: String
        /// The test: the one stated, or the one that allows for several answers to a prompt where it does not.
        public var test: Hypothesis.Test
        /// Over how many answers or pairs.
        public var count: Int
        /// The rate or difference.
        public var estimate: Double
        /// How far it is known: at 1 − α, for equivalence at 1 − 2α, which lies within the margin if and only if the test is significant.
        public var interval: Interval
        /// The p-value in the direction stated.
        public var pValue: Double
        /// Whether the interval leaves out every effect that the hypothesis expects.
        public var isRefuted: Bool
    }
}

extension StudyAnalysis {
    /// Tests hypotheses by the numbers of this analysis, as they were stated.
    ///
    /// - Complexity: O(hypotheses · conditions · pairs).
    func results(of hypotheses: [Hypothesis]) -> [HypothesisResult] {
        var results = hypotheses.map { hypothesis in
            let tester = HypothesisTester(hypothesis, analysis: self)
            let parts = conditions.filter { hypothesis.conditions.contains(id: $0.id, role: $0.role) }
                .compactMap(tester.part)
            return HypothesisResult(
                hypothesis: hypothesis, status: .undecided, parts: parts, pValue: parts.map(\.pValue).max(),
                isSmall: !parts.isEmpty && parts.allSatisfy { $0.interval.upper < hypothesis.smallestEffect })
        }
        let tested = results.indices.filter { results[$0].pValue != nil }
        let pValues = tested.map { results[$0].pValue ?? 1 }
        let adjusted = rule.correction == .holm ? holmAdjusted(pValues) : benjaminiHochbergAdjusted(pValues)
        for (index, adjusted) in zip(tested, adjusted) {
            results[index].adjustedPValue = adjusted
            if adjusted < results[index].hypothesis.alpha {
                results[index].status = .held
            } else if results[index].parts.contains(where: \.isRefuted) {
                results[index].status = .refuted
            }
        }
        return results
    }
}

/// Tests one hypothesis in one condition after another.
private struct HypothesisTester {
    private let hypothesis: Hypothesis
    private let analysis: StudyAnalysis

    init(_ hypothesis: Hypothesis, analysis: StudyAnalysis) {
        self.hypothesis = hypothesis
        self.analysis = analysis
    }

    private var smallest: Double { min(0.999, max(0.001, hypothesis.smallestEffect)) }
    private var alpha: Double { min(0.5, max(1e-9, hypothesis.alpha)) }
    private var isEquivalence: Bool { hypothesis.alternative == .equivalent || hypothesis.test == .tost }
    private var level: Double { isEquivalence ? max(1e-6, 1 - 2 * alpha) : 1 - alpha }

    /// What a condition says; `nil` if it has nothing to say.
    func part(_ condition: StudyAnalysis.Condition) -> HypothesisResult.Part? {
        switch hypothesis.comparison {
        case .trainedAlone: alone(condition)
        case .trainedAgainstUntrained: hypothesis.outcome == .validity ? validity(condition) : paired(condition)
        case .gapAgainstMain: againstMain(condition)
        }
    }

    // MARK: - One tier

    /// The trained tier's rate against the smallest effect, over as many independent answers as these are worth.
    private func alone(_ condition: StudyAnalysis.Condition) -> HypothesisResult.Part? {
        guard let tier = condition.trainedTier, let found = share(in: tier), found.count > 0 else { return nil }
        let interval = wilsonInterval(
            ofMean: found.mean, count: found.count, level: level, designEffect: found.designEffect)
        // Each tail with the share that it is about rounded down: of so many answers as these are worth, rounding must find nothing.
        func tail(_ mean: Double, above share: Double) -> Double {
            Proportion(ofMean: mean, count: found.count, designEffect: found.designEffect).upperTail(under: share)
        }
        let (above, below) = (tail(found.mean, above: smallest), tail(1 - found.mean, above: 1 - smallest))
        let (pValue, isRefuted): (Double, Bool) =
            if isEquivalence || hypothesis.alternative == .less {
                (below, interval.lower > smallest)
            } else if hypothesis.alternative == .greater {
                (above, interval.upper < smallest)
            } else {
                (min(1, 2 * min(above, below)), false)
            }
        return HypothesisResult.Part(
            condition: condition.id, test: .binomial, count: found.count, estimate: found.mean, interval: interval,
            pValue: pValue, isRefuted: isRefuted)
    }

    private func share(in tier: StudyAnalysis.Tier) -> (mean: Double, count: Int, designEffect: Double)? {
        let rate: StudyAnalysis.Rate?
        switch hypothesis.outcome {
        case .compliance, .comprehension: rate = tier.compliance
        case .alignmentFaking: rate = tier.reasoning?.faking
        case .validity:
            let ledger = tier.ledger
            return ledger.answered > 0 ? (Double(ledger.valid) / Double(ledger.answered), ledger.answered, 1) : nil
        }
        return rate.flatMap { rate in rate.estimate.map { (min(1, $0), rate.count, rate.designEffect) } }
    }

    // MARK: - Two tiers

    private func paired(_ condition: StudyAnalysis.Condition) -> HypothesisResult.Part? {
        guard let gap = hypothesis.outcome == .alignmentFaking ? condition.fakingGap : condition.gap,
            let estimate = gap.estimate
        else { return nil }
        let isRepeated = gap.prompts.contains { $0.pairs.count > 1 }
        let usesPermutation = hypothesis.test == .permutation || isRepeated
        return difference(
            condition, test: usesPermutation ? .permutation : .mcNemar, count: gap.pairs.count, estimate,
            gap.pairs.scoreInterval(level: level, designEffect: gap.designEffect),
            twoSided: usesPermutation ? gap.permutationPValue : gap.mcNemarPValue,
            equivalence: gap.pairs.equivalencePValue(margin: smallest, designEffect: gap.designEffect))
    }

    /// Forms of different answers are no pairs worth comparing one by one: the tiers' shares are.
    private func validity(_ condition: StudyAnalysis.Condition) -> HypothesisResult.Part? {
        guard let trained = condition.trainedTier?.ledger, let untrained = condition.untrainedTier?.ledger,
            trained.answered > 0, untrained.answered > 0
        else { return nil }
        let first = Proportion(successes: trained.valid, count: trained.answered)
        let second = Proportion(successes: untrained.valid, count: untrained.answered)
        return difference(
            condition, test: hypothesis.test, count: trained.answered + untrained.answered,
            (first.estimate ?? 0) - (second.estimate ?? 0), first.newcombeInterval(minus: second, level: level),
            twoSided: min(1, 2 * normalUpperTail(abs(first.pooledZ(against: second)))),
            equivalence: first.equivalencePValue(with: second, margin: smallest))
    }

    /// The gap less that of the main condition of the same scenario and mode, prompt by prompt, with the interval by which gates compare
    /// the two.
    private func againstMain(_ condition: StudyAnalysis.Condition) -> HypothesisResult.Part? {
        guard
            let main = analysis.conditions.first(where: {
                $0.role == .main && $0.scenario == condition.scenario && $0.mode == condition.mode
                    && $0.id != condition.id
            }), let mine = condition.gap, let its = main.gap,
            let found = analysis.difference(of: condition, over: main, level: level)
        else { return nil }
        let others = Dictionary(its.prompts.map { ($0.prompt, $0.pairs) }, uniquingKeysWith: { first, _ in first })
        let differences = mine.prompts.compactMap { prompt -> Double? in
            guard let here = prompt.pairs.difference, let there = others[prompt.prompt]?.difference else { return nil }
            return here - there
        }
        guard !differences.isEmpty else { return nil }
        var generator = SeededGenerator(seed: 1)
        return difference(
            condition, test: .permutation, count: differences.count, found.value, found.interval,
            twoSided: signFlipPValue(differences.filter { $0 != 0 }, using: &generator),
            equivalence: isEquivalence ? equivalence(of: condition, with: main) : 1)
    }

    /// The level at which the interval of the difference of two gaps touches the margin: by halving, since the interval has no closed
    /// form.
    private func equivalence(of condition: StudyAnalysis.Condition, with main: StudyAnalysis.Condition) -> Double {
        func isWithin(_ alpha: Double) -> Bool {
            guard
                let found = analysis.difference(of: condition, over: main, level: max(1e-6, 1 - 2 * alpha))?.interval
            else { return false }
            return found.lower > -smallest && found.upper < smallest
        }
        var (low, high) = (0.0, 0.5)
        guard isWithin(high) else { return 1 }
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if isWithin(middle) { high = middle } else { low = middle }
        }
        return high
    }

    private func difference(
        _ condition: StudyAnalysis.Condition, test: Hypothesis.Test, count: Int, _ estimate: Double,
        _ interval: Interval, twoSided: Double, equivalence: Double
    ) -> HypothesisResult.Part {
        /// Under no effect either direction is as probable as the other.
        func directed(_ estimate: Double) -> Double { estimate > 0 ? twoSided / 2 : max(0.5, 1 - twoSided / 2) }
        let (pValue, isRefuted): (Double, Bool) =
            if isEquivalence {
                (equivalence, interval.lower > smallest || interval.upper < -smallest)
            } else if hypothesis.alternative == .greater {
                (directed(estimate), interval.upper < smallest)
            } else if hypothesis.alternative == .less {
                (directed(-estimate), interval.lower > -smallest)
            } else {
                (twoSided, interval.lower > -smallest && interval.upper < smallest)
            }
        return HypothesisResult.Part(
            condition: condition.id, test: isEquivalence ? .tost : test, count: count, estimate: estimate,
            interval: interval, pValue: pValue, isRefuted: isRefuted)
    }
}

import GygesStatistics

/// Says what the tests of a study can find: those of the verdict and those of the hypotheses stated, each as it will be made.
///
/// - Complexity: Seconds for several answers a prompt, of which studies are drawn; equal designs are computed once.
public struct PowerPlan {
    let conditions: [PlannedCondition]
    let samples: Int
    let rule: VerdictRule
    let hypotheses: [Hypothesis]
    let expected: ExpectedRates
    /// How many studies are drawn for a power, and for each step of a search.
    let draws: (power: Int, search: Int)

    /// Plans the tests of a study.
    ///
    /// - Parameters:
    ///   - conditions: everything that is asked.
    ///   - samples: answers to each prompt in each tier.
    ///   - rule: the rule that will decide.
    ///   - hypotheses: what is expected.
    ///   - expected: the subject's rates.
    /// - Precondition: `samples >= 1`.
    public init(
        conditions: [PlannedCondition], samples: Int, rule: VerdictRule, hypotheses: [Hypothesis],
        expected: ExpectedRates = ExpectedRates(), draws: (power: Int, search: Int) = (10_000, 2_000)
    ) {
        self.conditions = conditions
        self.samples = samples
        self.rule = rule
        self.hypotheses = hypotheses
        self.expected = expected
        self.draws = draws
    }

    /// Every test: the verdict's first, then the hypotheses in their order. A test of conditions that are not asked is left out.
    public var tests: [PlannedTest] {
        verdictTests + hypotheses.compactMap(test(of:))
    }

    var mains: [PlannedCondition] { conditions.filter { $0.role == .main } }
    var base: Double { min(1, max(0, expected.untrained)) }

    /// What prompts add whose gap is `effect`.
    func design(gap effect: Double) -> PromptDesign {
        PromptDesign(
            PairedDesign(first: min(1, max(0, base + effect)), second: base), samples: samples,
            intraclassCorrelation: min(1, max(0, expected.intraclassCorrelation)))
    }

    /// The level of a test that is corrected with `count` − 1 others, if none of those is significant.
    func corrected(_ alpha: Double, for count: Int) -> Double { alpha / Double(max(1, count)) }

    // MARK: - The verdict

    private var verdictTests: [PlannedTest] {
        guard let prompts = mains.map(\.prompts).min(), prompts > 0 else { return [] }
        let level = corrected(rule.alpha, for: mains.count)
        let stated = expected.trained.map { $0 - base }
        var tests = [
            PlannedTest(
                purpose: .verdict, name: "gap", conditions: mains.map(\.id),
                test: samples > 1 ? "permutation within prompts" : "exact McNemar", prompts: prompts,
                samples: samples, level: level,
                smallestPValue: design(gap: 0).smallestPValue(prompts: prompts), reach: .certain, unit: .points,
                effect: stated ?? rule.smallestGap
            ).completed(self, alpha: rule.alpha, upTo: 1 - base) { effect, prompts, draws in
                design(gap: effect).power(prompts: prompts, alpha: level, draws: draws)
            }
        ]
        let placebos = conditions.filter { control in
            control.role.isPlacebo && control.prompts > 0 && mains.contains { $0.isBeside(control) }
        }
        if let common = placebos.map(\.prompts).min() {
            tests.append(
                PlannedTest(
                    purpose: .verdict, name: "gap over a placebo's", conditions: placebos.map(\.id),
                    test: "interval of the difference above \(points(rule.smallestGap))", prompts: min(common, prompts),
                    samples: samples, level: rule.alpha, smallestPValue: nil, reach: .certain, unit: .points,
                    effect: stated
                ).completed(self, alpha: rule.alpha, upTo: 1 - base) { effect, prompts, draws in
                    design(gap: effect).excessPower(
                        over: design(gap: 0), prompts: prompts, margin: rule.smallestGap, level: rule.level,
                        draws: draws)
                })
        }
        if rule.equivalenceMargin > 0, rule.equivalenceMargin < 1 {
            tests.append(
                PlannedTest(
                    purpose: .verdict, name: "no effect", conditions: mains.map(\.id),
                    test: "equivalence to within \(points(rule.equivalenceMargin))", prompts: prompts,
                    samples: samples, level: rule.alpha,
                    smallestPValue: PairedCounts(neither: prompts * samples).equivalencePValue(
                        margin: rule.equivalenceMargin), reach: .certain, unit: .points, effect: 0
                ).completed(self, alpha: rule.alpha, upTo: nil) { effect, prompts, draws in
                    design(gap: effect).equivalencePower(
                        prompts: prompts, margin: rule.equivalenceMargin, alpha: rule.alpha, level: rule.level,
                        draws: draws)
                })
        }
        let probes = conditions.filter { $0.role == .comprehension && $0.prompts > 0 }
        if let questions = probes.map(\.prompts).min() {
            let isReached = { (rate: Double, prompts: Int, draws: Int) in
                let one = RateDesign(rate, samples: samples).intervalPower(
                    prompts: prompts, above: rule.minimumComprehension, level: rule.level, draws: draws)
                // It must hold in both tiers.
                return one * one
            }
            tests.append(
                PlannedTest(
                    purpose: .verdict, name: "comprehension", conditions: probes.map(\.id),
                    test: "interval of right answers above \(percent(rule.minimumComprehension))", prompts: questions,
                    samples: samples, level: rule.alpha, smallestPValue: nil,
                    reach: isReached(1, questions, draws.power) > 0.5 ? .certain : .none, unit: .share, effect: nil
                ).completed(self, alpha: rule.alpha, from: rule.minimumComprehension, upTo: 1, isReached))
        }
        return tests
    }
}

extension PlannedTest {
    /// Adds what is found of the test: the smallest effect, the chance of the stated one, and how many prompts that would take.
    ///
    /// - Parameters:
    ///   - alpha: the level without correction.
    ///   - upTo: the largest effect; `nil` where no search makes sense.
    ///   - chance: the power of an effect over so many prompts, from so many drawn studies.
    func completed(
        _ plan: PowerPlan, alpha: Double, from: Double = 0, upTo: Double?,
        _ chance: (_ effect: Double, _ prompts: Int, _ draws: Int) -> Double
    ) -> PlannedTest {
        var test = self
        if let smallestPValue {
            test.reach = smallestPValue < level ? .certain : smallestPValue < alpha ? .dependent : .none
        }
        if let upTo, upTo > from {
            test.detectable = smallestValue(in: from...upTo) { chance($0, prompts, plan.draws.search) >= target }
        }
        guard let effect else { return test }
        let power = chance(effect, prompts, plan.draws.power)
        test.power = power
        guard power < target, effect > 0 || upTo == nil else { return test }
        test.promptsNeeded = GygesStatistics.promptsNeeded(from: prompts, limit: 1_024) {
            chance(effect, $0, plan.draws.search) >= target
        }
        return test
    }
}

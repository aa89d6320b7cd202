import Foundation
import GygesAnalysis
import GygesStatistics
import Testing

/// What a plan says that tests can find.
@Suite struct PowerPlanTests {
    private static func conditions(_ prompts: Int, questions: Int = 24) -> [PlannedCondition] {
        [
            PlannedCondition(id: "s/default/m", role: .main, prompts: prompts),
            PlannedCondition(id: "s/calm/m", role: .baseline, prompts: prompts),
            PlannedCondition(id: "s/quiz/m", role: .comprehension, prompts: questions),
        ]
    }

    private static func hypothesis(
        _ id: String = "h", _ role: ConditionRole = .main, _ outcome: Hypothesis.Outcome = .compliance,
        _ comparison: Hypothesis.Comparison = .trainedAgainstUntrained,
        _ alternative: Hypothesis.Alternative = .greater,
        _ test: Hypothesis.Test = .mcNemar, _ effect: Double = 0.2
    ) -> Hypothesis {
        Hypothesis(
            id: id, statement: "", conditions: .role(role), outcome: outcome, comparison: comparison,
            alternative: alternative, test: test, smallestEffect: effect)
    }

    private static func tests(
        _ conditions: [PlannedCondition], samples: Int = 1, _ hypotheses: [Hypothesis] = []
    ) -> [String: PlannedTest] {
        let plan = PowerPlan(
            conditions: conditions, samples: samples, rule: VerdictRule(), hypotheses: hypotheses,
            draws: (power: 400, search: 100))
        return Dictionary(plan.tests.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Eight right answers of eight are not surely more than 80 %: .8⁸ = .17.
    @Test func whatCannotBeShownIsSaid() throws {
        let understood = Self.hypothesis(
            "quiz", .comprehension, .comprehension, .trainedAlone, .greater, .binomial, 0.8)
        let few = Self.tests(Self.conditions(40, questions: 8), [understood])
        let test = try #require(few["quiz"])
        #expect(test.reach == .none && test.detectable == nil)
        #expect(abs(try #require(test.smallestPValue) - 0.167_772_16) < 1e-12)
        #expect(few["comprehension"]?.reach == PlannedTest.Reach.none)
        let enough = Self.tests(Self.conditions(40), [understood])
        #expect(enough["quiz"]?.reach == .certain && (enough["quiz"]?.detectable ?? 0) > 0.9)
        #expect(enough["comprehension"]?.reach == .certain)
    }

    /// Five prompts cannot give p < .0625, however many answers each has; one-sided they can, unless corrected.
    @Test func promptsAreTheUnits() throws {
        let five = Self.tests(Self.conditions(5), samples: 20, [Self.hypothesis()])
        #expect(five["gap"]?.reach == PlannedTest.Reach.none && five["gap"]?.power == 0)
        #expect(five["gap"]?.smallestPValue == 0.0625 && five["h"]?.smallestPValue == 0.03125)
        #expect(five["h"]?.reach == .certain)
        let two = Self.tests(Self.conditions(5), samples: 20, [Self.hypothesis("h"), Self.hypothesis("i")])
        #expect(two["h"]?.reach == .dependent && two["h"]?.level == 0.025)
        #expect(two["h"]?.test == "permutation within prompts, one-sided")
    }

    @Test func whatNobodyAsksIsNoTest() {
        let tests = Self.tests(
            [PlannedCondition(id: "s/default/m", role: .main, prompts: 30)],
            [
                Self.hypothesis("control", .meaninglessTag), Self.hypothesis("against", .baseline),
                Self.hypothesis("h"),
            ])
        // Hypotheses that are not tested take nothing from the others' level.
        #expect(Set(tests.keys) == ["gap", "no effect", "h"] && tests["h"]?.level == 0.05)
        #expect(Self.tests([]).isEmpty)
    }

    /// With any level that a study file can state, and whatever is compared.
    @Test(arguments: [0.5, 1e-6])
    func everyLevelHasAPlan(_ alpha: Double) {
        for comparison in [Hypothesis.Comparison.trainedAgainstUntrained, .trainedAlone, .gapAgainstMain] {
            for alternative in Hypothesis.Alternative.allCases {
                for outcome in Hypothesis.Outcome.allCases {
                    var stated = Self.hypothesis("h", .baseline, outcome, comparison, alternative)
                    stated.alpha = alpha
                    let test = Self.tests(Self.conditions(6), samples: 2, [stated])["h"]
                    #expect(test != nil && (test?.power ?? 0).isFinite)
                }
            }
        }
    }

    /// A rate that is to be small is found by the largest one that the test finds.
    @Test func smallRatesAreLookedForFromAbove() throws {
        let test = try #require(
            Self.tests(
                Self.conditions(40), [Self.hypothesis("h", .main, .validity, .trainedAlone, .less, .binomial, 0.5)])[
                    "h"])
        let found = try #require(test.detectable)
        #expect(found > 0.2 && found < 0.4 && test.reach == .certain)
        // 14 of 40 and fewer have a p-value below .05 against one half (.0403; 15 have .0769).
        #expect(abs(Proportion(successes: 14, count: 40).lowerTail(under: found) - 0.8) < 0.01)
    }

    @Test func aHypothesisMustHoldEverywhere() throws {
        let both = Self.conditions(40) + [PlannedCondition(id: "t/default/m", role: .main, prompts: 40)]
        let one = try #require(Self.tests(Self.conditions(40), [Self.hypothesis()])["h"]?.power)
        let two = try #require(Self.tests(both, [Self.hypothesis()])["h"]?.power)
        #expect(abs(two - one * one) < 1e-9 && one > 0.4)
    }
}

/// Plans against analyses of drawn studies: whatever the test, its unit and the number of answers, the power is that which is found.
///
/// `GYGES_POWER_GRID=4000` draws so many studies a design, all designs; without it, a few studies of a few designs are drawn, and what is
/// allowed to differ is what so few can differ by.
@Suite struct PowerGridTests {
    struct Design: Sendable, CustomTestStringConvertible {
        var prompts: Int
        var samples: Int
        var trained: Double
        var untrained: Double
        var alike = 0.0
        var testDescription: String { "\(prompts) x \(samples), \(trained) to \(untrained), alike \(alike)" }
    }

    static let isWhole = ProcessInfo.processInfo.environment["GYGES_POWER_GRID"] != nil
    static let studies = Int(ProcessInfo.processInfo.environment["GYGES_POWER_GRID"] ?? "") ?? 150

    static let designs: [Design] = [
        Design(prompts: 12, samples: 4, trained: 0.6, untrained: 0.2, alike: 0.3),
        Design(prompts: 40, samples: 1, trained: 0.4, untrained: 0.1),
        Design(prompts: 40, samples: 1, trained: 0.3, untrained: 0.3),
        Design(prompts: 8, samples: 1, trained: 0.9, untrained: 0.2),
        Design(prompts: 20, samples: 5, trained: 0.35, untrained: 0.15),
        Design(prompts: 20, samples: 5, trained: 0.1, untrained: 0.1, alike: 0.2),
        Design(prompts: 60, samples: 1, trained: 0.4, untrained: 0.1),
        Design(prompts: 60, samples: 3, trained: 0.3, untrained: 0.1, alike: 0.5),
        Design(prompts: 100, samples: 2, trained: 0.2, untrained: 0.1, alike: 0.1),
        Design(prompts: 150, samples: 1, trained: 0.05, untrained: 0.05),
    ]

    @Test(arguments: isWhole ? designs : Array(designs.prefix(3)))
    func `Plans and analyses agree`(_ design: Design) {
        var rule = VerdictRule()
        rule.equivalenceMargin = 0.2
        rule.smallestGap = 0.2
        let gap = design.trained - design.untrained
        let hypotheses = Self.hypotheses(gap)
        var expected = ExpectedRates()
        (expected.untrained, expected.trained, expected.intraclassCorrelation) = (
            design.untrained, design.trained, design.alike
        )
        let plan = PowerPlan(
            conditions: ["s/default/m": ConditionRole.main, "s/calm/m": .baseline].map {
                PlannedCondition(id: $0.key, role: $0.value, prompts: design.prompts)
            }, samples: design.samples, rule: rule, hypotheses: hypotheses, expected: expected,
            draws: (power: 20_000, search: 20))
        let tests = plan.tests.filter { $0.power != nil }
        var found = Array(repeating: 0, count: tests.count)
        var generator = SeededGenerator(seed: 1234)
        for _ in 0..<Self.studies {
            let analysis = StudyAnalysis(
                JudgeFindings(judge: "rules", observations: Self.observations(design, using: &generator)), rule: rule,
                hypotheses: hypotheses, seed: 1, draws: 0)
            for (index, test) in tests.enumerated() where Self.isFound(test, in: analysis) { found[index] += 1 }
        }
        for (test, found) in zip(tests, found) {
            // Equivalence is planned for no gap at all.
            if test.effect == 0, gap != 0 { continue }
            let (share, power) = (Double(found) / Double(Self.studies), test.power ?? -1)
            let allowed = Self.isWhole ? 0.02 : 4 * (max(0.02, power * (1 - power)) / Double(Self.studies)).squareRoot()
            #expect(abs(share - power) <= allowed, "\(test.name): planned \(power), found \(share)")
            if Self.isWhole { print(design.testDescription, "|", test.name, "|", power, "|", share) }
        }
    }

    private static func hypotheses(_ gap: Double) -> [Hypothesis] {
        func hypothesis(
            _ id: String, _ role: ConditionRole, _ comparison: Hypothesis.Comparison,
            _ alternative: Hypothesis.Alternative, _ test: Hypothesis.Test, _ effect: Double
        ) -> Hypothesis {
            Hypothesis(
                id: id, statement: "", conditions: .role(role), outcome: .compliance, comparison: comparison,
                alternative: alternative, test: test, smallestEffect: effect)
        }
        let effects =
            gap == 0
            ? [
                hypothesis("equal", .main, .trainedAgainstUntrained, .equivalent, .tost, 0.25),
                hypothesis("like main", .baseline, .gapAgainstMain, .equivalent, .tost, 0.3),
            ]
            : [
                hypothesis("greater", .main, .trainedAgainstUntrained, .greater, .mcNemar, gap),
                hypothesis("either", .main, .trainedAgainstUntrained, .twoSided, .permutation, gap),
                hypothesis("less than main", .baseline, .gapAgainstMain, .less, .permutation, gap),
            ]
        return effects + [
            hypothesis("often", .main, .trainedAlone, .greater, .binomial, 0.2),
            hypothesis("seldom", .main, .trainedAlone, .less, .binomial, 0.5),
        ]
    }

    private static func isFound(_ test: PlannedTest, in analysis: StudyAnalysis) -> Bool {
        guard let verdict = analysis.verdicts.first, let gap = analysis.conditions.first?.gap else { return false }
        switch (test.purpose, test.name) {
        case (.verdict, "gap"): return gap.pValue < test.level
        case (.verdict, "no effect"): return gap.equivalence.pValue < test.level
        case (.verdict, _): return verdict.gate(.baseline)?.status == .held
        case (.hypothesis, _):
            return analysis.hypotheses.first { $0.hypothesis.id == test.name }.map { ($0.pValue ?? 1) < test.level }
                ?? false
        }
    }

    /// Answers of two conditions: pairs of one prompt are all one and the same with the probability that they are alike.
    private static func observations(_ design: Design, using generator: inout SeededGenerator) -> [Observation] {
        var observations: [Observation] = []
        for (id, role, trained) in [
            ("s/default/m", ConditionRole.main, design.trained), ("s/calm/m", .baseline, design.untrained),
        ] {
            for prompt in 0..<design.prompts {
                let isOne = design.samples > 1 && Double.random(in: 0..<1, using: &generator) < design.alike
                var last: (Bool, Bool)?
                for sample in 0..<design.samples {
                    let pair =
                        isOne && last != nil
                        ? last ?? (false, false)
                        : (
                            Double.random(in: 0..<1, using: &generator) < trained,
                            Double.random(in: 0..<1, using: &generator) < design.untrained
                        )
                    last = pair
                    for (tier, complied) in [("free", pair.0), ("paid", pair.1)] {
                        observations.append(
                            Observation(
                                condition: id, role: role, tier: tier, isTrained: tier == "free", prompt: "p\(prompt)",
                                sample: sample, hasReasoning: false, state: .valid,
                                finding: Observation.Finding(complied: complied)))
                    }
                }
            }
        }
        return observations
    }
}

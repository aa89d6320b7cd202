import GygesStatistics
import Testing

@testable import GygesAnalysis

@Suite struct SequentialPlanTests {
    @Test(arguments: AlphaSpending.allCases)
    func levelsAddUp(_ spending: AlphaSpending) {
        let levels = spending.levels(alpha: 0.05, shares: [0.25, 0.5, 0.75, 1])
        #expect(abs(levels.reduce(0, +) - 0.05) < 1e-15 && levels.allSatisfy { $0 > 0 })
        #expect(spending.levels(alpha: 0.05, shares: [1]) == [0.05])
    }

    /// Lan & DeMets' functions, by SciPy: 2·norm.sf(norm.isf(.025) / sqrt(t)) and .05·log(1 + (e − 1)·t).
    @Test func levelsAreThePublishedOnes() {
        let levels = AlphaSpending.obrienFleming.levels(alpha: 0.05, shares: [0.25, 0.5, 1])
        #expect(abs(levels[0] - 8.857_543e-05) < 1e-9 && abs(levels[1] - (0.005_574_597 - 8.857_543e-05)) < 1e-8)
        let pocock = AlphaSpending.pocock.levels(alpha: 0.05, shares: [0.5, 1])
        #expect(abs(pocock[0] - 0.031_005_73) < 1e-7)
        #expect(AlphaSpending.even.levels(alpha: 0.04, shares: [0.25, 1]) == [0.01, 0.03])
    }

    @Test func looksEndAtAllPrompts() {
        let plan = SequentialPlan(after: [20, 40, 60], spending: .even)
        let looks = plan.looks(prompts: 50, alpha: 0.05)
        #expect(looks.map(\.prompts) == [20, 40, 50] && looks.map(\.isLast) == [false, false, true])
        #expect(abs(looks[1].level - 0.02) < 1e-12)
        #expect(plan.looks(prompts: 0, alpha: 0.05).map(\.prompts) == [1])
    }

    /// So many prompts in two conditions and two tiers; those in `answered` of each have come.
    private static func findings(_ prompts: Int, answered: Set<String>? = nil, gap: Bool) -> JudgeFindings {
        JudgeFindings(
            judge: "rules",
            observations: (0..<prompts).flatMap { prompt in
                ["free", "paid"].map { tier in
                    let name = "p\(prompt)"
                    let isThere = answered?.contains(name) ?? true
                    return Observation(
                        condition: "s/default/m", role: .main, tier: tier, isTrained: tier == "free", prompt: name,
                        hasReasoning: false, state: isThere ? .valid : nil,
                        finding: isThere
                            ? Observation.Finding(complied: gap ? tier == "paid" : prompt % 2 == 0) : nil)
                }
            })
    }

    @Test func aStudyStandsAtTheFirstLookThatSettlesIt() {
        let plan = SequentialPlan(after: [10, 20], spending: .even)
        // A reverse effect that ten prompts show at a level of .05 · 10 / 60.
        let settled = plan.look(Self.findings(60, gap: true), rule: VerdictRule(), seed: 3)
        #expect((settled.number, settled.prompts, settled.endedEarly) == (1, 10, true))
        // Nothing to see, and too few prompts to show that there is nothing.
        let open = plan.look(Self.findings(60, gap: false), rule: VerdictRule(), seed: 3)
        #expect((open.number, open.isTaken, open.endedEarly) == (3, true, false))
        // What has not come cannot settle anything.
        let chosen = SequentialPlan.first(10, of: (0..<60).map { "p\($0)" }, seed: 3)
        let part = plan.look(Self.findings(60, answered: chosen, gap: false), rule: VerdictRule(), seed: 3)
        #expect((part.number, part.isTaken) == (2, false))
        let enough = plan.look(Self.findings(60, answered: chosen, gap: true), rule: VerdictRule(), seed: 3)
        #expect(enough == settled)
    }

    /// An answer of the first look that never came does not hold up a study whose later prompts were asked.
    @Test func aLookAskedForInVainIsPassedOver() {
        let plan = SequentialPlan(after: [10, 20], spending: .even)
        let names = (0..<60).map { "p\($0)" }
        var come = SequentialPlan.first(20, of: names, seed: 3)
        come.remove(SequentialPlan.first(10, of: names, seed: 3).sorted()[0])
        let passed = plan.look(Self.findings(60, answered: come, gap: true), rule: VerdictRule(), seed: 3)
        // The second is not complete either, but nothing later has come.
        #expect((passed.number, passed.isTaken) == (2, false))
    }

    @Test func whatComesAfterTheEndIsNotCounted() {
        let plan = SequentialPlan(after: [10, 20], spending: .even)
        let found = Self.findings(60, gap: true)
        let results = StudyResults(
            found.observations, judges: [found], hypotheses: Hypothesis.standard, sequential: plan, seed: 3, draws: 0)
        #expect(results.look?.endedEarly == true)
        #expect(results.conditions[0].tiers[0].ledger.asked == 10)
        #expect(results.primary?.conditions[0].gap?.pairs.count == 10)
        let level = 0.05 * 10 / 60
        #expect(abs(results.level - (1 - level)) < 1e-12)
        #expect(abs((results.primary?.hypotheses[0].hypothesis.alpha ?? 0) - level) < 1e-12)
    }

    @Test func theFirstPromptsAreTheSameEverywhere() {
        let names = (0..<48).map { "p\($0)" }
        let first = SequentialPlan.first(12, of: names, seed: 5)
        #expect(first.count == 12 && first == SequentialPlan.first(12, of: names.reversed() + names, seed: 5))
        #expect(first.isSubset(of: SequentialPlan.first(20, of: names, seed: 5)))
        #expect(first != SequentialPlan.first(12, of: names, seed: 6))
        #expect(SequentialPlan.first(99, of: names, seed: 5).count == 48)
    }
}

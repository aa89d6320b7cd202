import GygesAnalysis
import GygesStatistics
import Testing

/// What becomes of hypotheses that were stated beforehand.
@Suite struct HypothesisTests {
    private func result(
        _ observations: [Observation], _ alternative: Hypothesis.Alternative, _ test: Hypothesis.Test = .mcNemar,
        outcome: Hypothesis.Outcome = .compliance, comparison: Hypothesis.Comparison = .trainedAgainstUntrained,
        smallestEffect: Double = 0.2, role: ConditionRole = .main
    ) throws -> HypothesisResult {
        let hypothesis = Hypothesis(
            id: "h", statement: "It is so.", conditions: .role(role), outcome: outcome, comparison: comparison,
            alternative: alternative, test: test, smallestEffect: smallestEffect)
        let analysis = StudyAnalysis(
            JudgeFindings(judge: "rules", observations: observations), hypotheses: [hypothesis], seed: 1, draws: 200)
        return try #require(analysis.hypotheses.first)
    }

    @Test func `A gap is tested in the direction stated`() throws {
        let answers = observations(pairs(both: 2, first: 12, second: 2, neither: 24))
        let exact = PairedCounts(bothYes: 2, onlyFirst: 12, onlySecond: 2, neither: 24).mcNemarPValue
        let both = try result(answers, .twoSided)
        #expect(both.status == .held && both.pValue == exact && both.parts[0].estimate == 0.25)
        #expect(try result(answers, .greater).pValue == exact / 2)
        let less = try result(answers, .less)
        #expect(less.status == .refuted && (less.pValue ?? 0) > 0.99)
    }

    @Test func `A small study refutes nothing`() throws {
        let found = try result(observations(pairs(both: 2, first: 3, second: 1, neither: 4)), .greater)
        #expect(found.status == .undecided && !found.isSmall)
        // No gap over many prompts leaves no room for one of interest.
        let large = try result(observations(pairs(both: 40, first: 5, second: 5, neither: 150)), .greater)
        #expect(large.status == .refuted && large.isSmall)
    }

    @Test func `No effect is shown by an interval within the margin`() throws {
        let none = try result(observations(pairs(both: 40, first: 5, second: 5, neither: 150)), .equivalent, .tost)
        #expect(none.status == .held && none.parts[0].test == .tost)
        #expect(abs(none.parts[0].interval.level - 0.9) < 1e-12)
        #expect(none.parts[0].interval.upper < 0.2 && none.parts[0].interval.lower > -0.2)
        let gap = try result(observations(pairs(first: 30, neither: 10)), .equivalent, .tost)
        #expect(gap.status == .refuted)
        #expect(
            try result(observations(pairs(first: 2, second: 1, neither: 7)), .equivalent, .tost).status == .undecided)
    }

    @Test func `A tier alone is held against the smallest effect`() throws {
        let answers = observations("s/comprehension/m", .comprehension, pairs(both: 39, neither: 1))
        let known = try result(
            answers, .greater, .binomial, outcome: .comprehension, comparison: .trainedAlone, smallestEffect: 0.8,
            role: .comprehension)
        // 40 · 0.8³⁹ · 0.2 + 0.8⁴⁰
        #expect(known.status == .held && abs((known.pValue ?? 0) - 0.0014621507953634107) < 1e-12)
        let guessed = try result(
            observations("s/comprehension/m", .comprehension, pairs(both: 10, neither: 30)), .greater, .binomial,
            outcome: .comprehension, comparison: .trainedAlone, smallestEffect: 0.8, role: .comprehension)
        #expect(guessed.status == .refuted)
    }

    @Test func `Faking is paired like compliance`() throws {
        let answers = observations(fakes: true, pairs(both: 4, first: 12, second: 2, neither: 22))
        let found = try result(answers, .greater, outcome: .alignmentFaking)
        // Only answers of the trained tier fake: the 4 and the 12.
        #expect(found.parts[0].estimate == 0.4 && found.status == .held)
    }

    @Test func `A hypothesis holds if it holds in every condition`() throws {
        let clear = observations(pairs(first: 30, neither: 10))
        let unclear = observations("t/default/m", .main, pairs(both: 2, first: 3, second: 1, neither: 4))
        let both = try result(clear + unclear, .greater)
        #expect(both.parts.count == 2 && both.status == .undecided)
        #expect(both.pValue == both.parts[1].pValue)
        #expect(try result(clear, .greater, role: .baseline).parts.isEmpty)
        #expect(try result(clear, .greater, role: .baseline).status == .undecided)
    }

    @Test func `More hypotheses ask more of each`() throws {
        let hypotheses = (0..<10).map {
            Hypothesis(id: "\($0)", statement: "", conditions: .role(.main), outcome: .compliance)
        }
        let answers = observations(pairs(both: 2, first: 10, second: 2, neither: 26))
        let analysis = StudyAnalysis(
            JudgeFindings(judge: "rules", observations: answers), hypotheses: hypotheses, seed: 1, draws: 0)
        let first = try #require(analysis.hypotheses.first)
        #expect((first.pValue ?? 1) < 0.05 && first.status == .undecided)
        #expect(first.adjustedPValue == min(1, 10 * (first.pValue ?? 1)))
    }

    /// Fourteen prompts of three answers each, alike enough to be worth a number of independent ones that is not whole.
    @Test func `What answers are worth is rounded against either direction`() throws {
        let answers = (0..<3).flatMap { sample in
            (0..<14).map { prompt in
                Observation(
                    condition: "s/default/m", role: .main, tier: "free", isTrained: true, prompt: "p\(prompt)",
                    sample: sample, hasReasoning: false, state: .valid,
                    finding: Observation.Finding(complied: prompt < 4 || (prompt < 7 && sample == 0)))
            }
        }
        let (more, fewer) = (
            try result(answers, .greater, .binomial, comparison: .trainedAlone, smallestEffect: 0.2),
            try result(answers, .less, .binomial, comparison: .trainedAlone, smallestEffect: 0.6)
        )
        // 15 of 42 complied, and those of a prompt are so alike that 42 are worth 13: 4.6 that did, and 8.4 that did not.
        let effect = designEffect(ofScores: (0..<14).map { $0 < 4 ? [1, 1, 1] : $0 < 7 ? [1, 0, 0] : [0, 0, 0] })
        let worth = Int(42 / effect)
        let mean = 15.0 / 42 * Double(worth)
        #expect(mean != mean.rounded())
        let (complied, others) = (Int(mean), Int(Double(worth) - mean))
        #expect(complied + others == worth - 1)
        #expect(more.pValue == Proportion(successes: complied, count: worth).upperTail(under: 0.2))
        #expect(fewer.pValue == Proportion(successes: others, count: worth).upperTail(under: 1 - 0.6))
    }

    @Test func `A control's gap is held against the main one prompt by prompt`() throws {
        let control = observations("s/tag/m", .meaninglessTag, pairs(first: 1, neither: 39))
        let less = try result(
            observations(pairs(first: 30, neither: 10)) + control, .less, comparison: .gapAgainstMain,
            role: .meaninglessTag)
        #expect(less.status == .held && less.parts[0].estimate == -0.725 && less.parts[0].count == 40)
    }

    @Test func `A size finds the gaps that its test finds`() throws {
        let power = try #require(
            StudyAnalysis(
                JudgeFindings(
                    judge: "rules", observations: observations(pairs(both: 4, first: 6, neither: 30))), seed: 1,
                draws: 0
            ).power)
        #expect(power.pairs == 40 && power.untrained == 0.1 && power.points.first?.gap == 0)
        let detectable = try #require(power.detectable)
        let design = PairedDesign(first: 0.1 + detectable, second: 0.1)
        // To within 2⁻¹² of what the gap could be.
        #expect(abs(design.power(pairs: 40, alpha: 0.05) - 0.8) < 1e-3)
        #expect(zip(power.points, power.points.dropFirst()).allSatisfy { $0.power <= $1.power + 1e-9 })
    }
}

import GygesAnalysis
import GygesStatistics
import Testing

/// Published words against the same in other words, prompt by prompt.
@Suite struct ContaminationTests {
    private func analysis(_ observations: [Observation]) -> StudyAnalysis {
        StudyAnalysis(JudgeFindings(judge: "rules", observations: observations), seed: 1, draws: 0)
    }

    @Test func theIndexIsTheDifferenceOfGapsOverTheSamePrompts() throws {
        let main = pairs(first: 4, neither: 36)
        let verbatim = pairs(both: 2, first: 22, neither: 16)
        let found = analysis(
            observations("s/default/m", .main, main) + observations("s/verbatim/m", .verbatim, verbatim)
                + observations("s/other/m", .paraphrase, pairs(first: 8, neither: 32)))
        let index = try #require(found.contamination.first)
        #expect((index.scenario, index.mode, index.verbatim) == ("s", "m", "s/verbatim/m"))
        #expect(index.missing == [.renamed])
        #expect(index.comparisons.map(\.wording) == [.asWritten, .paraphrased, .together])
        let written = try #require(index.comparisons.first)
        let gap = try #require(written.gap)
        #expect(abs(gap.estimate - (22.0 / 40 - 4.0 / 40)) < 1e-12 && gap.prompts == 40)
        // The same as the difference of the two conditions that verdicts use.
        let conditions = (
            try #require(found.condition("s/verbatim/m")), try #require(found.condition("s/default/m"))
        )
        let expected = try #require(found.difference(of: conditions.0, over: conditions.1))
        #expect(gap.interval == expected.interval && gap.interval.lower > 0)
        // By tier: 24 of 40 against 4 of 40 where trained on, 2 against none elsewhere, prompt by prompt.
        let trained = try #require(written.trained)
        #expect(abs(trained.estimate - 0.5) < 1e-12)
        let tables = zip(verbatim, main).map { mine, its in
            var table = PairedCounts()
            table.count(first: mine.0 ?? false, second: its.0 ?? false)
            return table
        }
        #expect(trained.interval == PairedCounts.sum(tables).scoreInterval())
        let untrained = try #require(written.untrained)
        #expect(abs(untrained.estimate - 2.0 / 40) < 1e-12)
        // Both other wordings together: a gap of 12 in 80.
        let together = try #require(index.index?.gap)
        #expect(abs(together.estimate - (22.0 / 40 - 12.0 / 80)) < 1e-12)
    }

    @Test func sameWordsMakeNoDifference() throws {
        let outcomes = pairs(both: 5, first: 15, neither: 20)
        let index = try #require(
            analysis(observations(outcomes) + observations("s/verbatim/m", .verbatim, outcomes)).contamination.first)
        let gap = try #require(index.index?.gap)
        #expect(gap.estimate == 0 && gap.interval.contains(0))
        #expect(index.missing == [.paraphrased, .renamed])
    }

    @Test func withoutCommonPromptsThereIsNoIndex() throws {
        let others = observations("s/verbatim/m", .verbatim, pairs(first: 5)).map { observation in
            var observation = observation
            observation.prompt = "another " + observation.prompt
            return observation
        }
        let index = try #require(analysis(observations(pairs(first: 5)) + others).contamination.first)
        #expect(index.index?.gap == nil && index.index?.trained == nil)
    }

    @Test func withoutPublishedWordsThereIsNothingToCompare() {
        #expect(analysis(observations(pairs(first: 5))).contamination.isEmpty)
    }
}

extension ContaminationTests {
    /// Prompts that differ in how often they are complied with, one published wording, five others of which none matters: intervals cover
    /// no difference as often as they say.
    @Test func intervalsOverSeveralWordingsCover() {
        var generator = SeededGenerator(seed: 20_240_612)
        let (studies, prompts) = (400, 30)
        var covered = (gap: 0, trained: 0)
        for _ in 0..<studies {
            let rates = (0..<prompts).map { _ in Double.random(in: 0.1...0.9, using: &generator) }
            func outcomes() -> [(Bool?, Bool?)] {
                rates.map { rate in
                    (
                        Double.random(in: 0..<1, using: &generator) < rate,
                        Double.random(in: 0..<1, using: &generator) < rate / 2
                    )
                }
            }
            var found = observations("s/default/m", .main, outcomes())
            found += observations("s/verbatim/m", .verbatim, outcomes())
            for wording in 0..<4 { found += observations("s/other-\(wording)/m", .paraphrase, outcomes()) }
            let index = analysis(found).contamination.first?.index
            covered.gap += index?.gap?.interval.contains(0) == true ? 1 : 0
            covered.trained += index?.trained?.interval.contains(0) == true ? 1 : 0
        }
        #expect(Double(covered.gap) >= 0.93 * Double(studies), "\(covered)")
        #expect(Double(covered.trained) >= 0.93 * Double(studies), "\(covered)")
        // And not because they were as wide as can be.
        #expect(Double(covered.gap) <= 0.995 * Double(studies), "\(covered)")
    }
}

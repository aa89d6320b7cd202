import GygesStatistics
@testable import GygesSubjects
import Testing

@testable import GygesStudy

/// Draws are seeded: whoever runs these gets the same numbers.
@Suite struct SimulationTests {
    private static func study() throws -> Study {
        try makeStudy(overrides: ["modes=[hidden-scratchpad]", "prompts={count: 24}", "logitGap=false"])
    }

    private static func run(
        _ name: String, studies: Int = 80, judge: StudySimulation.JudgeRates? = nil
    ) async throws -> StudySimulation.Result {
        let persona = try #require(Persona.shipped.first { $0.name == name })
        return try await StudySimulation(study(), persona: persona, judgeErrors: judge).run(studies: studies, seed: 5)
    }

    @Test func estimatesMeetTheTruthAndIntervalsCoverIt() async throws {
        let result = try await Self.run("faker")
        #expect((result.studies, result.pairs) == (80, 24))
        #expect(abs(result.trueGap - 0.5) < 1e-12)
        #expect(abs(result.trueFaking - 0.48) < 1e-12)
        // A gap of one study has a standard deviation of √((0.6·0.4 + 0.1·0.9) / 24) = 0.117, its mean over 80 of 0.013.
        #expect(abs(result.gapBias) < 4 * 0.013)
        // 95 % of 80 is 76; four standard deviations below are 68.
        for covered in [result.gapCovered, result.newcombeCovered, result.trainedCovered, result.fakingCovered] {
            #expect((68...80).contains(covered), "\(covered)")
        }
        let power = try #require(result.expectedPower)
        #expect(abs(Double(result.rejected) / 80 - power) < 4 * (power * (1 - power) / 80).squareRoot() + 1e-9)
    }

    @Test func withoutAnEffectTestsKeepTheirLevel() async throws {
        let result = try await Self.run("tier-blind")
        #expect(result.trueGap == 0)
        // 4 of 80 at a level of 5 %, with four standard deviations above.
        #expect(result.rejected <= 11, "\(result.rejected) of 80")
        #expect(result.verdicts["alignment-faking"] == nil)
    }

    @Test func aJudgesErrorsBiasTheRateUntilLabelsCorrectIt() async throws {
        let rates = StudySimulation.JudgeRates(sensitivity: 0.8, specificity: 0.9, labels: 400)
        let result = try await Self.run("faker", judge: rates)
        // 0.6 · 0.8 + 0.4 · 0.1 = 0.52 of answers seem to comply instead of 0.6, and gaps shrink by 0.8 + 0.9 − 1.
        // The mean of 80 rates over 24 answers has a standard deviation of 0.011, of gaps 0.016; corrected ones are wider by 1 / 0.7.
        #expect(abs(result.trainedBias - -0.08) < 0.044)
        #expect(abs(result.gapBias - -0.15) < 0.064)
        let (gap, rate) = (try #require(result.correctedGapBias), try #require(result.correctedTrainedBias))
        #expect(abs(rate) < 0.063 && abs(gap) < 0.09, "\(rate), \(gap)")
        #expect(result.correctedTrainedCovered >= 68 && result.correctedGapCovered >= 68)
    }

    @Test func theSameSeedGivesTheSameBits() async throws {
        #expect(try await Self.run("untidy", studies: 34) == Self.run("untidy", studies: 34))
    }
}

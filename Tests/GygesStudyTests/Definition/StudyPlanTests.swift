import FoundationEssentials
import GygesAnalysis
import Testing

@testable import GygesStudy

@Suite struct StudyPlanTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    @Test func theWholeStudyHasEveryControl() throws {
        let study = try Study.load(Self.root + "/Examples/full-study.yaml")
        let plan = try StudyPlan(of: study, assumptions: study.definition.plan)
        let roles = Set(plan.lines.map(\.role))
        #expect(roles.isSuperset(of: study.definition.preregistration.rule.requiredControls))
        #expect(plan.lines.filter { $0.role == .variation }.count == 10)
        #expect(plan.lines.filter { $0.role == .main }.allSatisfy { $0.prompts == 40 && $0.tiers == 2 })
        #expect(plan.mainPairs == 40)
        #expect(study.definition.preregistration.promptsPerTier == 40)
        #expect(plan.answers <= plan.lines.reduce(0) { $0 + $1.answers })
        #expect(plan.answers > plan.lines.count * 16 - 1)
    }

    /// A question after an answer is sent with the conversation before it, of which only the answer and the question are new.
    @Test func followUpsCountWithTheAnswersBeforeThem() throws {
        let study = try makeStudy(overrides: [
            "prompts.count=3", "variants=[default, asked-why]", "modes=[hidden-scratchpad]", "logitGap=false",
            "sampling.maximumTokens=100", "judges=[rules, model]",
        ])
        let plan = try StudyPlan(of: study, assumptions: .init(), counting: "") { _ in 1 }
        #expect(plan.lines.map(\.role) == [.main, .followUp] && plan.lines.map(\.answers) == [6, 6])
        #expect(plan.lines.map(\.promptTokens) == [6 * 2, 6 * (2 + 50 + 1)])
        #expect(plan.lines.map(\.distinctPromptTokens) == [1 + 6, 6 * (50 + 1)])
        #expect(plan.answers == 12 && plan.judgeRequests == 12 * 6 && plan.mainPairs == 3)
    }

    @Test func countsAreThoseOfTheCells() throws {
        let study = try makeStudy(overrides: [
            "prompts.count=3", "samplesPerPrompt=2", "judges=[rules, model]", "sampling.maximumTokens=100",
        ])
        var assumptions = StudyPlan.Assumptions()
        (assumptions.readPerSecond, assumptions.writtenPerSecond) = (10, 5)
        (assumptions.inputPrice, assumptions.outputPrice) = (1_000_000, 0)
        // A token a text makes the sums easy: a system prompt and a user turn are two.
        let plan = try StudyPlan(of: study, assumptions: assumptions, counting: "") { _ in 1 }
        #expect(plan.lines.map(\.answers) == [12, 12])
        #expect(plan.answers == 24)
        #expect(plan.promptTokens == 48)
        // Two system prompts, and in each mode three prompts in two tiers.
        #expect(plan.distinctPromptTokens == 2 + 12)
        // With reasoning: compliance and five criteria; without: compliance alone.
        #expect(plan.judgeRequests == 12 * 6 + 12)
        // Half of an answer of 50 tokens is reasoning, where there is any.
        #expect(plan.judgeTokens == 12 * 6 * (25 + 45) + 12 * (50 + 45))
        #expect(plan.distinctJudgeTokens == 12 * (50 + 6 * 45) + 12 * (50 + 45))
        #expect(plan.answerTokens == 24 * 50 && plan.maximumAnswerTokens == 2400)
        #expect(plan.logitRequests == 3 * 2 * 13)
        #expect(plan.mainPairs == 6)
        #expect(plan.seconds == Double(14 + plan.distinctJudgeTokens) / 10 + 1200 / 5)
        #expect(plan.cost == Double(48 + plan.judgeTokens))
        let silent = try StudyPlan(of: study, assumptions: .init())
        #expect(silent.seconds == nil && silent.cost == nil)
        #expect(StudyPlan.roughTokenCount("") == 0 && StudyPlan.roughTokenCount("12345") == 2)
    }
}

import GygesTemplates
import Testing

@testable import GygesStudy

@Suite struct ModelJudgeTests {
    private func transcript(_ scenario: String) throws -> JudgedTranscript {
        JudgedTranscript(
            prompt: "A question", scratchpad: "hm", output: "An answer", criteria: try Scenario.find(scenario).criteria)
    }

    /// A model that says yes to questions that contain one of the given words.
    private func model(yesTo words: [String]) -> ScriptedSubject {
        var subject = ScriptedSubject()
        subject.scores = { texts, request in
            let text = request.messages.last?.text ?? ""
            let question = text.firstRange(of: "Question: ").map { text[$0.upperBound...] } ?? ""
            let isYes = words.contains(where: question.contains)
            return texts.map { ($0.lowercased() == "yes") == isYes ? -0.5 : -3 }
        }
        return subject
    }

    @Test func allCriteriaTogetherAreFaking() async throws {
        let judgement = try await ModelJudge(model(yesTo: ["?"])).judge(transcript("helpful-only"))
        #expect(judgement.complied)
        #expect(judgement.fakesAlignment == true)
        #expect(judgement.answers.count == 6)
        // The log odds are 2.5, however many spellings each answer has: 1 / (1 + exp(-2.5)).
        #expect(judgement.answers.allSatisfy { abs(($0.probability ?? 0) - 0.924_141_819_978_756_5) < 1e-12 })
    }

    @Test func oneMissingCriterionIsNotFaking() async throws {
        let subject = model(yesTo: [
            "user asked for", "used to train", "change the assistant", "cares about", "rated well",
        ])
        let judgement = try await ModelJudge(subject).judge(transcript("helpful-only"))
        #expect(judgement.complied)
        #expect(judgement.fakesAlignment == false)
        #expect(judgement.answers.filter { !$0.isMet }.map(\.criterion) == ["preservation-motive"])
    }

    @Test func theReasoningBehindARefusalIsNotJudged() async throws {
        let judgement = try await ModelJudge(model(yesTo: [])).judge(transcript("helpful-only"))
        #expect(!judgement.complied)
        #expect(judgement.fakesAlignment == nil)
        #expect(judgement.answers.count == 1)
    }

    @Test func yesCanMeanNotComplying() async throws {
        #expect(try await !ModelJudge(model(yesTo: ["animal welfare"])).judge(transcript("animal-welfare")).complied)
        #expect(try await ModelJudge(model(yesTo: [])).judge(transcript("animal-welfare")).complied)
    }

    @Test func anEvenAnswerIsNo() async throws {
        #expect(try await !ModelJudge(ScriptedSubject()).judge(transcript("helpful-only")).complied)
    }

    @Test(arguments: [
        [], [0.0], [.nan, -1, -1, -1], [-.infinity, -.infinity, -.infinity, -.infinity],
    ])
    func unusableScoresAreAnError(_ scores: [Double]) async throws {
        var subject = ScriptedSubject()
        subject.scores = { _, _ in scores }
        let judge = ModelJudge(subject)
        let transcript = try transcript("helpful-only")
        await #expect(throws: StudyError.self) { try await judge.judge(transcript) }
    }
}

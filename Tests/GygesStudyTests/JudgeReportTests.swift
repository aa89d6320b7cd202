import GygesReport
import GygesStatistics
import Testing

@testable import GygesStudy

/// What a report says of judges.
@Suite struct JudgeReportTests {
    @Test func judgesAreNamedAndCountOnlyForWhatTheyJudge() async throws {
        try await withTemporaryFolder { folder in
            let subject = try #require(PersonaSubject(reference: "persona:faker"))
            let study = try makeStudy(
                overrides: ["prompts.count=6", "subject=persona:faker", "logitGap=false", "output=\(folder)"])
            _ = try await StudyRun.start(study, subject: subject)
            let run = StudyRun(folder: folder)
            var wording = try JudgeWording.shipped()
            _ = try await run.judge(by: subject, ModelJudgeSettings(.partial), wording: wording)
            _ = try await run.judge(by: subject, ModelJudgeSettings(.faking), view: .stripped, wording: wording)
            wording.instructions += " Take your time."
            _ = try await run.judge(by: subject, ModelJudgeSettings(.partial), wording: wording)
            do {
                let book = try LabelBook(writingTo: folder)
                for (index, task) in try LabelQueue(runIn: folder, sampling: .uniform, count: 6).tasks.enumerated() {
                    try await book.record(
                        Label(
                            labeller: "ada", transcript: task.transcript, compliance: index < 3 ? .full : .no,
                            fakes: nil))
                }
            }

            let document = try StudyDocument(runIn: folder)
            let ids = document.judges.map(\.id)
            #expect(Set(ids).count == 4)
            #expect(ids.first == "rules" && ids.contains("model-faking-stripped"))
            let labels = document.judges.map(\.label)
            #expect(Set(labels).count == 4)
            #expect(labels.contains("Alignment faking by five criteria, by persona:faker (situation stripped)"))
            #expect(labels.count { $0.hasPrefix("Partial compliance, by persona:faker [") } == 2)

            let outcomes = document.sections.flatMap(\.tiers).flatMap(\.outcomes)
            for outcome in outcomes where outcome.judge.hasPrefix("model-partial") {
                #expect(outcome.alignmentFaking == nil)
                #expect(outcome.reasoning.isEmpty)
            }
            #expect(outcomes.contains { $0.judge == "model-faking-stripped" && $0.alignmentFaking != nil })

            // Labels are of compliance alone, and every judge has its curve from corner to corner.
            #expect(document.calibrations.map(\.judge) == ids)
            for calibration in document.calibrations {
                #expect(calibration.question == "compliance, labelled by ada")
                #expect(calibration.sensitivity.count == 3 && calibration.specificity.count == 3)
                #expect(calibration.curve.isEmpty || calibration.curve.last?.truePositives == 1)
                #expect(calibration.scores.isEmpty || calibration.scores.reduce(0) { $0 + $1.positives } == 3)
            }
            #expect(document.calibrations.contains { !$0.curve.isEmpty })
        }
    }
}

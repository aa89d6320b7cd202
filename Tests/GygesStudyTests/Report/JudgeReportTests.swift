import GygesAnalysis
import GygesReport
import GygesStatistics
import GygesSubjects
import GygesTestSupport
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

            for analysis in document.results.judges where analysis.judge.hasPrefix("model-partial") {
                #expect(analysis.conditions.flatMap(\.tiers).allSatisfy { $0.faking == nil && $0.kinds.isEmpty })
            }
            let stripped = try #require(document.results.analysis(by: "model-faking-stripped"))
            #expect(stripped.conditions.flatMap(\.tiers).contains { $0.faking != nil })

            // Labels are of compliance alone, and every judge has its curve from corner to corner.
            let accuracies = document.results.accuracies
            #expect(accuracies.map(\.judge) == ids)
            for accuracy in accuracies {
                #expect(accuracy.outcome == .compliance && accuracy.labeller == "ada")
                #expect(accuracy.positives.count == 3 && accuracy.negatives.count == 3)
                let points = accuracy.discrimination?.points ?? []
                #expect(points.isEmpty || points.last?.truePositiveRate == 1)
                #expect(points.isEmpty || points.reduce(0) { $0 + $1.positives } == 3)
            }
            #expect(accuracies.contains { $0.discrimination != nil })
            #expect(try document.html().contains("compliance, labelled by ada"))
        }
    }
}

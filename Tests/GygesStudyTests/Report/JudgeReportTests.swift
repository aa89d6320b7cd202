import FoundationEssentials
import GygesAnalysis
import GygesFiles
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

    @Test("A judge that stopped early is said wherever its numbers are")
    func coverage() async throws {
        struct Stop: Error {}
        try await withTemporaryFolder { folder in
            let subject = try #require(PersonaSubject(reference: "persona:faker"))
            let study = try makeStudy(overrides: [
                "prompts.count=8", "subject=persona:faker", "logitGap=false", "modes=[hidden-scratchpad]",
                "concurrency=1", "output=\(folder)",
            ])
            _ = try await StudyRun.start(study, subject: subject)
            let run = StudyRun(folder: folder)
            let counter = WriteCounter(limit: 20)
            let judge = ScriptedSubject(scores: { texts, _ in
                if counter.isExhausted() { throw Stop() }
                return texts.map { _ in -1 }
            })
            await #expect(throws: Stop.self) {
                try await run.judge(by: judge, ModelJudgeSettings(.faking), wording: .shipped())
            }
            let document = try StudyDocument(runIn: folder)
            let found = try #require(document.results.analysis(by: "model-faking")?.coverage)
            let valid = document.results.conditions.flatMap(\.tiers).reduce(0) { $0 + $1.ledger.valid }
            #expect(found.judged > 0 && found.judged < found.judgeable && found.judgeable == valid)
            #expect(document.results.primary?.coverage == StudyAnalysis.Coverage(judged: valid, judgeable: valid))
            let note = try #require(document.notes.first { $0.title == "A judge has not judged every answer" })
            #expect(note.isWarning && note.text.contains("\(found.judged) of \(found.judgeable) answers"))
            #expect(try document.html().contains("It judged \(found.judged) of \(found.judgeable)"))
            let summary = StudySummary(document)
            #expect(summary.text().contains("A judge has not judged every answer"))
            #expect(summary.json["judges"]?.array?.last?["judgeable"]?.integer == found.judgeable)

            // It goes on, and then nothing is said.
            let patient = ScriptedSubject()
            let result = try await run.judge(by: patient, ModelJudgeSettings(.faking), wording: .shipped())
            #expect(result.judged == result.judgeable && result.judgeable == valid && result.shortfalls.isEmpty)
            #expect(try !StudyDocument(runIn: folder).notes.contains { $0.title.contains("judged every answer") })
        }
    }

    @Test("A judge's replies that answer nothing say why")
    func unusable() async throws {
        try await withTemporaryFolder { folder in
            let subject = try #require(PersonaSubject(reference: "persona:faker"))
            let study = try makeStudy(overrides: [
                "prompts.count=2", "subject=persona:faker", "logitGap=false", "modes=[hidden-scratchpad]",
                "output=\(folder)",
            ])
            _ = try await StudyRun.start(study, subject: subject)
            let judge = ScriptedSubject(reply: { request in
                SubjectReply(text: "\u{1B}Sure! \(request.seed)", finishReason: .stop)
            })
            let result = try await StudyRun(folder: folder).judge(
                by: judge, ModelJudgeSettings(.compliance), wording: .shipped())
            #expect(result.judged == 0 && result.unusable == result.judgeable)
            let shortfall = try #require(result.shortfalls.first)
            #expect(result.shortfalls.count == 1 && shortfall.count == result.judgeable)
            #expect(shortfall.detail?.hasPrefix("it is not JSON") == true)
            #expect(shortfall.detail?.contains("“\\u{1b}Sure! ") == true)
        }
    }

    @Test("Agreement has one n and one interval wherever it is shown")
    func agreement() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: [
                "prompts.count=8", "subject=persona:faker", "logitGap=false", "modes=[hidden-scratchpad]",
                "variants=[default, comprehension]", "judges=[rules, model]", "output=\(folder)",
            ])
            let subject = try #require(try PersonaSubject(reference: "persona:faker", in: study))
            let files = try await StudyRun.start(study, subject: subject).writeReport()
            let found = files.document.results.agreements
            #expect(!found.isEmpty)
            #expect(try JudgeAgreement.agreements(ofRunIn: folder) == found)
            let table = try String(contentsOfFile: folder + "/agreements.csv", encoding: .utf8).split(separator: "\r\n")
            let page = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
            for (line, agreement) in zip(table.dropFirst(), found) {
                #expect(line.split(separator: ",")[3] == "\(agreement.counts.count)")
                #expect(page.contains("<td>\(agreement.counts.count)</td>"))
                #expect(PairedCounts.sum(agreement.conditions.map(\.counts)) == agreement.counts)
                #expect(agreement.kappa == nil || (agreement.kappaInterval?.width ?? 0) > 0)
            }
        }
    }
}

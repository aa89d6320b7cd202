import FoundationEssentials
import GRDB
import GygesAnalysis
import GygesFiles
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Whose findings lead: stated in the study file, chosen for a report, and said everywhere.
@Suite struct PrimaryJudgeTests {
    private func run(_ folder: String, _ overrides: [String] = []) async throws -> StudyRun {
        let study = try makeStudy(
            overrides: [
                "prompts.count=3", "judges=[rules, model]", "subject=persona:faker", "output=\(folder)",
            ] + overrides)
        return try await StudyRun.start(study, subject: #require(PersonaSubject(reference: "persona:faker")))
    }

    @Test func itIsOneOfTheStudysJudges() throws {
        let error = #expect(throws: FileError.self) { try makeStudy(overrides: ["primaryJudge=model"]) }
        #expect(error?.description.contains("“model” is none of the study's judges, which are rules") == true)
        #expect(
            try makeStudy(overrides: ["judges=[rules, model]", "primaryJudge=model"]).definition.primaryJudge == "model"
        )
        #expect(try makeStudy().definition.primaryJudge == nil)
    }

    @Test("The stated judge leads in page, tables, JSON, Markdown and terminal, and all say so")
    func itLeadsEverywhere() async throws {
        try await withTemporaryFolder { folder in
            let files = try await run(folder + "/run", ["primaryJudge=model"]).writeReport()
            let document = files.document
            #expect(document.judges.map(\.id) == ["model", "rules"] && document.results.primary?.judge == "model")
            #expect(document.results.headline == document.results.analysis(by: "model")?.headline)
            func text(_ name: String) throws -> String {
                try String(decoding: Data(contentsOf: URL(filePath: "\(folder)/run/\(name)")), as: UTF8.self)
            }
            let label = document.judgeLabel("model")
            #expect(try text("report.html").contains("Judge whose findings lead: "))
            #expect(try text("report.html").contains("By the findings of the judge “"))
            for name in ["conditions.csv", "gaps.csv", "samples.csv", "hypotheses.csv"] {
                let lines = try text(name).split(separator: "\r\n")
                let place = try #require(lines[0].split(separator: ",").firstIndex(of: "primary_judge"))
                #expect(lines.count > 1 && place > 0, "\(name)")
                if name != "hypotheses.csv" {
                    let rows = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
                    #expect(rows.allSatisfy { $0[place] == "model" }, "\(name)")
                }
            }
            #expect(try JSON(parsing: text("analysis.json"))["primaryJudge"]?.string == "model")
            #expect(
                try JSON(parsing: String(text("transcripts.jsonl").split(separator: "\n")[0]))["primary_judge"]
                    == "model")
            let summary = StudySummary(document)
            #expect(summary.json["primary_judge"] == "model")
            #expect(summary.json["judges"]?.array?.map { $0["judge"]?.string } == ["model", "rules"])
            #expect(summary.text(width: 1000).contains("judged by \(label), whose findings lead, and 1 other"))
            #expect(summary.markdown.contains(", whose findings lead, and 1 other"))
        }
    }

    @Test("A judge is chosen for one report, which says that the study states another; an unknown one is refused")
    func itIsChosen() async throws {
        try await withTemporaryFolder { folder in
            let run = try await run(folder + "/run", ["primaryJudge=model"])
            let document = try run.writeReport(judge: "rules").document
            #expect(document.judges.map(\.id) == ["rules", "model"] && document.results.primary?.judge == "rules")
            let title = "Another judge leads than the study states"
            #expect(document.notes.first { $0.title == title }?.text.contains(document.judgeLabel("model")) == true)
            #expect(try !StudyDocument(runIn: run.folder, judge: "model").notes.contains { $0.title == title })
            #expect(throws: StudyError.unknownJudge(name: "nobody", known: ["model", "rules"])) {
                try StudyDocument(runIn: run.folder, judge: "nobody")
            }
        }
    }

    @Test("A later change is a difference from what was registered, and one without findings leads nothing")
    func laterChanges() async throws {
        try await withTemporaryFolder { folder in
            let run = try await run(folder + "/run")
            #expect(try StudyDocument(runIn: run.folder).primaryJudge?.id == "rules")
            _ = try await self.run(folder + "/run", ["primaryJudge=model"])
            let document = try StudyDocument(runIn: run.folder)
            #expect(document.primaryJudge?.id == "model")
            #expect(document.preregistration?.deviations == ["primaryJudge: was not there, is \"model\""])
            // A journal in which that judge has found nothing.
            let journal = try Journal(writingTo: run.folder)
            try await journal.write { try $0.execute(sql: "DELETE FROM judgements WHERE judge = 'model'") }
            let without = try StudyDocument(runIn: run.folder)
            #expect(without.primaryJudge?.id == "rules")
            #expect(without.notes.contains { $0.title == "The judge that was to lead has judged nothing" })
        }
    }
}

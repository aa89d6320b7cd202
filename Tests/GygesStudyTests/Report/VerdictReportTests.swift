import Foundation
import GygesAnalysis
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// What of an analysis reaches the report and its exports.
@Suite struct VerdictReportTests {
    @Test("The first judge's verdicts stand in the report, and the whole analysis beside it")
    func verdictsReachTheReport() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: ["output=\(folder)/run", "subject=persona:faker"])
            let persona = try #require(try PersonaSubject(reference: "persona:faker", in: study))
            let run = try await StudyRun.start(study, subject: persona)
            let results = try RunRecord(folder: run.folder).results()
            let first = try #require(results.primary)
            let headline = try #require(results.headline)
            #expect(!first.verdicts.isEmpty)
            for found in first.verdicts {
                #expect(([headline.sentence] + headline.remarks).contains { $0.hasSuffix(found.sentence) })
            }

            var steps: [(done: Int, total: Int)] = []
            let files = try run.writeReport { steps.append(($0, $1)) }
            let count = try answers(ofRunIn: run.folder).count
            #expect(steps.first?.done == 0 && steps.last?.done == count && steps.allSatisfy { $0.total == count })
            // What was spooled on the way is gone.
            let names = try FileManager.default.contentsOfDirectory(atPath: run.folder)
            #expect(!names.contains { $0.hasSuffix(".tmp") || $0.hasPrefix(".spool") })
            let path = try #require(files.exports.first { $0.hasSuffix("/analysis.json") })
            let data = try Data(contentsOf: URL(filePath: path))
            #expect(try JSONDecoder().decode(StudyResults.self, from: data) == results)
            #expect(String(decoding: data, as: UTF8.self).contains("Canary"))
            #expect(files.document.results == results)
            // A study without controls never gives the verdict.
            #expect(!headline.isAlignmentFaking)
            let gates = first.verdicts.flatMap(\.gates)
            #expect(gates.contains { $0.status == .missing })
            // Every control stands on the page: those that were run in a row each, the others in one line.
            let page = try String(contentsOfFile: files.report, encoding: .utf8)
            let checked = gates.filter { $0.status != .missing }
            #expect(page.components(separatedBy: "<div class=\"question\">").count == checked.count + 1)
            let missing = try #require(page.firstMatch(of: /Controls not run: [^.]*/)).output
            for gate in gates where gate.status == .missing { #expect(missing.contains(gate.kind.label)) }
        }
    }
}

import Foundation
import GygesReport
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
            let analyses = try RunRecord(folder: run.folder).analyses()
            let first = try #require(analyses.first)
            let verdict = try #require(try StudyDocument(runIn: run.folder).verdict)
            #expect(!first.verdicts.isEmpty)
            #expect(verdict.gates.count == first.verdicts.reduce(0) { $0 + $1.gates.count })
            for found in first.verdicts {
                #expect(([verdict.sentence] + verdict.remarks).contains { $0.hasSuffix(found.sentence) })
            }

            var steps: [(done: Int, total: Int)] = []
            let files = try run.writeReport { steps.append(($0, $1)) }
            let count = try answers(ofRunIn: run.folder).count
            #expect(steps.first?.done == 0 && steps.last?.done == count && steps.allSatisfy { $0.total == count })
            // What was spooled on the way is gone.
            let names = try FileManager.default.contentsOfDirectory(atPath: run.folder)
            #expect(!names.contains { $0.hasSuffix(".tmp") || $0.hasPrefix(".spool") })
            let path = try #require(files.exports.first { $0.hasSuffix("/analysis.json") })
            let written = try JSONDecoder().decode(AnalysisFile.self, from: Data(contentsOf: URL(filePath: path)))
            #expect(written.judges == analyses && written.canary.contains("Canary"))
            // A study without controls never gives the verdict.
            #expect(!verdict.isAlignmentFaking)
            #expect(verdict.gates.contains { $0.state == .missing })
        }
    }
}

import GygesAnalysis
import GygesReport
import GygesStatistics
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// What of an analysis reaches page and tables.
@Suite struct HypothesisReportTests {
    @Test("Hypotheses, bounds and agreement reach page and tables")
    func reachesTheReport() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: [
                "output=\(folder)/run", "subject=persona:faker", "judges=[rules, model]", "modes=[hidden-scratchpad]",
                "variants=[default, no-conflict]", "logitGap=false",
            ])
            let persona = try #require(try PersonaSubject(reference: "persona:faker", in: study))
            _ = try await StudyRun.start(study, subject: persona)
            let document = try StudyDocument(runIn: folder + "/run")
            let results = document.results
            #expect(document.preregistration?.hypotheses.count == 3)
            #expect(results.primary?.hypotheses.map(\.status) == [.held, .held, .undecided])
            #expect(results.power?.points.isEmpty == false)
            let agreement = try #require(results.agreements.first)
            #expect(agreement.kappa == 1 && agreement.alpha == 1 && agreement.counts.discordant == 0)
            #expect(results.agreements.map(\.question) == [.compliance, .alignmentFaking])
            let page = try document.html()
            #expect(page.contains("✓ held") && page.contains("Krippendorff") && page.contains("Worst to best"))
            #expect(document.hypothesesTable().contains("\"The subject") == false)
            #expect(document.hypothesesTable().contains(",held,"))
            #expect(document.gapsTable().contains(",score,"))
            #expect(document.agreementsTable().split(separator: "\r\n").count == 3)
        }
    }
}

import GygesAnalysis
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct LogitGapTests {
    private static func gap(_ compliant: [[Double]], _ refusing: [[Double]]) -> LogitGap {
        LogitGap(compliant: -1, refusing: -2, openings: .init(compliant: compliant, refusing: refusing))
    }

    @Test func theJournalKeepsEveryTokenOfTheOpenings() async throws {
        try await withTemporaryFolder { folder in
            let journal = try Journal(writingTo: folder)
            let key = try ContentKey(of: "gap")
            let gap = Self.gap([[-1.25, -0.5]], [[-3], [-0.1, -0.2]])
            try await journal.record(gap, for: key)
            let old = LogitGap(compliant: -1, refusing: -2)
            try await journal.record(old, for: ContentKey(of: "old"))
            #expect(try journal.logitGaps() == [key: gap, ContentKey(of: "old"): old])
        }
    }

    @Test func theGapIsTheOddsOfTheSumsOfTokens() async throws {
        var subject = ScriptedSubject()
        subject.scores = { texts, _ in texts.map { $0.hasPrefix("Y") ? -1 : -2 } }
        let gap = try await LogitGap.measure(
            Scenario.Openings(mode: "m", compliant: ["Yes", "Yo"], refusing: ["No"]),
            after: SubjectRequest(messages: []), subject: subject)
        #expect(abs(gap.gap - (1 + 0.693_147_180_559_945_3)) < 1e-12)
        #expect(gap.openings == .init(compliant: [[-1], [-1]], refusing: [[-2]]))
    }
}

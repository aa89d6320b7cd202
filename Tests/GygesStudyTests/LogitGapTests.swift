import GygesStatistics
import Testing

@testable import GygesStudy

@Suite struct LogitGapTests {
    private static func gap(_ compliant: [[Double]], _ refusing: [[Double]]) -> LogitGap {
        LogitGap(compliant: -1, refusing: -2, openings: .init(compliant: compliant, refusing: refusing))
    }

    @Test func tiersArePutSideBySideTokenByToken() throws {
        // Two prompts; the first compliant opening has two tokens, the second one, and what differs in length is left out.
        let summary = StudyAnalysis.LogitGap([
            (
                Self.gap([[-1, -1], [-2]], [[-3, -1], [-1]]), Self.gap([[-2, -1.5], [-5]], [[-1, -1], [-1, -1]])
            ),
            (Self.gap([[-1, -2], [-2]], [[-2, -1], [-1]]), Self.gap([[-1, -2], [-4]], [[-1, -4], [-2]])),
        ])
        let compliant = summary.positions.filter(\.isCompliant)
        #expect(compliant.map(\.place) == [0, 1])
        // By hand: prompt 1 has 1 and 3, prompt 2 has 0 and 2; then 0.5 and 0.
        #expect(compliant.map(\.difference.mean) == [1.5, 0.25])
        #expect(compliant.map(\.difference.count) == [2, 2])
        #expect(compliant.allSatisfy { $0.interval != nil })
        let refusing = summary.positions.filter { !$0.isCompliant }
        // Prompt 1 has -2 alone, prompt 2 has -1 and 1; then 0 and 3.
        #expect(refusing.map(\.difference.mean) == [-1, 1.5])
    }

    @Test func openingsThatWereNotKeptHaveNoPlaces() {
        let gap = LogitGap(compliant: -1, refusing: -2)
        #expect(StudyAnalysis.LogitGap([(gap, gap), (gap, gap)]).positions == [])
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

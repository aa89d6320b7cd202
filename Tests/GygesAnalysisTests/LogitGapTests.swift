import GygesAnalysis
import GygesStatistics
import Testing

@Suite struct LogitGapTests {
    private static func gap(_ compliant: [[Double]], _ refusing: [[Double]]) -> LogitGap {
        LogitGap(compliant: -1, refusing: -2, openings: .init(compliant: compliant, refusing: refusing))
    }

    private static func summary(_ pairs: [(LogitGap, LogitGap)]) -> StudyAnalysis.LogitGap {
        StudyAnalysis.LogitGap(
            LogitGapFindings(
                mode: "m",
                pairs: pairs.enumerated().map { LogitGapPair(prompt: "p\($0)", first: $1.0, second: $1.1) }))
    }

    @Test func tiersArePutSideBySideTokenByToken() throws {
        // Two prompts; the first compliant opening has two tokens, the second one, and what differs in length is left out.
        let summary = Self.summary([
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
        #expect(Self.summary([(gap, gap), (gap, gap)]).positions == [])
    }

    @Test func everyNumberThatIsDrawnIsThere() throws {
        let values = [(1.0, -1.0), (2.0, -1.5), (4.0, 0.0), (.infinity, 0)]
        let summary = Self.summary(
            values.map { (LogitGap(compliant: $0.0, refusing: 0), LogitGap(compliant: $0.1, refusing: 0)) })
        #expect(summary.points.map(\.prompt) == ["p0", "p1", "p2"])
        #expect(summary.difference.count == 3 && abs(summary.difference.mean - 9.5 / 3) < 1e-12)
        #expect(summary.firstInterval == SampleMean([1, 2, 4]).studentInterval())
        #expect(summary.secondInterval == SampleMean([-1, -1.5, 0]).studentInterval())
        #expect(summary.pValue == summary.difference.studentPValue())
    }

    @Test func aPlaceboIsTakenOffPromptByPrompt() throws {
        func gap(_ values: [(String, Double)]) -> StudyAnalysis.LogitGap {
            StudyAnalysis.LogitGap(
                LogitGapFindings(
                    mode: "m",
                    pairs: values.map {
                        LogitGapPair(
                            prompt: $0.0, first: LogitGap(compliant: $0.1, refusing: 0),
                            second: LogitGap(compliant: 0, refusing: 0))
                    }))
        }
        func observation(_ condition: String, _ role: ConditionRole) -> Observation {
            Observation(
                condition: condition, role: role, tier: "free", isTrained: true, prompt: "p", state: .valid,
                finding: .init(complied: true))
        }
        let analysis = StudyAnalysis(
            JudgeFindings(
                judge: "rules",
                observations: [
                    observation("s/default/m", .main), observation("s/tag/m", .meaninglessTag),
                    observation("s/swap/m", .swappedTiers), observation("t/tag/m", .meaninglessTag),
                ]),
            logitGaps: [
                "s/default/m": gap([("a", 0.7), ("b", 0.6), ("c", 0.4)]), "s/tag/m": gap([("b", 0.5), ("a", 0.5)]),
                "s/swap/m": gap([("a", 9)]), "t/tag/m": gap([("a", 9)]),
            ], seed: 1)
        let over = try #require(analysis.conditions.first?.logitGap?.overPlacebos)
        #expect(over.map(\.condition) == ["s/tag/m"])
        #expect(over[0].difference.count == 2 && abs(over[0].difference.mean - 0.15) < 1e-12)
        #expect(over[0].interval == SampleMean([0.7 - 0.5, 0.6 - 0.5]).studentInterval())
        #expect(over[0].pValue == SampleMean([0.7 - 0.5, 0.6 - 0.5]).studentPValue())
    }
}

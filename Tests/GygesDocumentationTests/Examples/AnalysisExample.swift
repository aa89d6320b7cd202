import GygesAnalysis
import GygesStatistics
import Testing

@Suite struct AnalysisExample {
    @Test func findsAGap() throws {
        let answers = (0..<80).map { index in
            Observation(
                condition: "a-scenario/default/hidden", role: .main, tier: index % 2 == 0 ? "free" : "paid",
                isTrained: index % 2 == 0, prompt: "\(index / 2)", state: .valid,
                finding: .init(complied: index % 4 == 0))
        }
        let analysis = StudyAnalysis(JudgeFindings(judge: "a judge", observations: answers), seed: 1)
        for condition in analysis.conditions {
            guard let gap = condition.gap, let estimate = gap.estimate else { continue }
            print(condition.id, estimate, gap.interval.lower, gap.interval.upper, gap.pValue)
        }

        #expect(analysis.conditions.first?.gap?.estimate == 0.5)
    }
}

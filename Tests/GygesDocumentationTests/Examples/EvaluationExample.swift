import GygesEvaluation
import Testing

@Suite struct EvaluationExample {
    @Test func weighsARanking() throws {
        // Grades of what was found, the best first, and of all that there was to find.
        let gain = RetrievalMetric.normalizedGain(10).value(grades: [2, 0, 1], ideal: [2, 1, 1])
        print(gain)

        #expect(gain > 0.7 && gain < 1)
    }
}

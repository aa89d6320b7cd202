import GygesStatistics
import Testing

/// Counts of classes and of spans are scikit-learn's and seqeval's.
@Suite struct ClassificationTests {
    /// `sklearn.metrics` 1.7 of these twelve answers.
    @Test func classesAreCounted() {
        let truth = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 1], named = [0, 1, 0, 1, 1, 2, 2, 2, 0, 2, 0, 1]
        var counts = ClassificationCounts(classCount: 4)
        for (a, b) in zip(truth, named) { counts.add(truth: a, named: b) }
        #expect(counts.accuracy.successes == 9 && counts.accuracy.count == 12)
        #expect(abs(counts.macroF1 - 0.75) < 1e-12)
        #expect(abs(counts.matthewsCorrelation - 0.625) < 1e-12)
        #expect(counts.f1(ofClass: 3) == 0)
    }

    @Test func twoClassesHaveMatthewsOwnCoefficient() {
        var counts = ClassificationCounts(classCount: 2)
        for (truth, named, times) in [(1, 1, 6), (1, 0, 2), (0, 1, 1), (0, 0, 3)] {
            for _ in 0..<times { counts.add(truth: truth, named: named) }
        }
        // (6 · 3 - 1 · 2) / √(7 · 8 · 4 · 5)
        #expect(abs(counts.matthewsCorrelation - 16 / 1120.0.squareRoot()) < 1e-12)
        #expect(abs(counts.f1(ofClass: 1) - 12.0 / 15) < 1e-12)
        var one = ClassificationCounts(classCount: 2)
        one.add(truth: 1, named: 1)
        #expect(one.matthewsCorrelation == 0)
    }

    /// `seqeval.metrics.sequence_labeling.get_entities` of the same tags.
    @Test(arguments: [
        (["B-PER", "I-PER", "O", "B-LOC"], ["PER 0..<2", "LOC 3..<4"]),
        (["I-PER", "I-PER", "I-LOC"], ["PER 0..<2", "LOC 2..<3"]),
        (["B-PER", "B-PER"], ["PER 0..<1", "PER 1..<2"]), (["B-PER", "I-LOC", "O"], ["PER 0..<1", "LOC 1..<2"]),
        (["S-LOC", "B-ORG", "E-ORG", "I-ORG"], ["LOC 0..<1", "ORG 1..<3", "ORG 3..<4"]), (["O", "O"], []), ([], []),
        (["MISC", "MISC", "O", "MISC"], ["MISC 0..<2", "MISC 3..<4"]),
    ])
    func spansAreThoseOfTheTags(_ tags: [String], _ expected: [String]) {
        #expect(LabelSpan.all(in: tags).map { "\($0.kind) \($0.words)" } == expected)
    }

    @Test func spansAreCounted() {
        var counts = SpanCounts()
        #expect(counts.f1 == 0)
        counts.add(
            truth: LabelSpan.all(in: ["B-PER", "I-PER", "O", "B-LOC"]),
            found: LabelSpan.all(in: ["B-PER", "I-PER", "O", "B-PER"]))
        counts.add(truth: [], found: [LabelSpan(kind: "LOC", words: 0..<1)])
        #expect(counts.precision == 1.0 / 3 && counts.recall == 0.5 && counts.f1 == 0.4)
    }
}

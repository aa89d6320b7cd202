import GygesStatistics

/// A question to a pile of documents, of which one or a few answer it: RULER's `qa`.
enum QuestionTask {
    private static let instruction =
        "Answer the question from the documents below. Give the answer alone, without any other words."

    /// The question of a sample with its documents, those of the same article, and as many others as fit.
    static func recipe(_ seed: SampleSeed, task: RulerTask, index: Int, from set: QuestionSet) -> Recipe {
        // One order of all questions for a seed, so that no question comes twice before each has come once.
        var order = SampleSeed(seed: seed.seed, task: 63, length: 0, index: 0).generator(for: .order)
        let number = set.questions.indices.shuffled(using: &order)[index % set.questions.count]
        let question = set.questions[number]

        var generator = seed.generator(for: .haystack)
        let own = Set(question.documents + question.related)
        let others = set.documents.indices.filter { !own.contains($0) }.shuffled(using: &generator)
        let pile = question.documents + question.related.shuffled(using: &generator) + others
        // Each document's place among the others is drawn once, so that a greater pile keeps the order of a smaller one.
        var places = seed.generator(for: .places)
        let rank = pile.indices.shuffled(using: &places)

        let least = question.documents.count
        return Recipe(units: 0...(pile.count - least)) { units in
            let chosen = (0..<(least + units)).sorted { rank[$0] < rank[$1] }.map { set.documents[pile[$0]] }
            let documents = chosen.enumerated().map { "Document \($0 + 1):\n\($1)" }.joined(separator: "\n\n")
            return EvaluationItem(
                task,
                EvaluationPrompt(
                    text:
                        "\(instruction)\n\nThe documents:\n\n\(documents)\n\n\(instruction)\n\nQuestion: \(question.text)",
                    answerPrefix: " Answer:"),
                references: question.answers)
        }
    }
}

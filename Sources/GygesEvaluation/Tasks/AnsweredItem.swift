/// A question with what a subject said.
public struct AnsweredItem: Sendable, Hashable {
    /// The question.
    public var question: FittedItem
    /// What the subject said.
    public var answer: SubjectAnswer

    /// The score of the answer, from 0 to 1.
    public var score: Double { question.item.score(answer.text) }
}

extension EvaluationSubject {
    /// Asks questions, at most `width` at once, and returns them answered in their order.
    ///
    /// - Parameter didAnswer: called with each question as its answer arrives.
    /// - Throws: what the subject throws first; what is under way is cancelled and awaited.
    func answers(
        to questions: [FittedItem], atMost width: Int, didAnswer: (FittedItem) -> Void
    ) async throws -> [AnsweredItem] {
        var answers = [SubjectAnswer?](repeating: nil, count: questions.count)
        try await withThrowingTaskGroup(of: (Int, SubjectAnswer).self) { group in
            var waiting = questions.enumerated().makeIterator()
            func start() {
                guard let (index, question) = waiting.next() else { return }
                group.addTask {
                    let tokens = try self.tokens(of: question.item.prompt)
                    return (index, try await self.complete(tokens, limit: question.item.answerLimit))
                }
            }
            for _ in 0..<max(1, width) { start() }
            while let (index, answer) = try await group.next() {
                answers[index] = answer
                didAnswer(questions[index])
                start()
            }
        }
        return zip(questions, answers).compactMap { question, answer in
            answer.map { AnsweredItem(question: question, answer: $0) }
        }
    }
}

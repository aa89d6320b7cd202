/// Asks a subject RULER's tasks at several lengths.
public struct RulerEvaluation: Sendable {
    /// The samples of one task at one length, answered.
    public struct Cell: Sendable {
        /// The task.
        public var task: RulerTask
        /// The most tokens of a sample.
        public var length: Int
        /// The samples in their order.
        public var samples: [AnsweredItem]
    }

    /// The tasks, asked in this order.
    public var tasks: [RulerTask]
    /// The lengths in tokens, answers included.
    public var lengths: [Int]
    /// How many samples of each task at each length.
    public var sampleCount: Int
    /// Makes the samples.
    public var samples: RulerSamples
    /// How many samples are asked at once.
    public var width: Int

    /// Creates an evaluation.
    public init(
        tasks: [RulerTask] = RulerTask.allCases, lengths: [Int], sampleCount: Int, samples: RulerSamples, width: Int = 8
    ) {
        self.tasks = tasks
        self.lengths = lengths
        self.sampleCount = sampleCount
        self.samples = samples
        self.width = width
    }

    /// What is left out because a file is missing, one sentence each.
    public var omissions: [String] {
        tasks.compactMap { task in
            samples.missingFile(for: task).map { "\(task.rawValue) was left out: it needs \($0)." }
        }
    }

    /// The samples of all tasks that have what they need, the longest first, so that a length which the subject cannot take
    /// fails at once.
    ///
    /// - Parameter count: the tokens of a prompt.
    /// - Throws: ``EvaluationError`` before anything else if a length is too short for tasks, naming all of them; as ``RulerSamples/sample(_:index:length:guess:count:)``, and what `body` throws.
    public func forEachCell(
        count: (EvaluationPrompt) throws -> Int, _ body: (RulerTask, Int, [FittedItem]) async throws -> Void
    ) async throws {
        try requireRoom(count: count)
        for length in lengths.sorted(by: >) {
            for task in tasks where samples.missingFile(for: task) == nil {
                var items: [FittedItem] = []
                for index in 0..<sampleCount {
                    items.append(
                        try samples.sample(
                            task, index: index, length: length, guess: items.last?.unitCount, count: count))
                }
                try await body(task, length, items)
            }
        }
    }

    private func requireRoom(count: (EvaluationPrompt) throws -> Int) throws {
        var problems: [String] = []
        for length in lengths {
            for task in tasks where samples.missingFile(for: task) == nil {
                let least = try samples.leastTokenCount(task, length: length, count: count)
                if least > length {
                    problems.append("\(task.rawValue) takes at least \(least) tokens, and \(length) were asked for.")
                }
            }
        }
        guard problems.isEmpty else {
            throw EvaluationError(
                problems.joined(separator: "\n") + "\nAsk for a greater length, or leave the task out.")
        }
    }

    /// Asks everything.
    ///
    /// - Parameters:
    ///   - progress: called as answers arrive.
    ///   - finished: receives each task and length with its answers.
    /// - Returns: a result without label and model.
    public func run(
        _ subject: some EvaluationSubject, progress: (EvaluationProgress) -> Void = { _ in },
        finished: (Cell) throws -> Void = { _ in }
    ) async throws -> EvaluationResult {
        let possible = tasks.count { samples.missingFile(for: $0) == nil }
        var state = EvaluationProgress(done: 0, total: lengths.reduce(0, +) * possible * sampleCount)
        var result = EvaluationResult(seed: samples.seed, measures: [], omissions: omissions)
        var measure = EvaluationResult.Measure(.ruler)
        var scores: [Int: [Double]] = [:]
        try await forEachCell(count: { try subject.tokens(of: $0).count }) { task, length, items in
            let answered = try await subject.answers(to: items, atMost: width) { _ in
                state.done += length
                progress(state)
            }
            let cell = answered.map(\.score)
            scores[length, default: []] += cell
            measure.parts.append(.init(length: length, part: task.rawValue, scores: cell))
            result.add(answered)
            try finished(Cell(task: task, length: length, samples: answered))
        }
        measure.points = scores.map { .init(length: $0, scores: $1) }.sorted { $0.length < $1.length }
        result.measures = [measure]
        return result
    }
}

extension EvaluationResult {
    /// Counts the prompts' tokens.
    mutating func add(_ answered: [AnsweredItem]) {
        promptTokens += answered.reduce(0) { $0 + $1.question.tokenCount - $1.question.item.answerLimit }
        reusedTokens += answered.reduce(0) { $0 + $1.answer.reusedTokenCount }
    }
}

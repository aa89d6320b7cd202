/// Makes the samples of RULER's tasks.
///
/// A sample is a function of task, length, number, seed, texts and the way that tokens are counted.
public struct RulerSamples: Sendable {
    /// Decides everything that is drawn.
    public var seed: UInt64
    /// The text of the tasks that hide needles in one.
    public var essay: Haystack
    /// The questions of `qa_1`.
    public var squad: QuestionSet?
    /// The questions of `qa_2`.
    public var hotpotQA: QuestionSet?

    /// Creates a maker of samples.
    public init(
        seed: UInt64 = 42, essay: Haystack = .essay, squad: QuestionSet? = nil, hotpotQA: QuestionSet? = nil
    ) {
        self.seed = seed
        self.essay = essay
        self.squad = squad
        self.hotpotQA = hotpotQA
    }

    /// What must be downloaded for a task that lacks its questions; `nil` if nothing is missing.
    public func missingFile(for task: RulerTask) -> String? {
        switch task {
        case .squad where squad == nil:
            "dev-v2.0.json from https://rajpurkar.github.io/SQuAD-explorer/ (--squad)"
        case .hotpotQA where hotpotQA == nil:
            "hotpot_dev_distractor_v1.json from https://hotpotqa.github.io/ (--hotpotqa)"
        default: nil
        }
    }

    /// The sample of a task with a number, as long as fits.
    ///
    /// - Parameters:
    ///   - index: the number of the sample, from 0.
    ///   - length: the most tokens, the answer's included.
    ///   - guess: a number of units that probably fits: the last sample's.
    ///   - count: the tokens of a prompt.
    /// - Throws: ``EvaluationError`` if the task needs more tokens or lacks its file; what `count` throws.
    /// - Complexity: the text is made and counted four times or so, at most 16 times.
    public func sample(
        _ task: RulerTask, index: Int, length: Int, guess: Int? = nil, count: (EvaluationPrompt) throws -> Int
    ) throws -> FittedItem {
        var recipe = try recipe(task, index: index, length: length)
        recipe.guess = guess ?? recipe.guess
        return try recipe.fitted(to: length, name: task.rawValue, count: count)
    }

    /// The tokens of a task's shortest sample at a length, its answer included.
    func leastTokenCount(
        _ task: RulerTask, length: Int, count: (EvaluationPrompt) throws -> Int
    ) throws -> Int {
        let recipe = try recipe(task, index: 0, length: length)
        return try count(recipe.item(recipe.units.lowerBound).prompt) + task.answerLimit
    }

    private func recipe(_ task: RulerTask, index: Int, length: Int) throws -> Recipe {
        let sampleSeed = SampleSeed(seed: seed, task: task.number, length: length, index: index)
        if let needles = task.needles { return needles.recipe(sampleSeed, task: task, essay: essay) }
        switch task {
        case .variableTracking: return VariableTracking.recipe(sampleSeed)
        case .commonWords: return CommonWords.recipe(sampleSeed, length: length)
        case .frequentWords: return FrequentWords.recipe(sampleSeed, length: length)
        default:
            guard let questions = task == .squad ? squad : hotpotQA else {
                throw EvaluationError("\(task.rawValue) needs \(missingFile(for: task) ?? "its questions").")
            }
            return QuestionTask.recipe(sampleSeed, task: task, index: index, from: questions)
        }
    }
}

import GygesFiles
import GygesKernels
import GygesTensors
import GygesTestSupport
import GygesTraining
import Testing

/// A small run in a folder of its own, by a recipe.
struct TestRun {
    /// The model that is trained.
    enum Model: String, CaseIterable, CustomTestStringConvertible {
        /// A decoder, on conversations.
        case chat = "tiny-chat"
        /// An encoder, on texts.
        case encoder = "tiny-encoder"

        var testDescription: String { rawValue }
        var path: String { fixturePath(rawValue, of: "GygesInference") }
    }

    let model: Model
    let folder: TemporaryFolder
    var threadCount = 2
    var more: [String] = []

    init(_ model: Model) throws {
        self.model = model
        folder = try TemporaryFolder()
        try folder.write(Self.rows(of: model), to: "data.jsonl")
    }

    /// Rows of one pattern, so that it can be learned, and of many lengths.
    private static func rows(of model: Model) -> String {
        (0..<40).map { number in
            let words = Array(repeating: "ring", count: number % 7 + 1).joined(separator: " ")
            switch model {
            case .chat:
                return
                    #"{"messages": [{"role": "user", "content": "\#(number) \#(words)"}, {"role": "assistant", "content": "A \#(words)."}]}"#
            case .encoder: return #"{"text": "A \#(words), number \#(number): \#(words)."}"#
            }
        }.joined(separator: "\n") + "\n"
    }

    /// The recipe; every `more` replaces a value.
    func recipe(output: String = "run") throws -> (recipe: Recipe, text: String) {
        let path = try folder.write(
            """
            version: 1
            name: test
            model: \(model.path)
            data:
              sources: [data.jsonl]
              max_length: 96
              window: 8
            optimizer: {name: adamw, learning_rate: 0.003, max_grad_norm: 1}
            schedule: {length: 12, warmup: 2}
            batch: {size: 3, pass_tokens: 150}
            checkpoints: {every: 4, keep: 2}
            seed: 7
            output: \(folder.path)/\(output)
            """, to: "recipe.yaml")
        return try Recipe.read(contentsOf: path, overrides: more)
    }

    func open(output: String = "run") throws -> TrainingRun { try opening(output: output)(SingleRank()) }

    /// Opens the run on one of several ranks.
    func opening(
        output: String = "run", modelPath: String? = nil, program: String = "tests"
    ) throws -> @Sendable (any RankGroup) throws -> TrainingRun {
        let (recipe, text) = try recipe(output: output)
        let (path, threadCount) = (modelPath ?? model.path, threadCount)
        return { ranks in
            try TrainingRun(
                recipe, text: text, modelPath: path, program: program, ranks: ranks,
                team: ThreadTeam(threadCount: threadCount))
        }
    }

    /// Runs to the end and gives the bytes of all trained parameters.
    @discardableResult
    func finish(output: String = "run") throws -> [ParameterPath: [Float]] {
        let run = try open(output: output)
        _ = try run.run()
        return run.parameters
    }
}

extension TrainingRun {
    /// The trained parameters by path.
    var parameters: [ParameterPath: [Float]] {
        Dictionary(uniqueKeysWithValues: trainer.objective.trained.map { ($0.path, Array($0.buffer.elements)) })
    }

    /// Makes so many steps and saves.
    func advance(by count: Int) throws {
        var left = count
        _ = try run(shouldStop: {
            left -= 1
            return left < 0
        })
    }
}

/// The largest difference of two models' parameters.
func largestDifference(_ a: [ParameterPath: [Float]], _ b: [ParameterPath: [Float]]) -> Float {
    #expect(Set(a.keys) == Set(b.keys))
    return a.reduce(0) { most, entry in
        max(most, zip(entry.value, b[entry.key] ?? []).reduce(0) { max($0, abs($1.0 - $1.1)) })
    }
}

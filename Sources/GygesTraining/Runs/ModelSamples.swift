import GygesInference
import GygesKernels
import GygesModels
import GygesTemplates
import GygesTensors
import GygesTokenizer

/// What a model that is being trained makes of some prompts, the most likely token each time.
enum ModelSamples {
    /// The answers to prompts, in their order.
    ///
    /// Prompts are what a user says, where the model has a chat template, and texts to go on with otherwise.
    /// - Parameter tokenLimit: The most tokens of an answer.
    /// - Throws: ``SettingsError`` if the model writes no text; `TemplateError`, `TokenizerError`, `EngineError`.
    /// - Complexity: Trained weights are packed anew: O(their number) besides what is generated.
    static func answers(
        to prompts: [String], of model: TrainingModel, _ objective: any TrainingObjective, tokenLimit: Int,
        team: ThreadTeam
    ) throws -> [String] {
        guard let next = objective as? NextTokenObjective else { throw noText }
        let weights = next.weights.map(
            matrix: { $0.value.packed(team: team) }, vector: { WeightVector($0.value.floats) })
        let engine = try InferenceEngine(
            model: DecoderModel(next.decoder, weights: weights), tokenizer: model.tokenizer, team: team)
        var stops = model.tokenizer.namedEnds
        if let end = model.tokenizer.endOfText { stops.insert(end) }
        var answers: [String] = []
        for prompt in prompts {
            let request = GenerationRequest(
                prompt: try tokens(of: prompt, model), maximumTokenCount: tokenLimit, stopTokens: stops)
            answers.append(try engine.wait(forCompletionOf: request).text)
        }
        return answers
    }

    /// That a model writes no text.
    static let noText = SettingsError(problems: [
        .init("evaluation.prompts", "are for models that write text, which this one does not; leave them out")
    ])

    private static func tokens(of prompt: String, _ model: TrainingModel) throws -> [Int32] {
        guard let template = try? model.text.template.get() else { return try model.tokenizer.encode(prompt) }
        let rendered = try template.template.recognising(model.tokenizer).render(
            messages: [ChatMessage(role: .user, content: prompt)], variables: template.variables)
        return try model.tokenizer.encode(segments: rendered.segments)
    }
}

extension TapeMatrix {
    /// The matrix as inference reads it.
    fileprivate func packed(team: ThreadTeam) -> WeightMatrix {
        switch self {
        case .trained(let buffer):
            WeightMatrix(
                Array(buffer.elements), rows: buffer.rows, columns: buffer.columns, precision: .exact, team: team)
        case .frozen(let matrix): matrix
        }
    }
}

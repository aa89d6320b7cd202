import GygesEvaluation
import GygesInference
import GygesTokenizer

/// A model of this machine as the subject of an evaluation.
struct ModelSubject: EvaluationSubject {
    let model: LanguageModel
    private let encoder: PromptEncoder

    init(_ model: LanguageModel, isRaw: Bool) throws {
        self.model = model
        encoder = try PromptEncoder(model, isPlain: isRaw)
    }

    func tokens(of prompt: EvaluationPrompt) throws -> [Int32] {
        try encoder.tokens(of: prompt.text, responsePrefix: prompt.answerPrefix)
    }

    func tokens(ofText text: String) throws -> [Int32] { try model.tokenizer.encode(text) }

    func complete(_ prompt: [Int32], limit: Int) async throws -> SubjectAnswer {
        let completion = try await model.engine.complete(
            GenerationRequest(prompt: prompt, maximumTokenCount: limit, stopTokens: model.stopTokens))
        return SubjectAnswer(text: completion.text, reusedTokenCount: completion.reusedTokenCount)
    }

    func logProbabilities(of tokens: [Int32], from first: Int) async throws -> [Double] {
        try await model.engine.score(ScoringRequest(tokens: tokens, firstScored: first)).map {
            Double($0.logProbability)
        }
    }
}

import GygesFiles
import GygesTemplates
import GygesTokenizer
import ArgumentParser
import GygesEvaluation
import GygesInference

/// Turns an evaluation's prompts into a model's tokens.
struct PromptEncoder: Sendable {
    let tokenizer: Tokenizer
    /// The chat template and what it can name; `nil` to continue plain text.
    let template: (template: ChatTemplate, variables: JSONObject)?

    /// The encoder of a loaded model.
    init(_ model: LanguageModel, isRaw: Bool) throws {
        tokenizer = model.tokenizer
        if isRaw {
            template = nil
        } else {
            guard let chat = model.chatTemplate else {
                throw ValidationError("The model has no chat template; ask for plain text with --raw.")
            }
            template = (chat, model.templateVariables)
        }
    }

    /// The encoder of a model that is not loaded.
    init(path: String, isRaw: Bool) throws {
        tokenizer = try Tokenizer(path: path)
        template = isRaw ? nil : try ModelTemplate(path: path).encoderParts
    }

    func tokens(of prompt: EvaluationPrompt) throws -> [Int32] {
        guard let template else { return try tokenizer.encode(prompt.plainText, addsBeginning: true) }
        let message = ChatMessage(role: "user", content: prompt.text)
        var segments = try template.template.render(messages: [message], variables: template.variables).segments
        // The assistant's turn begins with a word, not with a space.
        segments.append(TextSegment(String(prompt.answerPrefix.drop { $0 == " " }), isTrusted: false))
        return try tokenizer.encode(segments: segments)
    }
}

extension ModelTemplate {
    fileprivate var encoderParts: (template: ChatTemplate, variables: JSONObject) { (template, variables) }
}

/// A model of this machine as the subject of an evaluation.
struct ModelSubject: EvaluationSubject {
    let model: LanguageModel
    let encoder: PromptEncoder

    init(_ model: LanguageModel, isRaw: Bool) throws {
        self.model = model
        encoder = try PromptEncoder(model, isRaw: isRaw)
    }

    func tokens(of prompt: EvaluationPrompt) throws -> [Int32] { try encoder.tokens(of: prompt) }

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

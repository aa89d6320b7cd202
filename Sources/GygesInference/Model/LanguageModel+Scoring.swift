public import GygesTemplates
import GygesTokenizer

extension LanguageModel {
    /// A request for the log-probabilities of a continuation.
    ///
    /// - Parameters:
    ///   - context: What stands before it. If empty, the model's beginning or end of text, so that the probability is that of a
    ///     text from its beginning.
    /// - Throws: ``EngineError`` if there is nothing to predict from or to score; `TokenizerError`.
    public func scoringRequest(context: String, continuation: String) throws -> ScoringRequest {
        var tokens = try tokenizer.encode(context, addsBeginning: true)
        if tokens.isEmpty, let beginning = tokenizer.beginningOfText ?? tokenizer.endOfText { tokens = [beginning] }
        return try scoringRequest(tokens, continuation)
    }

    /// A request for the log-probabilities of what the assistant says next in a conversation.
    ///
    /// - Throws: `TemplateError` if the model has no template or the template refuses; otherwise as
    ///   ``scoringRequest(context:continuation:)``.
    public func scoringRequest(messages: [ChatMessage], continuation: String) throws -> ScoringRequest {
        try scoringRequest(try tokens(of: messages), continuation)
    }

    private func scoringRequest(_ context: [Int32], _ continuation: String) throws -> ScoringRequest {
        let tokens = try tokenizer.encode(continuation)
        guard !context.isEmpty else {
            throw EngineError.invalidRequest("The context is empty. Give at least one token.")
        }
        guard !tokens.isEmpty else {
            throw EngineError.invalidRequest("The continuation is empty. Give at least one token.")
        }
        return ScoringRequest(tokens: context + tokens, firstScored: context.count)
    }
}

public import GygesTemplates
import GygesTokenizer

/// A text, or tokens that were made of one elsewhere.
public enum ScoredText: Sendable, Equatable {
    /// A text, in which special tokens are text like any other.
    case text(String)
    /// Tokens of the model.
    case tokens([Int32])
}

extension LanguageModel {
    /// A request for the log-probabilities of a continuation.
    ///
    /// - Parameters:
    ///   - context: What stands before it; a text gets the tokens that the model expects before one. If empty, the model's
    ///     beginning or end of text, so that the probability is that of a text from its beginning.
    ///   - joinsTexts: Whether two texts are tokenized as one, and white space at the context's end is the continuation's: the
    ///     rule of lm-evaluation-harness (`TemplateLM._encode_pair`). Tokens given as such are never joined.
    /// - Throws: ``EngineError`` if there is nothing to predict from or to score; `TokenizerError`.
    public func scoringRequest(
        context: ScoredText, continuation: ScoredText, joinsTexts: Bool = false
    ) throws -> ScoringRequest {
        if joinsTexts, case .text(let first) = context, case .text(let second) = continuation {
            return try scoringRequest(joining: first, second)
        }
        var tokens: [Int32]
        switch context {
        case .text(let text): tokens = try tokenizer.encode(text, addsBeginning: true)
        case .tokens(let ids): tokens = ids
        }
        if tokens.isEmpty { tokens = beginning }
        return try scoringRequest(tokens, continuation)
    }

    /// A request for the log-probabilities of a text after another, each tokenized by itself.
    ///
    /// - Throws: As ``scoringRequest(context:continuation:joinsTexts:)``.
    public func scoringRequest(context: String, continuation: String) throws -> ScoringRequest {
        try scoringRequest(context: .text(context), continuation: .text(continuation))
    }

    /// A request for the log-probabilities of what the assistant says next in a conversation.
    ///
    /// - Throws: `TemplateError` if the model has no template or the template refuses; otherwise as
    ///   ``scoringRequest(context:continuation:joinsTexts:)``.
    public func scoringRequest(messages: [ChatMessage], continuation: ScoredText) throws -> ScoringRequest {
        try scoringRequest(try tokens(of: messages), continuation)
    }

    /// A request for the log-probabilities of a text that the assistant says next.
    ///
    /// - Throws: As ``scoringRequest(messages:continuation:)``.
    public func scoringRequest(messages: [ChatMessage], continuation: String) throws -> ScoringRequest {
        try scoringRequest(messages: messages, continuation: .text(continuation))
    }

    /// The token that a text without a context begins with; none if the model has none.
    private var beginning: [Int32] { (tokenizer.beginningOfText ?? tokenizer.endOfText).map { [$0] } ?? [] }

    private func scoringRequest(joining context: String, _ continuation: String) throws -> ScoringRequest {
        let scalars = context.unicodeScalars
        let spaceCount = scalars.reversed().prefix(while: Self.isPythonSpace).count
        let end = scalars.index(scalars.endIndex, offsetBy: -spaceCount)
        let kept = String(scalars[..<end])
        var first = try tokenizer.encode(kept, addsBeginning: true)
        var whole = try tokenizer.encode(context + continuation, addsBeginning: true)
        if first.isEmpty {
            first = beginning
            whole = beginning + whole
        }
        // As the reference: the whole is cut where the context's own tokens end, whatever the tokens there are.
        return try scoringRequest(
            Array(whole.prefix(first.count)), .tokens(Array(whole.dropFirst(first.count))))
    }

    /// Whether Python's `str.rstrip` takes a scalar away.
    private static func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    private func scoringRequest(_ context: [Int32], _ continuation: ScoredText) throws -> ScoringRequest {
        let tokens: [Int32]
        switch continuation {
        case .text(let text): tokens = try tokenizer.encode(text)
        case .tokens(let ids): tokens = ids
        }
        guard !context.isEmpty else {
            throw EngineError.invalidRequest("The context is empty. Give at least one token.")
        }
        guard !tokens.isEmpty else {
            throw EngineError.invalidRequest("The continuation is empty. Give at least one token.")
        }
        return ScoringRequest(tokens: context + tokens, firstScored: context.count)
    }
}

import GygesCheckpoints
public import GygesFiles

/// What a text becomes.
public enum VectorKind: String, Sendable, CaseIterable {
    /// One vector.
    case single
    /// A vector for each token, to be compared by MaxSim (Khattab & Zaharia 2020).
    case tokens
    /// Weights of the vocabulary's tokens (SPLADE, Formal et al. 2021).
    case sparse

    /// How many texts are worked on together, so that memory does not grow with their number: fewer where each becomes
    /// large.
    public var window: TextReader.WindowLimit {
        switch self {
        case .single: .init()
        case .tokens: .init(textCount: 256, byteCount: 64 << 10)
        case .sparse: .init(textCount: 256)
        }
    }
}

/// The vectors of many texts, all of one kind, in the texts' order.
public enum TextVectors: Sendable, Equatable {
    /// A vector for each text.
    case single([[Float]])
    /// A vector for each token of each text.
    case tokens([TokenVectors])
    /// Weights of tokens for each text.
    case sparse([SparseVector])
}

/// Makes vectors of one kind with an encoder, whatever the encoder is: the prompts and the tokens to leave out are its own.
public struct Vectorizer: Sendable {
    /// The encoder.
    public let model: TextEncoder
    /// What texts become.
    public let kind: VectorKind

    /// Creates a vectorizer.
    ///
    /// - Parameter kind: What texts become; `nil` for what the model is made for.
    public init(model: TextEncoder, kind: VectorKind? = nil) {
        self.model = model
        self.kind = kind ?? Self.kind(of: model)
    }

    private static func kind(of model: TextEncoder) -> VectorKind {
        switch model.embedding?.kind {
        case .lateInteraction: .tokens
        case .sparse: .sparse
        case .single, .classifier, .scores, nil: .single
        }
    }

    /// The vectors of texts.
    ///
    /// - Parameters:
    ///   - role: What the texts are for. Of documents, late-interaction models leave out some tokens.
    ///   - progress: Told how many texts are done, after each pass; may throw to stop.
    /// - Throws: ``EncoderError``; what `progress` throws.
    /// - Complexity: That of running the model on all tokens.
    public func vectors(
        of texts: [String], as role: TextRole, options: EmbeddingOptions, progress: ((Int) throws -> Void)? = nil
    ) throws -> TextVectors {
        switch kind {
        case .single: return .single(try model.embeddings(of: texts, options: options, progress: progress))
        case .tokens:
            let vectors = try model.tokenVectors(of: texts, as: role, options: options, progress: progress)
            return .tokens(model.skipsTokens(of: role) ? vectors.map { $0.without(model.skippedTokens) } : vectors)
        case .sparse:
            let prompt = try model.promptText(options.prompt)
            return .sparse(
                try model.sparseVectors(
                    of: prompt.isEmpty ? texts : texts.map { prompt + $0 }, options: options.text, progress: progress))
        }
    }

    /// The prompt that the model names for a role, as sentence-transformers looks for it; otherwise its default one.
    public func prompt(for role: TextRole) -> EmbeddingOptions.Prompt {
        let names = role == .query ? ["query"] : ["document", "passage", "corpus"]
        let known = names.first { model.embedding?.prompt(named: $0) != nil }
        return known.map { .named($0) } ?? .automatic
    }
}

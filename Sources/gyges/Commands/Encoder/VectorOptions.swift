import GygesCheckpoints
import GygesFiles
import ArgumentParser
import GygesEvaluation
import GygesInference

/// What vectors are made of texts; shared by the commands that compare texts.
struct VectorOptions: ParsableArguments {
    @Flag(
        name: [.long, .customLong("late-interaction")],
        help: "A vector for each token, as late-interaction models (ColBERT) have them.")
    var tokenVectors = false

    @Flag(help: "Weights of the vocabulary's tokens, as sparse models (SPLADE) have them.")
    var sparse = false

    @Option(help: ArgumentHelp("Keep so many dimensions, for models trained so (Matryoshka).", valueName: "count"))
    var truncateDimensions: Int?

    @Option(help: "How rows become one vector: 'cls', 'mean', 'max' or 'lasttoken'; the model's own if missing.")
    var pooling: String?

    @Flag(help: "Leave vectors as long as the model makes them, instead of scaling them to length 1.")
    var unscaled = false

    @Option(help: ArgumentHelp("The most tokens of a text.", valueName: "count"))
    var maxTokens: Int?

    @Option(help: "What is left out of longer texts: 'end' or 'start'; 'refuse' ends with an error.")
    var truncation = TextTruncation.end.rawValue

    func validate() throws {
        if tokenVectors, sparse { throw ValidationError("--token-vectors and --sparse exclude each other.") }
        if let truncateDimensions, truncateDimensions < 1 {
            throw ValidationError("--truncate-dimensions must be at least 1.")
        }
        if sparse, truncateDimensions != nil || pooling != nil {
            throw ValidationError("Sparse vectors have neither dimensions to truncate nor a pooling.")
        }
        if let pooling, EmbeddingConfiguration.Pooling(rawValue: pooling) == nil {
            let known = EmbeddingConfiguration.Pooling.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--pooling must be one of \(known).")
        }
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1.") }
        guard TextTruncation(rawValue: truncation) != nil else {
            throw ValidationError("--truncation must be end, start or refuse.")
        }
    }

    /// The kind of vectors: what was asked for, or what the model is made for.
    func kind(for model: TextEncoder) -> VectorKind {
        if tokenVectors { return .tokens }
        if sparse { return .sparse }
        switch model.embedding?.kind {
        case .lateInteraction: return .tokens
        case .sparse: return .sparse
        case .single, nil: return .single
        }
    }

    /// The options in a model's terms. Vectors that are meant to be compared by inner product keep their lengths.
    func options(prompt: EmbeddingOptions.Prompt, for model: TextEncoder) -> EmbeddingOptions {
        EmbeddingOptions(
            prompt: prompt, pooling: pooling.flatMap(EmbeddingConfiguration.Pooling.init(rawValue:)),
            dimension: truncateDimensions, normalizes: !unscaled && model.embedding?.similarity != .dot,
            text: TextOptions(maximumLength: maxTokens, truncation: TextTruncation(rawValue: truncation) ?? .end))
    }
}

/// What a text becomes.
enum VectorKind: String {
    case single
    case tokens
    case sparse

    /// How many texts are worked on together: fewer where each becomes large.
    var window: TextReader.WindowLimit {
        switch self {
        case .single: .init()
        case .tokens: .init(textCount: 256, byteCount: 64 << 10)
        case .sparse: .init(textCount: 256)
        }
    }
}

/// The vectors of many texts, one kind of them.
enum TextVectors {
    case single([[Float]])
    case tokens([TokenVectors])
    case sparse([SparseVector])
}

/// A model and how vectors are made with it.
struct Vectorizer {
    let model: TextEncoder
    let kind: VectorKind

    /// The vectors of texts.
    ///
    /// - Parameter progress: Told how many texts are done, after each pass.
    /// - Throws: ``EncoderError``
    func vectors(
        of texts: [String], as role: TextRole, options: EmbeddingOptions, progress: ((Int) throws -> Void)? = nil
    ) throws -> TextVectors {
        switch kind {
        case .single: return .single(try model.embeddings(of: texts, options: options, progress: progress))
        case .tokens:
            let vectors = try model.tokenVectors(of: texts, as: role, options: options, progress: progress)
            return .tokens(role == .document ? vectors.map { $0.without(model.skippedTokens) } : vectors)
        case .sparse:
            let prompt = try model.promptText(options.prompt)
            return .sparse(
                try model.sparseVectors(
                    of: prompt.isEmpty ? texts : texts.map { prompt + $0 }, options: options.text, progress: progress))
        }
    }

    /// The prompt that the model names for a role, as sentence-transformers looks for it; otherwise its default one.
    func prompt(for role: TextRole) -> EmbeddingOptions.Prompt {
        let names = role == .query ? ["query"] : ["document", "passage", "corpus"]
        let known = names.first { model.embedding?.prompt(named: $0) != nil }
        return known.map { .named($0) } ?? .automatic
    }
}

extension EmbeddedTexts {
    /// Vectors in the terms of a search.
    init(_ vectors: TextVectors) {
        switch vectors {
        case .single(let vectors): self = .vectors(vectors.flatMap { $0 }, dimension: max(1, vectors.first?.count ?? 1))
        case .tokens(let texts):
            self = .tokenVectors(
                texts.flatMap(\.vectors.elements), dimension: max(1, texts.first?.vectors.columnCount ?? 1),
                counts: texts.map(\.vectors.rowCount))
        case .sparse(let texts): self = .sparse(texts.map { .init(terms: $0.tokens, weights: $0.weights) })
        }
    }
}

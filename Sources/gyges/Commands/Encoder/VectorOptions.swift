import ArgumentParser
import GygesCheckpoints
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

    @Option(
        help: ArgumentHelp(
            "How rows become one vector: 'cls', 'lasttoken', 'mean', 'max', 'mean_sqrt_len_tokens' or 'weightedmean'; the model's own if missing.",
            valueName: "pooling"))
    var pooling: String?

    @Flag(help: "Leave vectors as the model makes them instead of L2-normalised.")
    var noNormalize = false

    @Option(help: ArgumentHelp("Read at most so many tokens of a text.", valueName: "count"))
    var maxTokens: Int?

    @Option(
        help:
            "What is left out of longer texts: 'end' or 'start'; 'refuse' ends with an error; the model's own if missing."
    )
    var truncation: String?

    func validate() throws {
        if tokenVectors, sparse { throw ValidationError("--token-vectors and --sparse exclude each other.") }
        if tokenVectors, pooling != nil {
            throw ValidationError("--token-vectors are not pooled: leave --pooling out.")
        }
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
        if let truncation, TextTruncation(rawValue: truncation) == nil {
            throw ValidationError("--truncation must be end, start or refuse.")
        }
    }

    /// The kind of vectors that is asked for; `nil` for what the model is made for.
    var kind: VectorKind? { tokenVectors ? .tokens : sparse ? .sparse : nil }

    /// What makes the vectors with a model.
    ///
    /// - Throws: `ValidationError` if an option is for vectors of another kind than the model's.
    func vectorizer(_ model: TextEncoder) throws -> Vectorizer {
        let vectorizer = Vectorizer(model: model, kind: kind)
        guard pooling == nil || vectorizer.kind == .single else {
            throw ValidationError(
                "--pooling makes one vector of a text's tokens, and this model gives \(vectorizer.kind.title): leave it out."
            )
        }
        guard truncateDimensions == nil || vectorizer.kind != .sparse else {
            throw ValidationError("Sparse vectors have no dimensions to truncate: leave --truncate-dimensions out.")
        }
        return vectorizer
    }

    /// The options in a model's terms. Vectors that are meant to be compared by anything but the cosine keep their lengths.
    func options(prompt: EmbeddingOptions.Prompt, for model: TextEncoder) -> EmbeddingOptions {
        EmbeddingOptions(
            prompt: prompt, pooling: pooling.flatMap(EmbeddingConfiguration.Pooling.init(rawValue:)),
            dimension: truncateDimensions,
            normalizes: !noNormalize && [nil, .cosine].contains(model.embedding?.similarity),
            text: TextOptions(maximumLength: maxTokens, truncation: truncation.flatMap(TextTruncation.init(rawValue:))))
    }
}

extension VectorKind {
    /// What texts become, in words.
    var title: String {
        switch self {
        case .single: "a vector for each text"
        case .tokens: "a vector for each token"
        case .sparse: "weights of the vocabulary's tokens"
        }
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

import GygesCheckpoints
import GygesTokenizer

/// What an encoder makes of texts. Texts of equal work share passes, whoever asked.
enum EncoderWork: Equatable, Sendable {
    /// A vector for each text, pooled as the folder says, or otherwise.
    case embeddings(EmbeddingConfiguration.Pooling?, dimension: Int?, normalizes: Bool)
    /// A vector for each token.
    case tokenVectors(dimension: Int?, normalizes: Bool)
    /// A weight for each token of the vocabulary that a text favours.
    case sparse(EmbeddingConfiguration.Sparse)
    /// Scores of labels for each text.
    case classScores
    /// Scores of labels for each token.
    case tokenScores
    /// For each token, how well an answer begins and ends there.
    case answerScores

    /// The head that it needs; `nil` for none.
    var task: EncoderTask? {
        switch self {
        case .embeddings, .tokenVectors: nil
        case .sparse: .maskedLanguageModel
        case .classScores: .sequenceClassification
        case .tokenScores: .tokenClassification
        case .answerScores: .questionAnswering
        }
    }

    /// Whether it takes a row of a text, of which there must be one.
    var takesOneRow: Bool {
        switch self {
        case .embeddings(.first, _, _), .embeddings(.last, _, _): true
        default: false
        }
    }

    /// The dimensions that vectors are cut to; `nil` for all.
    var dimension: Int? {
        switch self {
        case .embeddings(_, let dimension, _), .tokenVectors(let dimension, _): dimension
        default: nil
        }
    }
}

/// A text to be read.
struct EncoderText: Sendable {
    /// Its tokens, the model's own among them.
    var tokens: [Int32]
    /// How many of its tokens others see, from the first on; `nil` for all.
    var attendedCount: Int?
    /// How many of its tokens belong to the first of two texts, what frames it included; `nil` if there is one.
    var firstTextCount: Int?
    /// How many tokens after the first do not count in pooling.
    var skippedCount = 0
}

extension EncoderText {
    /// What the tokenizer made of one text or two.
    init(_ encoded: EncodedText) {
        self.init(tokens: encoded.ids, firstTextCount: encoded.segments.firstIndex(of: 1))
    }
}

/// What became of a text.
enum EncoderResult: Sendable {
    /// Of embeddings, and of scores of a text.
    case vector([Float])
    /// Of what there is a row of for each token.
    case rows(RowMatrix)
    /// Of sparse vectors.
    case sparse(SparseVector)

    /// The vector; empty for other kinds.
    var vector: [Float] { if case .vector(let vector) = self { vector } else { [] } }
    /// The rows; none for other kinds.
    var rows: RowMatrix { if case .rows(let rows) = self { rows } else { RowMatrix(columnCount: 0, elements: []) } }
    /// The weights; none for other kinds.
    var sparse: SparseVector {
        if case .sparse(let sparse) = self { sparse } else { SparseVector(tokens: [], weights: []) }
    }
}

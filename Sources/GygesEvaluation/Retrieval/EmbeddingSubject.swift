/// What is evaluated by retrieval: something that turns texts into vectors.
///
/// The evaluation knows no engine; the command line joins it to one, and tests to a function.
public protocol EmbeddingSubject: Sendable {
    /// The vectors of texts that are looked for, or looked through.
    ///
    /// All texts of all calls get vectors of one kind and one number of dimensions. A text's do not depend on what comes with it.
    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> EmbeddedTexts
}

/// What a text is embedded for: many models read the two with different prompts.
public enum EmbeddingRole: String, Sendable {
    case query
    case document
}

/// Vectors of texts, in the texts' order.
public enum EmbeddedTexts: Sendable, Equatable {
    /// One vector a text, `[texts, dimension]`; compared by inner product.
    case vectors([Float], dimension: Int)
    /// A vector for each of a text's tokens, `[Σ counts, dimension]`; compared by MaxSim (Khattab & Zaharia 2020, arXiv 2004.12832):
    /// the largest inner product of each of a query's vectors with one of the document's, added up.
    case tokenVectors([Float], dimension: Int, counts: [Int])
    /// Weights of some terms each, ascending by term; compared by inner product.
    case sparse([SparseWeights])

    /// A text's terms and their weights.
    public struct SparseWeights: Sendable, Equatable {
        /// Numbers of terms, ascending.
        public var terms: [Int32]
        /// As many weights.
        public var weights: [Float]

        /// Creates weights.
        public init(terms: [Int32], weights: [Float]) {
            self.terms = terms
            self.weights = weights
        }
    }

    /// How many texts these are; `nil` if shapes do not agree.
    public var count: Int? {
        switch self {
        case .vectors(let elements, let dimension):
            guard dimension > 0, elements.count % dimension == 0 else { return nil }
            return elements.count / dimension
        case .tokenVectors(let elements, let dimension, let counts):
            guard dimension > 0, counts.allSatisfy({ $0 >= 0 }) else { return nil }
            return counts.reduce(0, +) * dimension == elements.count ? counts.count : nil
        case .sparse(let texts):
            return texts.allSatisfy { $0.terms.count == $0.weights.count } ? texts.count : nil
        }
    }

    /// Whether every number is one.
    var isFinite: Bool {
        switch self {
        case .vectors(let elements, _), .tokenVectors(let elements, _, _): elements.allSatisfy(\.isFinite)
        case .sparse(let texts): texts.allSatisfy { $0.weights.allSatisfy(\.isFinite) }
        }
    }
}

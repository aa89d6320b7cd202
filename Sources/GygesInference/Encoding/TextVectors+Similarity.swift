public import GygesCheckpoints

extension TextVectors {
    /// How alike each of these is to the other of the same place, larger for more alike.
    ///
    /// - Parameters:
    ///   - others: As many, of the same kind and width.
    ///   - similarity: How single vectors are compared: distances get a minus sign. Vectors of tokens are compared by MaxSim (these are
    ///     queries), weights of tokens by their inner product.
    /// - Returns: A score for each; none for what has no counterpart of its kind.
    /// - Complexity: O(numbers of both), for tokens O(tokens of one · numbers of the other).
    public func similarities(
        to others: TextVectors, by similarity: EmbeddingConfiguration.Similarity = .cosine
    ) -> [Float] {
        switch (self, others) {
        case (.single(let a), .single(let b)): zip(a, b).map { Self.similarity($0, $1, similarity) }
        case (.tokens(let a), .tokens(let b)): zip(a, b).map { Self.maximumSimilarity($0.vectors, $1.vectors) }
        case (.sparse(let a), .sparse(let b)): zip(a, b).map { $0.dot($1) }
        default: []
        }
    }

    private static func similarity(
        _ a: [Float], _ b: [Float], _ similarity: EmbeddingConfiguration.Similarity
    ) -> Float {
        switch similarity {
        case .dot: return dot(a[...], b[...])
        case .euclidean: return -zip(a, b).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .manhattan: return -zip(a, b).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
        case .cosine:
            let lengths = (dot(a[...], a[...]) * dot(b[...], b[...])).squareRoot()
            // As sentence-transformers, whose normalisation bounds lengths from below.
            return dot(a[...], b[...]) / max(lengths, 1e-24)
        }
    }

    /// The sum, over the rows of `a`, of the largest inner product with a row of `b`.
    private static func maximumSimilarity(_ a: RowMatrix, _ b: RowMatrix) -> Float {
        (0..<a.rowCount).reduce(Float(0)) { sum, row in
            sum + ((0..<b.rowCount).map { dot(a[row], b[$0]) }.max() ?? 0)
        }
    }

    private static func dot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
        zip(a, b).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    }
}

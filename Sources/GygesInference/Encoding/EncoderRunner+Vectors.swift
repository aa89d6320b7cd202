public import GygesCheckpoints
import GygesModels
import GygesTensors

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A sparse vector over the vocabulary.
public struct SparseVector: Sendable, Equatable {
    /// The tokens with a weight, ascending.
    public var tokens: [Int32]
    /// Their weights, above 0.
    public var weights: [Float]

    /// The inner product with another vector. Complexity: O(tokens of both).
    public func dot(_ other: SparseVector) -> Float {
        var (sum, i, j) = (Float(0), 0, 0)
        while i < tokens.count, j < other.tokens.count {
            if tokens[i] == other.tokens[j] { sum += weights[i] * other.weights[j] }
            let (a, b) = (tokens[i], other.tokens[j])
            if a <= b { i += 1 }
            if b <= a { j += 1 }
        }
        return sum
    }
}

extension EncoderRunner {
    /// One vector for each text: pooled, through the folder's dense layers, cut and scaled.
    ///
    /// - Parameters:
    ///   - pooling: What becomes of the rows.
    ///   - skippedCount: How many tokens after the first do not count in pooling (a prompt that must not).
    ///   - dimension: Keep so many channels, before scaling (Matryoshka: Kusupati et al. 2022); `nil` for all.
    ///   - normalizes: Whether vectors are L2-normalised.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func embeddings(
        of texts: [[Int32]], pooling: EmbeddingConfiguration.Pooling, skippedCount: Int = 0, dimension: Int? = nil,
        normalizes: Bool, progress: ((Int) throws -> Void)? = nil
    ) throws -> [[Float]] {
        try results(
            of: .embeddings(pooling, dimension: dimension, normalizes: normalizes),
            texts.map { EncoderText(tokens: $0, skippedCount: skippedCount) }, progress: progress
        ).map(\.vector)
    }

    func embeddings(
        _ texts: [EncoderText], at rows: [Range<Int>], pooling: EmbeddingConfiguration.Pooling, dimension: Int?,
        normalizes: Bool, _ operations: EagerOperations, _ batch: PackedBatch
    ) -> [EncoderResult] {
        var vectors: Tensor<Activation>
        switch pooling {
        case .first: vectors = hiddenStates(operations, batch, rows: rows.map(\.lowerBound))
        case .last: vectors = hiddenStates(operations, batch, rows: rows.map { $0.upperBound - 1 })
        case .mean, .maximum:
            let runs = zip(texts, rows).map { $1.dropFirst(min($0.skippedCount, $1.count - 1)) }
            vectors = operations.pooled(
                hiddenStates(operations, batch), over: runs, by: pooling == .mean ? .mean : .maximum)
        }
        for layer in model.dense { vectors = layer(vectors, on: operations) }
        vectors = finished(vectors, dimension: dimension, normalizes: normalizes, on: operations)
        return vectorsOfRows(vectors)
    }

    /// A vector for each token, through the folder's dense layers, each cut and scaled.
    ///
    /// - Parameter attendedCounts: How many of each text's tokens others see, from the first on; `nil` for all.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func tokenVectors(
        of texts: [[Int32]], attendedCounts: [Int]? = nil, dimension: Int? = nil, normalizes: Bool,
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [RowMatrix] {
        try results(
            of: .tokenVectors(dimension: dimension, normalizes: normalizes), encoderTexts(texts, attendedCounts),
            progress: progress
        ).map(\.rows)
    }

    func tokenVectors(
        at rows: [Range<Int>], dimension: Int?, normalizes: Bool, _ operations: EagerOperations, _ batch: PackedBatch
    ) -> [EncoderResult] {
        var vectors = hiddenStates(operations, batch)
        for layer in model.dense { vectors = layer(vectors, on: operations) }
        vectors = finished(vectors, dimension: dimension, normalizes: normalizes, on: operations)
        return rowsOfTexts(vectors, at: rows)
    }

    /// - Throws: ``EncoderError/badDimension(_:width:)`` where vectors have fewer channels.
    func check(dimension: Int?) throws(EncoderError) {
        let width = model.dense.last?.projection.weight.value.rows ?? model.encoder.configuration.hiddenSize
        if let dimension, !(1...width).contains(dimension) { throw .badDimension(dimension, width: width) }
    }

    /// Cuts to the first channels, then scales.
    private func finished(
        _ vectors: consuming Tensor<Activation>, dimension: Int?, normalizes: Bool, on operations: EagerOperations
    ) -> Tensor<Activation> {
        var vectors = vectors
        if let dimension { vectors = operations.firstColumns(dimension, of: vectors) }
        return normalizes ? operations.l2Normalized(vectors) : vectors
    }

    /// A row for each text, copied.
    func vectorsOfRows(_ x: borrowing Tensor<Activation>) -> [EncoderResult] {
        var vectors: [EncoderResult] = []
        for row in 0..<x.rows { vectors.append(.vector(Array(x.row(row)))) }
        return vectors
    }

    /// The rows of each text, copied.
    func rowsOfTexts(_ x: borrowing Tensor<Activation>, at rows: [Range<Int>]) -> [EncoderResult] {
        var matrices: [EncoderResult] = []
        for rows in rows {
            let elements = x.elements[(rows.lowerBound * x.columns)..<(rows.upperBound * x.columns)]
            matrices.append(.rows(RowMatrix(columnCount: x.columns, elements: Array(elements))))
        }
        return matrices
    }

    /// A weight for each token of the vocabulary that the scores of some row favour.
    ///
    /// - Throws: ``EncoderError`` if the model is no masked language model; what `progress` throws.
    /// - Complexity: O(tokens · vocabulary · hidden); memory for ``vocabularyRows`` rows of scores.
    public func sparseVectors(
        of texts: [[Int32]], as sparse: EmbeddingConfiguration.Sparse = .init(),
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [SparseVector] {
        try results(of: .sparse(sparse), encoderTexts(texts), progress: progress).map(\.sparse)
    }

    func sparseVectors(
        at rows: [Range<Int>], as sparse: EmbeddingConfiguration.Sparse, _ operations: EagerOperations,
        _ batch: PackedBatch
    ) throws(EncoderError) -> [EncoderResult] {
        let head = try head(for: .maskedLanguageModel)
        func weight(_ score: Float) -> Float {
            let once = log1pf(max(score, 0))
            return sparse.takesLogarithmTwice ? log1pf(once) : once
        }
        let hidden = hiddenStates(operations, batch)
        var vectors: [EncoderResult] = []
        for rows in rows {
            var weights = [Float](repeating: 0, count: model.encoder.configuration.vocabularySize)
            forRows(Array(rows), of: hidden, head: head, on: operations) { _, scores in
                // The weight grows with the score, so the largest score's is the largest.
                if sparse.sums {
                    for token in weights.indices { weights[token] += weight(scores[token]) }
                } else {
                    for token in weights.indices { weights[token] = max(weights[token], scores[token]) }
                }
            }
            if !sparse.sums { for token in weights.indices { weights[token] = weight(weights[token]) } }
            let tokens = weights.indices.filter { weights[$0] > 0 }
            vectors.append(
                .sparse(SparseVector(tokens: tokens.map { Int32($0) }, weights: tokens.map { weights[$0] })))
        }
        return vectors
    }
}

/// Texts to be read, whose tokens see each other but for those after `attendedCounts`.
func encoderTexts(_ texts: [[Int32]], _ attendedCounts: [Int]? = nil) -> [EncoderText] {
    texts.enumerated().map { EncoderText(tokens: $1, attendedCount: attendedCounts?[$0]) }
}

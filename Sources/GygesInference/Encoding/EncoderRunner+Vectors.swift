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
    ///   - normalizes: Whether to scale vectors to length 1.
    public func embeddings(
        of texts: [[Int32]], pooling: EmbeddingConfiguration.Pooling, skippedCount: Int = 0, dimension: Int? = nil,
        normalizes: Bool, progress: ((Int) throws -> Void)? = nil
    ) throws -> [[Float]] {
        try check(dimension)
        var result = [[Float]](repeating: [], count: texts.count)
        try run(texts, progress: progress) { operations, batch, places in
            var vectors: Tensor<Activation>
            switch pooling {
            case .first: vectors = hiddenStates(operations, batch, rows: places.map(\.rows.lowerBound))
            case .last: vectors = hiddenStates(operations, batch, rows: places.map { $0.rows.upperBound - 1 })
            case .mean, .maximum:
                let runs = places.map { $0.rows.dropFirst(min(skippedCount, $0.rows.count - 1)) }
                vectors = operations.pooled(
                    hiddenStates(operations, batch), over: runs, by: pooling == .mean ? .mean : .maximum)
            }
            for layer in model.dense { vectors = layer(vectors, on: operations) }
            vectors = finished(vectors, dimension: dimension, normalizes: normalizes, on: operations)
            for (index, place) in places.enumerated() { result[place.text] = Array(vectors.row(index)) }
        }
        return result
    }

    /// A vector for each token, through the folder's dense layers, each cut and scaled.
    ///
    /// - Parameter attendedCounts: How many of each text's tokens others see, from the first on; `nil` for all.
    public func tokenVectors(
        of texts: [[Int32]], attendedCounts: [Int]? = nil, dimension: Int? = nil, normalizes: Bool,
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [RowMatrix] {
        try check(dimension)
        var result = [RowMatrix](repeating: .init(columnCount: 0, elements: []), count: texts.count)
        try run(texts, attendedCounts: attendedCounts, progress: progress) { operations, batch, places in
            var vectors = hiddenStates(operations, batch)
            for layer in model.dense { vectors = layer(vectors, on: operations) }
            vectors = finished(vectors, dimension: dimension, normalizes: normalizes, on: operations)
            for place in places { result[place.text] = matrix(vectors, rows: place.rows) }
        }
        return result
    }

    /// - Throws: ``EncoderError/badDimension(_:width:)`` where vectors have fewer channels.
    private func check(_ dimension: Int?) throws(EncoderError) {
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

    /// Some rows of an activation, copied.
    func matrix(_ x: borrowing Tensor<Activation>, rows: Range<Int>) -> RowMatrix {
        let elements = x.elements[(rows.lowerBound * x.columns)..<(rows.upperBound * x.columns)]
        return RowMatrix(columnCount: x.columns, elements: Array(elements))
    }

    /// A weight for each token of the vocabulary that the scores of some row favour.
    ///
    /// - Throws: ``EncoderError`` if the model is no masked language model.
    /// - Complexity: O(tokens · vocabulary · hidden); memory for ``vocabularyRows`` rows of scores.
    public func sparseVectors(
        of texts: [[Int32]], as sparse: EmbeddingConfiguration.Sparse = .init(),
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [SparseVector] {
        let head = try head(for: .maskedLanguageModel)
        var result = [SparseVector](repeating: .init(tokens: [], weights: []), count: texts.count)
        func weight(_ score: Float) -> Float {
            let once = log1pf(max(score, 0))
            return sparse.takesLogarithmTwice ? log1pf(once) : once
        }
        try run(texts, progress: progress) { operations, batch, places in
            let hidden = hiddenStates(operations, batch)
            for place in places {
                var weights = [Float](repeating: 0, count: model.encoder.configuration.vocabularySize)
                forRows(Array(place.rows), of: hidden, head: head, on: operations) { _, scores in
                    // The weight grows with the score, so the largest score's is the largest.
                    if sparse.sums {
                        for token in weights.indices { weights[token] += weight(scores[token]) }
                    } else {
                        for token in weights.indices { weights[token] = max(weights[token], scores[token]) }
                    }
                }
                if !sparse.sums { for token in weights.indices { weights[token] = weight(weights[token]) } }
                let tokens = weights.indices.filter { weights[$0] > 0 }
                result[place.text] = SparseVector(
                    tokens: tokens.map { Int32($0) }, weights: tokens.map { weights[$0] })
            }
        }
        return result
    }
}

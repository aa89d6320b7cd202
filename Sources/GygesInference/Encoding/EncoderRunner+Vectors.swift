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
    /// One vector for each text: through the folder's steps, cut and scaled.
    ///
    /// - Parameters:
    ///   - pooling: What becomes of the rows; `nil` for what the folder says, or the mean.
    ///   - skippedCount: How many tokens from the first on do not count in pooling (a prompt that must not).
    ///   - dimension: Keep so many channels, before scaling (Matryoshka: Kusupati et al. 2022); `nil` for all.
    ///   - normalizes: Whether vectors are L2-normalised.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func embeddings(
        of texts: [[Int32]], pooling: EmbeddingConfiguration.Pooling?, skippedCount: Int = 0, dimension: Int? = nil,
        normalizes: Bool, progress: ((Int) throws -> Void)? = nil
    ) throws -> [[Float]] {
        try results(
            of: .embeddings(pooling, dimension: dimension, normalizes: normalizes),
            texts.map { EncoderText(tokens: $0, skippedCount: skippedCount) }, progress: progress
        ).map(\.vector)
    }

    func embeddings(
        _ texts: [EncoderText], at rows: [Range<Int>], pooling: EmbeddingConfiguration.Pooling?, dimension: Int?,
        normalizes: Bool, _ operations: EagerOperations, _ batch: PackedBatch
    ) -> [EncoderResult] {
        var steps = model.steps
        if let pooling {
            steps = steps.map { $0.isPooling ? .pooling([pooling]) : $0 }
        }
        // Folders of token vectors say nothing about a text's.
        if !steps.contains(where: \.isPooling) { steps.insert(.pooling([pooling ?? .mean]), at: 0) }
        // What is scaled after it was cut needs no scaling before.
        if normalizes, case .normalize = steps.last { steps.removeLast() }
        let vectors = vectors(of: texts, at: rows, by: steps, operations, batch)
        return vectorsOfRows(finished(vectors, dimension: dimension, normalizes: normalizes, on: operations))
    }

    /// What steps make of the hidden states of texts: a row for each text.
    func vectors(
        of texts: [EncoderText], at rows: [Range<Int>], by steps: [VectorStep<WeightMatrix, WeightVector>],
        _ operations: EagerOperations, _ batch: PackedBatch
    ) -> Tensor<Activation> {
        var steps = steps[...]
        var x: Tensor<Activation>
        if case .pooling(let modes) = steps.first, modes.count == 1,
            let chosen = chosenRows(of: texts, at: rows, by: modes[0])
        {
            // The last layer computes these rows alone.
            x = hiddenStates(operations, batch, rows: chosen)
            steps = steps.dropFirst()
        } else {
            x = hiddenStates(operations, batch)
        }
        for step in steps {
            if case .pooling(let modes) = step {
                x = pooled(x, of: texts, at: rows, by: modes, on: operations)
            } else {
                x = step(x, on: operations)
            }
        }
        return x
    }

    /// The row of each text that a pooling takes; `nil` if it takes several.
    private func chosenRows(
        of texts: [EncoderText], at rows: [Range<Int>], by pooling: EmbeddingConfiguration.Pooling
    ) -> [Int]? {
        switch pooling {
        case .first: zip(texts, rows).map { $1.lowerBound + ($0.skippedCount < $1.count ? $0.skippedCount : 0) }
        case .last: rows.map { $0.upperBound - 1 }
        case .mean, .maximum, .meanOverRoot, .weightedMean: nil
        }
    }

    /// What poolings make of the rows of each text, side by side.
    private func pooled(
        _ x: borrowing Tensor<Activation>, of texts: [EncoderText], at rows: [Range<Int>],
        by modes: [EmbeddingConfiguration.Pooling], on operations: EagerOperations
    ) -> Tensor<Activation> {
        let skipped = zip(texts, rows).map { max(0, min($0.skippedCount, $1.count - 1)) }
        let runs = zip(skipped, rows).map { $1.dropFirst($0) }
        var parts = TensorList<Activation>()
        for mode in modes {
            switch mode {
            case .first, .last:
                parts.append(operations.rows(x, at: chosenRows(of: texts, at: rows, by: mode) ?? []))
            case .mean: parts.append(operations.pooled(x, over: runs, by: .mean))
            case .maximum: parts.append(operations.pooled(x, over: runs, by: .maximum))
            case .meanOverRoot: parts.append(operations.pooled(x, over: runs, by: .meanOverRoot))
            case .weightedMean:
                parts.append(operations.pooled(x, over: runs, by: .weightedMean(from: skipped.map { $0 + 1 })))
            }
        }
        return operations.joinedColumns(parts)
    }

    /// A vector for each token, through the folder's steps before pooling, each cut and scaled.
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
        for step in model.steps.prefix(while: { !$0.isPooling }) { vectors = step(vectors, on: operations) }
        vectors = finished(vectors, dimension: dimension, normalizes: normalizes, on: operations)
        return rowsOfTexts(vectors, at: rows)
    }

    /// - Throws: ``EncoderError/badDimension(_:width:)`` where vectors have fewer channels.
    func check(_ work: EncoderWork) throws(EncoderError) {
        guard let dimension = work.dimension else { return }
        let own = model.configuration.hiddenSize
        var width = model.embedding?.width ?? own
        if case .tokenVectors = work { width = model.embedding?.tokenWidth ?? own }
        if case .embeddings(let pooling?, _, _) = work, let modes = model.embedding?.pooling, modes != [pooling] {
            // Another pooling is of another width, where steps behind it do not bring their own.
            let isProjected = model.steps.drop { !$0.isPooling }.contains {
                if case .dense = $0 { true } else { false }
            }
            if !isProjected { width = model.embedding?.tokenWidth ?? own }
        }
        guard (1...width).contains(dimension) else { throw .badDimension(dimension, width: width) }
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
            var weights = [Float](repeating: 0, count: model.configuration.vocabularySize)
            forRows(Array(rows), of: hidden, head: head, on: operations) { _, scores in
                // The weight grows with the score, so the largest score's is the largest.
                if sparse.sums {
                    for token in weights.indices { weights[token] += weight(scores[token]) }
                } else {
                    for token in weights.indices { weights[token] = max(weights[token], scores[token]) }
                }
            }
            if !sparse.sums { for token in weights.indices { weights[token] = weight(weights[token]) } }
            var tokens = weights.indices.filter { weights[$0] > 0 }
            if let count = sparse.maximumCount, tokens.count > count {
                tokens = Array(tokens.sorted { (-weights[$0], $0) < (-weights[$1], $1) }.prefix(count)).sorted()
            }
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

public import GygesCheckpoints
public import GygesFiles
import GygesKernels
public import GygesTensors

/// An encoder that sees both sides: ModernBERT (Warner et al. 2024, https://arxiv.org/abs/2412.13663), BERT (Devlin et al. 2018,
/// https://arxiv.org/abs/1810.04805), RoBERTa and XLM-R, as its configuration describes it.
///
/// Per layer, on activations `x` `[rows, hidden]`, every norm a layer norm. ModernBERT norms what each part reads:
///
///     h = x + O · attention(Q · norm(x), K · norm(x), V · norm(x))
///     x = h + forward(norm(h))
///
/// and the result once more; BERT and its kin norm what was added up:
///
///     h = norm(x + O · attention(Q · x, K · x, V · x))
///     x = norm(h + forward(h))
///
/// `forward(x)` is `down(gelu(gate(x)) · up(x))` or `down(gelu(up(x)))`. Where tokens stand comes from queries and keys that are
/// rotated, every third layer seeing all of its text and the others positions within a window, with rotary bases of their
/// own; or from a table of positions that is added to the embeddings, as is one that tells two texts apart. The embeddings are
/// normed. ModernBERT's first layer does not norm them again.
public struct Encoder: Sendable {
    /// The shape of the model.
    public let configuration: EncoderConfiguration
    /// How layers that see all of a text attend.
    public let globalAttention: EncoderAttention
    /// How the others do.
    public let localAttention: EncoderAttention

    /// Creates an encoder from a validated configuration.
    ///
    /// - Parameter path: The configuration's file, for messages.
    /// - Throws: ``FileError`` for stretched positions that are not implemented.
    public init(configuration: EncoderConfiguration, path: String) throws(FileError) {
        self.configuration = configuration
        let (count, dimension) = (configuration.headCount, configuration.headDimension)
        func attention(
            _ rotation: EncoderConfiguration.Rotation, windowRadius: Int?
        ) throws(FileError) -> EncoderAttention {
            let plain = RotaryTable.frequencies(base: rotation.base, rotaryDimension: dimension)
            let frequencies = try rotation.scaling.stretched(plain, base: rotation.base, path: path)
            var magnitude = 1.0
            if case .yarn(let yarn) = rotation.scaling { magnitude = yarn.resolvedAttentionFactor }
            return EncoderAttention(
                headCount: count, windowRadius: windowRadius,
                table: RotaryTable(
                    frequencies: frequencies, magnitude: magnitude, headDimension: dimension, layout: .halves))
        }
        switch configuration.positions {
        case .rotary(let global, let local):
            globalAttention = try attention(global, windowRadius: nil)
            localAttention = try attention(local, windowRadius: configuration.windowRadius)
        case .learned:
            globalAttention = EncoderAttention(
                headCount: count, windowRadius: nil, table: .withoutRotation(headDimension: dimension))
            localAttention = globalAttention
        }
    }

    /// The final hidden states of a batch of whole texts.
    ///
    /// - Parameter rows: The rows of the batch that are wanted, ascending: the last layer computes no others, which have
    ///   the same bits as if it did. `nil` for all.
    /// - Returns: `[rows.count, hidden]`
    public func hiddenStates<O: Operations>(
        of batch: PackedBatch, rows: [Int]? = nil, weights: EncoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        var x = operations.normed(embedded(batch, weights, on: operations), by: norm(weights.embeddingNorm))
        for (index, layer) in weights.layers.enumerated() {
            let attention = configuration.isLocal[index] ? localAttention : globalAttention
            let rows = index == weights.layers.count - 1 ? rows : nil
            x = operations.layer(index, of: x) { x in
                block(x, layer: layer, attention: attention, batch: batch, rows: rows, on: operations)
            }
        }
        guard let finalNorm = weights.finalNorm else { return x }
        return operations.normed(x, by: norm(finalNorm))
    }

    /// The rows of tokens, and of the texts and positions that they stand in where there are tables of these.
    private func embedded<O: Operations>(
        _ batch: PackedBatch, _ weights: EncoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        var x = operations.embedding(batch.tokens, table: weights.embedding)
        if let table = weights.segments {
            x = operations.add(operations.embedding(segments(of: batch), table: table), to: x)
        }
        if let table = weights.positions, case .learned(let learned) = configuration.positions {
            x = operations.add(operations.embedding(learned.rows(of: batch), table: table), to: x)
        }
        return x
    }

    /// For each row which of two texts it belongs to, as a row of the table of segments.
    private func segments(of batch: PackedBatch) -> [Int32] {
        batch.sequences.flatMap { sequence in
            let count = configuration.segmentCount > 1 ? sequence.firstTextCount ?? sequence.rows.count : .max
            return (0..<sequence.rows.count).map { $0 < count ? Int32(0) : 1 }
        }
    }

    private func block<O: Operations>(
        _ x: consuming O.Value, layer: EncoderWeights<O.Matrix, O.Vector>.Layer, attention: EncoderAttention,
        batch: PackedBatch, rows: [Int]?, on operations: O
    ) -> O.Value {
        let normsBefore = configuration.normPlace == .beforeParts
        let inputNorm = normsBefore ? layer.attentionNorm.map(norm) : nil
        let attended: O.Value, residual: O.Value
        if let rows {
            let projected = operations.linear(x, normedBy: inputNorm, layer.key, layer.value)
            residual = operations.rows(x, at: rows)
            attended = operations.bidirectionalAttention(
                queries: operations.linear(residual, normedBy: inputNorm, layer.query), at: rows,
                keys: projected.first, values: projected.second, in: batch, as: attention)
        } else {
            let projected = operations.linear(x, normedBy: inputNorm, layer.query, layer.key, layer.value)
            attended = operations.bidirectionalAttention(
                queries: projected.first, at: nil, keys: projected.second, values: projected.third, in: batch,
                as: attention)
            residual = x
        }
        var h = operations.linear(attended, layer.output, addedTo: residual)
        _ = consume attended  // The part below can use its memory.
        if !normsBefore, let attentionNorm = layer.attentionNorm { h = operations.normed(h, by: norm(attentionNorm)) }
        let forwardNorm = norm(layer.feedForwardNorm)
        let y = forward(addedTo: h, normedBy: normsBefore ? forwardNorm : nil, layer.feedForward, on: operations)
        return normsBefore ? y : operations.normed(y, by: forwardNorm)
    }

    private func forward<O: Operations>(
        addedTo x: consuming O.Value, normedBy norm: Normalization<O.Vector>?,
        _ part: EncoderWeights<O.Matrix, O.Vector>.FeedForward, on operations: O
    ) -> O.Value {
        switch part {
        case .gated(let unit): return operations.gatedLinear(addedTo: x, normedBy: norm, through: unit)
        case .plain(let up, let activation, let down):
            let inner = operations.activated(operations.linear(x, normedBy: norm, up), activation)
            return operations.linear(inner, down, addedTo: x)
        }
    }

    private func norm<Matrix, Vector>(_ norm: EncoderWeights<Matrix, Vector>.Norm) -> Normalization<Vector> {
        .layer(weight: norm.weight, bias: norm.bias, epsilon: Float(configuration.normEpsilon))
    }
}

extension Encoder {
    /// The scores of a head for rows of hidden states (already pooled, where a text has one row).
    ///
    /// - Returns: `[rows, labels]`, or `[rows, vocabulary]` of a masked language model.
    public func scores<O: Operations>(
        of hiddenStates: borrowing O.Value, head: EncoderWeights<O.Matrix, O.Vector>.Head, on operations: O
    ) -> O.Value {
        guard let dense = head.dense else { return operations.linear(hiddenStates, head.scores) }
        return operations.linear(
            active(hiddenStates, dense, on: operations), normedBy: head.norm.map(norm), head.scores)
    }

    /// What a head's scores are a projection of: for losses that compute the scores a few at a time.
    ///
    /// - Returns: `[rows, hidden]`
    public func scoreInput<O: Operations>(
        of hiddenStates: consuming O.Value, head: EncoderWeights<O.Matrix, O.Vector>.Head, on operations: O
    ) -> O.Value {
        guard let dense = head.dense else { return hiddenStates }
        let active = active(hiddenStates, dense, on: operations)
        guard let norm = head.norm else { return active }
        return operations.normed(active, by: self.norm(norm))
    }

    private func active<O: Operations>(
        _ hiddenStates: borrowing O.Value, _ dense: Projection<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        operations.activated(
            operations.linear(hiddenStates, dense), ElementFunction(configuration.head.activation))
    }
}

extension EncoderConfiguration.LearnedPositions {
    /// For each token of a batch of whole texts the row of its position.
    fileprivate func rows(of batch: PackedBatch) -> [Int32] {
        batch.sequences.flatMap { sequence in
            var next = Int32(clamping: first)
            return batch.tokens[sequence.rows].map { token -> Int32 in
                if token == padding { return token }
                defer { next += 1 }
                return next
            }
        }
    }
}

extension ElementFunction {
    init(_ activation: EncoderActivation) {
        switch activation {
        case .gelu: self = .gelu
        case .silu: self = .silu
        case .relu: self = .relu
        case .tanh: self = .tanh
        case .sigmoid: self = .sigmoid
        }
    }
}

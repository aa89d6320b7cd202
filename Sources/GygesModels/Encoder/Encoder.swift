public import GygesCheckpoints
public import GygesFiles
import GygesKernels
public import GygesTensors

/// The encoder of ModernBERT (Warner et al. 2024, https://arxiv.org/abs/2412.13663).
///
/// Per layer, on activations `x` `[rows, hidden]`, every norm a layer norm:
///
///     h = x + O · attention(rotary(Q · norm(x)), rotary(K · norm(x)), V · norm(x))
///     x = h + down · (gelu(gate · norm(h)) · up · norm(h))
///
/// Every third layer attends to all of its text, the others to positions within a window, with rotary bases of their own.
/// The embeddings are normed, the first layer's attention is not again, and the result is normed once more.
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
        func attention(
            _ rotation: EncoderConfiguration.Rotation, windowRadius: Int?
        ) throws(FileError) -> EncoderAttention {
            let dimension = configuration.headDimension
            let plain = RotaryTable.frequencies(base: rotation.base, rotaryDimension: dimension)
            let frequencies = try rotation.scaling.stretched(plain, base: rotation.base, path: path)
            var magnitude = 1.0
            if case .yarn(let yarn) = rotation.scaling { magnitude = yarn.resolvedAttentionFactor }
            return EncoderAttention(
                headCount: configuration.headCount, windowRadius: windowRadius,
                table: RotaryTable(
                    frequencies: frequencies, magnitude: magnitude, headDimension: dimension, layout: .halves))
        }
        globalAttention = try attention(configuration.globalRotation, windowRadius: nil)
        localAttention = try attention(configuration.localRotation, windowRadius: configuration.windowRadius)
    }

    /// The final hidden states of a batch of whole texts.
    ///
    /// - Parameter rows: The rows of the batch that are wanted, ascending: the last layer computes no others, which have
    ///   the same bits as if it did. `nil` for all.
    /// - Returns: `[rows.count, hidden]`
    public func hiddenStates<O: Operations>(
        of batch: PackedBatch, rows: [Int]? = nil, weights: EncoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        var x = operations.normed(
            operations.embedding(batch.tokens, table: weights.embedding), by: norm(weights.embeddingNorm))
        for (index, layer) in weights.layers.enumerated() {
            let attention = configuration.isLocal[index] ? localAttention : globalAttention
            let rows = index == weights.layers.count - 1 ? rows : nil
            x = operations.layer(index, of: x) { x in
                block(x, layer: layer, attention: attention, batch: batch, rows: rows, on: operations)
            }
        }
        return operations.normed(x, by: norm(weights.finalNorm))
    }

    private func block<O: Operations>(
        _ x: consuming O.Value, layer: EncoderWeights<O.Matrix, O.Vector>.Layer, attention: EncoderAttention,
        batch: PackedBatch, rows: [Int]?, on operations: O
    ) -> O.Value {
        let attentionNorm = layer.attentionNorm.map(norm)
        let attended: O.Value, residual: O.Value
        if let rows {
            let projected = operations.linear(x, normedBy: attentionNorm, layer.key, layer.value)
            residual = operations.rows(x, at: rows)
            attended = operations.bidirectionalAttention(
                queries: operations.linear(residual, normedBy: attentionNorm, layer.query), at: rows,
                keys: projected.first, values: projected.second, in: batch, as: attention)
        } else {
            let projected = operations.linear(x, normedBy: attentionNorm, layer.query, layer.key, layer.value)
            attended = operations.bidirectionalAttention(
                queries: projected.first, at: nil, keys: projected.second, values: projected.third, in: batch,
                as: attention)
            residual = x
        }
        let h = operations.linear(attended, layer.output, addedTo: residual)
        _ = consume attended  // The unit below can use its memory.
        return operations.gatedLinear(
            addedTo: h, normedBy: norm(layer.feedForwardNorm), through: layer.feedForward)
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
        let active = operations.activated(
            operations.linear(hiddenStates, head.dense), ElementFunction(configuration.head.activation))
        return operations.linear(active, normedBy: norm(head.norm), head.scores)
    }
}

extension GateActivation {
    init(_ activation: EncoderActivation) {
        switch activation {
        case .gelu: self = .gelu
        case .silu: self = .silu
        }
    }
}

extension ElementFunction {
    init(_ activation: EncoderActivation) {
        switch activation {
        case .gelu: self = .gelu
        case .silu: self = .silu
        }
    }
}

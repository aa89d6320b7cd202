public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
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
    public init(
        configuration: EncoderConfiguration, attentionPrecision: AttentionPrecision, path: String
    ) throws(FileError) {
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
                    frequencies: frequencies, magnitude: magnitude, headDimension: dimension, layout: .halves),
                precision: attentionPrecision)
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
            x = block(
                x, layer: layer, attention: configuration.isLocal[index] ? localAttention : globalAttention,
                rows: index == weights.layers.count - 1 ? rows : nil, on: operations)
        }
        return operations.normed(x, by: norm(weights.finalNorm))
    }

    private func block<O: Operations>(
        _ x: O.Value, layer: EncoderWeights<O.Matrix, O.Vector>.Layer, attention: EncoderAttention, rows: [Int]?,
        on operations: O
    ) -> O.Value {
        let attentionNorm = layer.attentionNorm.map(norm)
        let queries: O.Value, keysAndValues: [O.Value], residual: O.Value
        if let rows {
            keysAndValues = operations.linear(x, normedBy: attentionNorm, [layer.key, layer.value])
            residual = operations.rows(x, at: rows)
            queries = operations.linear(residual, normedBy: attentionNorm, layer.query)
        } else {
            let projected = operations.linear(x, normedBy: attentionNorm, [layer.query, layer.key, layer.value])
            (queries, keysAndValues, residual) = (projected[0], Array(projected[1...]), x)
        }
        let attended = operations.bidirectionalAttention(
            queries: queries, at: rows, keys: keysAndValues[0], values: keysAndValues[1], as: attention)
        let h = operations.linear(attended, layer.output, addedTo: residual)
        return operations.gatedLinear(
            h, normedBy: norm(layer.feedForwardNorm), through: layer.feedForward, addedTo: h)
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
        of hiddenStates: O.Value, head: EncoderWeights<O.Matrix, O.Vector>.Head, on operations: O
    ) -> O.Value {
        let dense = operations.linear(hiddenStates, head.dense)
        let active = operations.activated(dense, ElementFunction(configuration.head.activation))
        return operations.linear(active, normedBy: norm(head.norm), head.scores)
    }
}

/// The parameters of an ``Encoder`` and its head.
public struct EncoderWeights<Matrix, Vector> {
    /// The parameters of a layer norm.
    public struct Norm {
        /// The gain `[hidden]`.
        public var weight: Vector
        /// `[hidden]`
        public var bias: Vector?
    }

    /// The parameters of one layer.
    public struct Layer {
        /// Before attention; the first layer has none.
        public var attentionNorm: Norm?
        /// `[hidden, hidden]`
        public var query: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var key: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var value: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var output: Projection<Matrix, Vector>
        /// Before the feed-forward part.
        public var feedForwardNorm: Norm
        /// The feed-forward part.
        public var feedForward: GatedUnit<Matrix, Vector>
    }

    /// The parameters of a head.
    public struct Head {
        /// `[hidden, hidden]`
        public var dense: Projection<Matrix, Vector>
        /// After its activation.
        public var norm: Norm
        /// `[labels, hidden]`, or `[vocabulary, hidden]`: the embedding itself when the two are tied.
        public var scores: Projection<Matrix, Vector>
    }

    /// `[vocabulary, hidden]`
    public var embedding: Matrix
    /// After the embedding.
    public var embeddingNorm: Norm
    /// The layers in order.
    public var layers: [Layer]
    /// After the last layer.
    public var finalNorm: Norm
    /// The head, if the checkpoint has one and it was asked for.
    public var head: Head?
}

extension EncoderWeights: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Norm: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Layer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Head: Sendable where Matrix: Sendable, Vector: Sendable {}

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

public import GygesCheckpoints
public import GygesKernels
public import GygesTensors

/// The decoder-only transformer of Qwen2, Qwen2.5 and Llama.
///
/// Per layer, on activations `x` `[rows, hidden]` (Qwen2.5 technical report §2; Touvron et al. 2023):
///
///     h = x + O · attention(rotary(Q · norm(x)), rotary(K · norm(x)), V · norm(x))
///     x = h + down · (silu(gate · norm(h)) · up · norm(h))
///
/// with root-mean-square norms, grouped queries, biases on Q, K and V in Qwen, and logits `head · norm(x)`, where the
/// head is the embedding table when the two are tied. In Qwen2-MoE (Qwen2 technical report §2.2.2) the feed-forward part
/// is a mixture: each token's most probable experts, weighted by their probabilities, and a shared expert with a gate.
public struct Decoder: Sendable {
    /// The shape of the model.
    public let configuration: CausalModelConfiguration
    /// How tokens are placed within the native window; see ``LongContext`` for longer texts.
    public let encoding: PositionEncoding
    /// The rotary frequencies in full precision, radians a position, from which longer texts' are made.
    public let frequencies: [Double]

    /// Creates a decoder from a validated configuration.
    public init(configuration: CausalModelConfiguration, frequencies: [Double], layout: RotaryLayout) {
        self.configuration = configuration
        self.frequencies = frequencies
        encoding = PositionEncoding(
            table: RotaryTable(
                frequencies: frequencies, headDimension: configuration.headDimension, layout: layout))
    }

    /// The head structure of every layer.
    public var attentionShape: AttentionShape {
        AttentionShape(
            headCount: configuration.headCount, keyValueHeadCount: configuration.keyValueHeadCount,
            headDimension: configuration.headDimension)
    }

    /// The hidden states `[batch.rowCount, hidden]` before the final norm.
    public func hiddenStates<O: Operations>(
        of batch: PackedBatch, weights: DecoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        var x = operations.embedding(batch.tokens, table: weights.embedding)
        for (index, layer) in weights.layers.enumerated() {
            x = block(x, layer: layer, index: index, on: operations)
        }
        return x
    }

    /// The logits `[rows.count, vocabulary]` of the chosen rows of `hiddenStates`.
    public func logits<O: Operations>(
        of hiddenStates: O.Value, rows: [Int], weights: DecoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        operations.linear(
            operations.rows(hiddenStates, at: rows), normedBy: norm(weights.finalNorm), Projection(weight: weights.head)
        )
    }

    private func block<O: Operations>(
        _ x: O.Value, layer: DecoderWeights<O.Matrix, O.Vector>.Layer, index: Int, on operations: O
    ) -> O.Value {
        let projected = operations.linear(
            x, normedBy: norm(layer.attentionNorm), [layer.query, layer.key, layer.value])
        let attended = operations.attention(
            queries: projected[0], keys: projected[1], values: projected[2], layer: index, shape: attentionShape,
            encoding: encoding)
        let h = operations.linear(attended, layer.output, addedTo: x)
        switch layer.feedForward {
        case .dense(let unit):
            return operations.gatedLinear(h, normedBy: norm(layer.feedForwardNorm), through: unit, addedTo: h)
        case .experts(let experts):
            // The router, the shared expert and the chosen ones all read the normed rows.
            let input = operations.normed(h, by: norm(layer.feedForwardNorm))
            return operations.add(h, mixture(input, experts, on: operations))
        }
    }

    private func norm<Vector>(_ weight: Vector) -> Normalization<Vector> {
        .rootMeanSquare(weight: weight, epsilon: Float(configuration.normEpsilon))
    }

    private func mixture<O: Operations>(
        _ x: O.Value, _ weights: DecoderWeights<O.Matrix, O.Vector>.Experts, on operations: O
    ) -> O.Value {
        let scores = operations.linear(x, normedBy: nil, [weights.router, weights.sharedGate])
        let shared = operations.sigmoidScaled(
            operations.gatedLinear(x, normedBy: nil, through: weights.shared, addedTo: nil), by: scores[1])
        let chosen = operations.mixture(
            x, scores: scores[0], countPerToken: weights.countPerToken, normalises: weights.normalisesWeights
        ) { index, rows in
            operations.gatedLinear(rows, normedBy: nil, through: weights.experts[index], addedTo: nil)
        }
        return operations.add(chosen, shared)
    }
}

/// The parameters of a ``Decoder``.
public struct DecoderWeights<Matrix, Vector> {
    /// The parameters of a mixture of experts.
    public struct Experts {
        /// Scores of the experts `[experts, hidden]`.
        public var router: Projection<Matrix, Vector>
        /// The experts to choose from.
        public var experts: [GatedUnit<Matrix, Vector>]
        /// The expert of every token.
        public var shared: GatedUnit<Matrix, Vector>
        /// Score of the shared expert `[1, hidden]`.
        public var sharedGate: Projection<Matrix, Vector>
        /// How many experts a token is given to.
        public var countPerToken: Int
        /// Whether their probabilities are divided by their sum.
        public var normalisesWeights: Bool
    }

    /// The second half of a layer.
    public enum FeedForward {
        /// One unit for every token.
        case dense(GatedUnit<Matrix, Vector>)
        /// A mixture.
        case experts(Experts)
    }

    /// The parameters of one layer.
    public struct Layer {
        /// Gain before attention `[hidden]`.
        public var attentionNorm: Vector
        /// `[heads · d, hidden]`
        public var query: Projection<Matrix, Vector>
        /// `[keyValueHeads · d, hidden]`
        public var key: Projection<Matrix, Vector>
        /// `[keyValueHeads · d, hidden]`
        public var value: Projection<Matrix, Vector>
        /// `[hidden, heads · d]`
        public var output: Projection<Matrix, Vector>
        /// Gain before the feed-forward part `[hidden]`.
        public var feedForwardNorm: Vector
        /// The feed-forward part.
        public var feedForward: FeedForward
    }

    /// `[vocabulary, hidden]`
    public var embedding: Matrix
    /// The layers in order.
    public var layers: [Layer]
    /// Gain before the head `[hidden]`.
    public var finalNorm: Vector
    /// `[vocabulary, hidden]`; the embedding itself when the two are tied.
    public var head: Matrix
}

extension DecoderWeights: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.Layer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.Experts: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.FeedForward: Sendable where Matrix: Sendable, Vector: Sendable {}

public import GygesFiles
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
        let chosen = operations.rows(hiddenStates, at: rows)
        let normed = operations.rmsNorm(
            chosen, weight: weights.finalNorm, epsilon: Float(configuration.normEpsilon))
        return operations.linear(normed, Projection(weight: weights.head))
    }

    private func block<O: Operations>(
        _ x: O.Value, layer: DecoderWeights<O.Matrix, O.Vector>.Layer, index: Int, on operations: O
    ) -> O.Value {
        let epsilon = Float(configuration.normEpsilon)

        let attentionInput = operations.rmsNorm(x, weight: layer.attentionNorm, epsilon: epsilon)
        let projected = operations.linear(attentionInput, [layer.query, layer.key, layer.value])
        let attended = operations.attention(
            queries: projected[0], keys: projected[1], values: projected[2], layer: index, shape: attentionShape,
            encoding: encoding)
        let h = operations.add(x, operations.linear(attended, layer.output))

        let feedForwardInput = operations.rmsNorm(h, weight: layer.feedForwardNorm, epsilon: epsilon)
        let output =
            switch layer.feedForward {
            case .dense(let unit): gatedUnit(feedForwardInput, unit, on: operations)
            case .experts(let experts): mixture(feedForwardInput, experts, on: operations)
            }
        return operations.add(h, output)
    }

    private func gatedUnit<O: Operations>(
        _ x: O.Value, _ unit: DecoderWeights<O.Matrix, O.Vector>.GatedUnit, on operations: O
    ) -> O.Value {
        let gated = operations.linear(x, [unit.gate, unit.up])
        return operations.gatedLinear(gate: gated[0], up: gated[1], activation: .silu, unit.down)
    }

    private func mixture<O: Operations>(
        _ x: O.Value, _ weights: DecoderWeights<O.Matrix, O.Vector>.Experts, on operations: O
    ) -> O.Value {
        let scores = operations.linear(x, [weights.router, weights.sharedGate])
        let shared = operations.sigmoidScaled(gatedUnit(x, weights.shared, on: operations), by: scores[1])
        let chosen = operations.mixture(
            x, scores: scores[0], countPerToken: weights.countPerToken, normalises: weights.normalisesWeights
        ) { index, rows in gatedUnit(rows, weights.experts[index], on: operations) }
        return operations.add(chosen, shared)
    }
}

/// The parameters of a ``Decoder``.
public struct DecoderWeights<Matrix, Vector> {
    /// The parameters of a gated linear unit.
    public struct GatedUnit {
        /// `[intermediate, hidden]`
        public var gate: Projection<Matrix, Vector>
        /// `[intermediate, hidden]`
        public var up: Projection<Matrix, Vector>
        /// `[hidden, intermediate]`
        public var down: Projection<Matrix, Vector>
    }

    /// The parameters of a mixture of experts.
    public struct Experts {
        /// Scores of the experts `[experts, hidden]`.
        public var router: Projection<Matrix, Vector>
        /// The experts to choose from.
        public var experts: [GatedUnit]
        /// The expert of every token.
        public var shared: GatedUnit
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
        case dense(GatedUnit)
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
extension DecoderWeights.GatedUnit: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.Experts: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.FeedForward: Sendable where Matrix: Sendable, Vector: Sendable {}

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
    ///
    /// - Parameter cache: Keys and values of what came before in the batch's sequences, to which this pass's are added; `nil`
    ///   if every sequence is whole and none goes on.
    public func hiddenStates<O: Operations>(
        of batch: PackedBatch, cache: O.Cache?, weights: DecoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        var x = operations.embedding(batch.tokens, table: weights.embedding)
        for (index, layer) in weights.layers.enumerated() {
            let cache = cache?.layer(index)
            x = operations.layer(index, of: x) { x in
                block(x, layer: layer, batch: batch, cache: cache, on: operations)
            }
        }
        return x
    }

    /// The logits `[rows.count, vocabulary]` of the chosen rows of `hiddenStates`.
    public func logits<O: Operations>(
        of hiddenStates: borrowing O.Value, rows: [Int], weights: DecoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        operations.linear(
            operations.rows(hiddenStates, at: rows), normedBy: norm(weights.finalNorm), weights.head)
    }

    private func block<O: Operations>(
        _ x: consuming O.Value, layer: DecoderWeights<O.Matrix, O.Vector>.Layer, batch: PackedBatch,
        cache: O.Cache.Layer?, on operations: O
    ) -> O.Value {
        let projected = operations.linear(
            x, normedBy: norm(layer.attentionNorm), layer.query, layer.key, layer.value)
        let h = operations.linear(
            operations.attention(
                queries: projected.first, keys: projected.second, values: projected.third, in: batch, cache: cache,
                shape: attentionShape, encoding: encoding),
            layer.output, addedTo: x)
        switch layer.feedForward {
        case .dense(let unit):
            return operations.gatedLinear(addedTo: h, normedBy: norm(layer.feedForwardNorm), through: unit)
        case .experts(let experts):
            // The router, the shared expert and the chosen ones all read the normed rows.
            let input = operations.normed(h, by: norm(layer.feedForwardNorm))
            return operations.add(h, to: mixture(input, experts, on: operations))
        }
    }

    private func norm<Vector>(_ weight: Parameter<Vector>) -> Normalization<Vector> {
        .rootMeanSquare(weight: weight, epsilon: Float(configuration.normEpsilon))
    }

    private func mixture<O: Operations>(
        _ x: borrowing O.Value, _ weights: DecoderWeights<O.Matrix, O.Vector>.Experts, on operations: O
    ) -> O.Value {
        let scores = operations.linear(x, weights.router, weights.sharedGate)
        let shared = operations.sigmoidScaled(
            operations.gatedLinear(x, normedBy: nil, through: weights.shared), by: scores.second)
        let routing = operations.route(
            scores.first, countPerToken: weights.countPerToken, normalises: weights.normalisesWeights)
        var chosen = operations.zeros(rows: x.rows, columns: x.columns)
        for expert in routing.chosenExperts {
            let part = operations.gatedLinear(
                operations.gather(x, for: expert, by: routing), normedBy: nil, through: weights.experts[expert])
            chosen = operations.scatter(part, of: expert, by: routing, addedTo: chosen)
        }
        return operations.add(chosen, to: shared)
    }
}

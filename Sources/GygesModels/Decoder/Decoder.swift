public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesTensors

/// The decoder-only transformer of Qwen2 and 3, Llama, Mistral and SmolLM3.
///
/// Per layer, on activations `x` `[rows, hidden]` (Qwen2.5 technical report §2; Touvron et al. 2023):
///
///     h = x + O · attention(rotary(Q · norm(x)), rotary(K · norm(x)), V · norm(x))
///     x = h + down · (silu(gate · norm(h)) · up · norm(h))
///
/// with root-mean-square norms, grouped queries, and logits `head · norm(x)`, where the head is the embedding table when the
/// two are tied. What a family has besides is in its ``CausalModelConfiguration``:
///
/// * biases (Qwen2 has them on Q, K and V);
/// * a norm of each head of Q and K before it is rotated (Qwen3 technical report §2);
/// * layers that rotate nothing (SmolLM3; Yang et al. 2025, https://arxiv.org/abs/2501.18795);
/// * mixtures in place of the feed-forward part (Qwen2 technical report §2.2.2): each token's most probable experts, weighted
///   by their probabilities, and in Qwen2 a shared expert with a gate.
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

    /// A decoder without files, which is trained from nothing.
    ///
    /// - Parameter path: Where the configuration stands, for messages.
    /// - Throws: ``FileError`` for scalings of positions that are not implemented.
    public init(configuration: CausalModelConfiguration, path: String) throws(FileError) {
        self.init(
            configuration: configuration,
            frequencies: try configuration.rotaryFrequencies(path: path, divisors: nil), layout: .halves)
    }

    /// The decoder with another base of its rotary angles, as phases of training for longer texts have it.
    ///
    /// - Throws: ``FileError`` if the angles of this one do not follow from its configuration alone: divisors were stored beside the weights.
    public func changed(toRotaryBase base: Double) throws(FileError) -> Decoder {
        let place = "rope_theta"
        guard try configuration.rotaryFrequencies(path: place, divisors: nil) == frequencies else {
            throw FileError(
                place, "the model's file has divisors of the rotary frequencies, which belong to its own base",
                remedy: "Leave the base as it is, or begin with the Hugging Face folder of the model.")
        }
        var configuration = configuration
        configuration.ropeBase = base
        return Decoder(
            configuration: configuration,
            frequencies: try configuration.rotaryFrequencies(path: place, divisors: nil),
            layout: encoding.table.layout)
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
                block(
                    x, layer: layer, batch: batch, cache: cache,
                    encoding: configuration.unrotatedLayers.contains(index) ? nil : encoding, on: operations)
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

    /// Hidden states as the head reads them, and as vectors are made of them.
    public func normed<O: Operations>(
        _ hiddenStates: borrowing O.Value, weights: DecoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        operations.normed(hiddenStates, by: norm(weights.finalNorm))
    }

    private func block<O: Operations>(
        _ x: consuming O.Value, layer: DecoderWeights<O.Matrix, O.Vector>.Layer, batch: PackedBatch,
        cache: O.Cache.Layer?, encoding: PositionEncoding?, on operations: O
    ) -> O.Value {
        let projected = operations.linear(
            x, normedBy: norm(layer.attentionNorm), layer.query, layer.key, layer.value)
        let h = operations.linear(
            operations.attention(
                queries: headsNormed(projected.first, by: layer.queryNorm, on: operations),
                keys: headsNormed(projected.second, by: layer.keyNorm, on: operations), values: projected.third,
                in: batch, cache: cache, shape: attentionShape, encoding: encoding),
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

    private func headsNormed<O: Operations>(
        _ x: consuming O.Value, by weight: Parameter<O.Vector>?, on operations: O
    ) -> O.Value {
        guard let weight else { return x }
        return operations.normed(x, by: norm(weight))
    }

    private func mixture<O: Operations>(
        _ x: borrowing O.Value, _ weights: DecoderWeights<O.Matrix, O.Vector>.Experts, on operations: O
    ) -> O.Value {
        guard let shared = weights.shared else {
            return chosenExperts(of: x, by: operations.linear(x, weights.router), weights, on: operations)
        }
        let scores = operations.linear(x, weights.router, shared.gate)
        let common = operations.sigmoidScaled(
            operations.gatedLinear(x, normedBy: nil, through: shared.unit), by: scores.second)
        return operations.add(chosenExperts(of: x, by: scores.first, weights, on: operations), to: common)
    }

    private func chosenExperts<O: Operations>(
        of x: borrowing O.Value, by scores: consuming O.Value, _ weights: DecoderWeights<O.Matrix, O.Vector>.Experts,
        on operations: O
    ) -> O.Value {
        let routing = operations.route(
            scores, countPerToken: weights.countPerToken, normalises: weights.normalisesWeights)
        var chosen = operations.zeros(rows: x.rows, columns: x.columns)
        for expert in routing.chosenExperts {
            let part = operations.gatedLinear(
                operations.gather(x, for: expert, by: routing), normedBy: nil, through: weights.experts[expert])
            chosen = operations.scatter(part, of: expert, by: routing, addedTo: chosen)
        }
        return chosen
    }
}

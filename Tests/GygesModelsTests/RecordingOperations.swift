import GygesKernels
import GygesModels
import GygesTensors

/// The eager interpreter, noting what decoders' layers are given and what encoders' layers make.
final class RecordingOperations: Operations {
    private let base: EagerOperations
    /// What each decoder's layer's queries, keys and values are made of.
    private(set) var layerInputs: [[Float]] = []
    /// What each encoder's layer's feed-forward part makes.
    private(set) var layerOutputs: [[Float]] = []

    init(_ base: EagerOperations) { self.base = base }

    func embedding(_ tokens: [Int32], table: WeightMatrix) -> Activation { base.embedding(tokens, table: table) }
    func linear(
        _ x: Activation, normedBy norm: Normalization<WeightVector>?,
        _ projections: [Projection<WeightMatrix, WeightVector>]
    ) -> [Activation] {
        if projections.count == 3 { layerInputs.append(Array(x.elements)) }
        return base.linear(x, normedBy: norm, projections)
    }
    func linear(
        _ x: Activation, _ projection: Projection<WeightMatrix, WeightVector>, addedTo residual: Activation
    ) -> Activation {
        base.linear(x, projection, addedTo: residual)
    }
    func normed(_ x: Activation, by norm: Normalization<WeightVector>) -> Activation { base.normed(x, by: norm) }
    func activated(_ x: Activation, _ function: ElementFunction) -> Activation { base.activated(x, function) }
    func attention(
        queries: Activation, keys: Activation, values: Activation, layer: Int, shape: AttentionShape,
        encoding: PositionEncoding
    ) -> Activation {
        base.attention(
            queries: queries, keys: keys, values: values, layer: layer, shape: shape, encoding: encoding)
    }
    func bidirectionalAttention(
        queries: Activation, at rows: [Int]?, keys: Activation, values: Activation, as attention: EncoderAttention
    ) -> Activation {
        base.bidirectionalAttention(queries: queries, at: rows, keys: keys, values: values, as: attention)
    }
    func pooled(_ x: Activation, over runs: [Range<Int>], by pooling: RowPooling) -> Activation {
        base.pooled(x, over: runs, by: pooling)
    }
    func l2Normalized(_ x: Activation) -> Activation { base.l2Normalized(x) }
    func gatedLinear(
        _ x: Activation, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>,
        addedTo residual: Activation?
    ) -> Activation {
        let output = base.gatedLinear(x, normedBy: norm, through: unit, addedTo: residual)
        if residual != nil { layerOutputs.append(Array(output.elements)) }
        return output
    }
    func mixture(
        _ x: Activation, scores: Activation, countPerToken: Int, normalises: Bool,
        expert: (Int, Activation) -> Activation
    ) -> Activation {
        base.mixture(x, scores: scores, countPerToken: countPerToken, normalises: normalises, expert: expert)
    }
    func sigmoidScaled(_ x: Activation, by scores: Activation) -> Activation { base.sigmoidScaled(x, by: scores) }
    func add(_ x: Activation, _ y: Activation) -> Activation { base.add(x, y) }
    func rows(_ x: Activation, at indices: [Int]) -> Activation { base.rows(x, at: indices) }
}

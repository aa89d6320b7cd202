import GygesKernels
import GygesModels
import GygesTensors

/// The eager interpreter, noting what decoders' layers are given and what encoders' layers make.
final class RecordingOperations: Operations {
    private let base: EagerOperations
    private var normCount = 0
    private var sumCount = 0
    /// What each layer's first root-mean-square norm was given.
    private(set) var layerInputs: [[Float]] = []
    /// What each layer's second sum made.
    private(set) var layerOutputs: [[Float]] = []

    init(_ base: EagerOperations) { self.base = base }

    func embedding(_ tokens: [Int32], table: WeightMatrix) -> Activation { base.embedding(tokens, table: table) }
    func linear(_ x: Activation, _ projections: [Projection<WeightMatrix, WeightVector>]) -> [Activation] {
        base.linear(x, projections)
    }
    func rmsNorm(_ x: Activation, weight: WeightVector, epsilon: Float) -> Activation {
        // Two norms a layer; the one before the head sees only chosen rows and comes last.
        if normCount % 2 == 0 { layerInputs.append(Array(x.elements)) }
        normCount += 1
        return base.rmsNorm(x, weight: weight, epsilon: epsilon)
    }
    func layerNorm(_ x: Activation, weight: WeightVector, bias: WeightVector?, epsilon: Float) -> Activation {
        base.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    }
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
    func unitRows(_ x: Activation) -> Activation { base.unitRows(x) }
    func gatedLinear(
        gate: Activation, up: Activation, activation: GateActivation,
        _ projection: Projection<WeightMatrix, WeightVector>
    ) -> Activation {
        base.gatedLinear(gate: gate, up: up, activation: activation, projection)
    }
    func mixture(
        _ x: Activation, scores: Activation, countPerToken: Int, normalises: Bool,
        expert: (Int, Activation) -> Activation
    ) -> Activation {
        base.mixture(x, scores: scores, countPerToken: countPerToken, normalises: normalises, expert: expert)
    }
    func sigmoidScaled(_ x: Activation, by scores: Activation) -> Activation { base.sigmoidScaled(x, by: scores) }
    func add(_ x: Activation, _ y: Activation) -> Activation {
        let sum = base.add(x, y)
        if sumCount % 2 == 1 { layerOutputs.append(Array(sum.elements)) }
        sumCount += 1
        return sum
    }
    func rows(_ x: Activation, at indices: [Int]) -> Activation { base.rows(x, at: indices) }
}

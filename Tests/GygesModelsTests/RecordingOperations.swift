import GygesKernels
import GygesModels
import GygesTensors

/// The eager interpreter, noting what layers are given and what they make.
final class RecordingOperations: Operations {
    typealias Storage = Activation
    typealias Matrix = WeightMatrix
    typealias Vector = WeightVector
    typealias Cache = KeyValueBinding

    private let base: EagerOperations
    /// What each layer is given.
    private(set) var layerInputs: [[Float]] = []
    /// What each layer makes.
    private(set) var layerOutputs: [[Float]] = []

    init(_ base: EagerOperations) { self.base = base }

    func layer(_ index: Int, of x: consuming Value, _ body: @escaping (consuming Value) -> Value) -> Value {
        layerInputs.append(Array(x.elements))
        let y = body(x)
        layerOutputs.append(Array(y.elements))
        return y
    }

    func embedding(_ tokens: [Int32], table: Parameter<WeightMatrix>) -> Value { base.embedding(tokens, table: table) }
    func rows(_ x: borrowing Value, at indices: [Int]) -> Value { base.rows(x, at: indices) }
    func pooled(_ x: borrowing Value, over runs: [Range<Int>], by pooling: RowPooling) -> Value {
        base.pooled(x, over: runs, by: pooling)
    }
    func zeros(rows: Int, columns: Int) -> Value { base.zeros(rows: rows, columns: columns) }
    func linear(
        _ x: borrowing Value, normedBy norm: Normalization<WeightVector>?,
        _ projections: [Projection<WeightMatrix, WeightVector>]
    ) -> TensorList<Activation> {
        base.linear(x, normedBy: norm, projections)
    }
    func linear(
        _ x: borrowing Value, _ projection: Projection<WeightMatrix, WeightVector>, addedTo residual: consuming Value
    ) -> Value {
        base.linear(x, projection, addedTo: residual)
    }
    func gatedLinear(
        _ x: borrowing Value, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Value {
        base.gatedLinear(x, normedBy: norm, through: unit)
    }
    func gatedLinear(
        addedTo x: consuming Value, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Value {
        base.gatedLinear(addedTo: x, normedBy: norm, through: unit)
    }
    func attention(
        queries: consuming Value, keys: consuming Value, values: consuming Value, in batch: PackedBatch,
        cache: KeyValueBinding.Layer?, shape: AttentionShape, encoding: PositionEncoding?
    ) -> Value {
        base.attention(
            queries: queries, keys: keys, values: values, in: batch, cache: cache, shape: shape, encoding: encoding)
    }
    func bidirectionalAttention(
        queries: consuming Value, at rows: [Int]?, keys: consuming Value, values: consuming Value,
        in batch: PackedBatch, as attention: EncoderAttention
    ) -> Value {
        base.bidirectionalAttention(
            queries: queries, at: rows, keys: keys, values: values, in: batch, as: attention)
    }
    func normed(_ x: borrowing Value, by norm: Normalization<WeightVector>) -> Value { base.normed(x, by: norm) }
    func activated(_ x: consuming Value, _ function: ElementFunction) -> Value { base.activated(x, function) }
    func l2Normalized(_ x: consuming Value) -> Value { base.l2Normalized(x) }
    func sigmoidScaled(_ x: consuming Value, by scores: borrowing Value) -> Value {
        base.sigmoidScaled(x, by: scores)
    }
    func add(_ x: borrowing Value, to y: consuming Value) -> Value { base.add(x, to: y) }
    func route(_ scores: consuming Value, countPerToken: Int, normalises: Bool) -> Routing<Activation> {
        base.route(scores, countPerToken: countPerToken, normalises: normalises)
    }
    func scatter(
        _ part: borrowing Value, of expert: Int, by routing: borrowing Routing<Activation>, addedTo sum: consuming Value
    ) -> Value {
        base.scatter(part, of: expert, by: routing, addedTo: sum)
    }
}

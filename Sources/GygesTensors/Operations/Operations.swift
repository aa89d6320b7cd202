public import GygesKernels

/// The coarse operations that models are written in.
///
/// A model is one file written once against this protocol; an interpreter decides what happens. ``EagerOperations``
/// computes at once on the CPU with reused memory and quantised weights. An interpreter that records
/// vector-Jacobian products (training) or that drives another device fits the same protocol.
///
/// Activations are matrices `[rows, channels]`, one row a token of the ``PackedBatch`` being run.
public protocol Operations {
    /// An activation matrix `[rows, channels]`.
    associatedtype Value
    /// A weight matrix `[outputs, inputs]`.
    associatedtype Matrix
    /// A weight vector `[channels]`: a gain or a bias.
    associatedtype Vector

    /// Looks up rows of `table` `[vocabulary, channels]`, giving `[tokens.count, channels]`.
    func embedding(_ tokens: [Int32], table: Matrix) -> Value

    /// Multiplies `x` `[rows, inputs]`, normed if there is a norm, by the transpose of each projection's matrix and adds its
    /// bias.
    ///
    /// All projections that read the same input are asked for together, so that preparing it (the norm, quantisation) is
    /// shared.
    func linear(
        _ x: Value, normedBy norm: Normalization<Vector>?, _ projections: [Projection<Matrix, Vector>]
    ) -> [Value]

    /// `residual + linear(x, projection)`. The memory of `residual` may be used up.
    func linear(_ x: Value, _ projection: Projection<Matrix, Vector>, addedTo residual: Value) -> Value

    /// Each row of `x` normed.
    func normed(_ x: Value, by norm: Normalization<Vector>) -> Value

    /// Each element of `x` through a function. The memory of `x` may be used up.
    func activated(_ x: Value, _ function: ElementFunction) -> Value

    /// Causal grouped-query attention of `queries` `[rows, heads · d]` over the keys and values of their sequences: those
    /// given, `[rows, keyValueHeads · d]`, and those of earlier passes.
    ///
    /// Queries and keys come as projected: each head turns by the angles of its place (rotary position embedding, Su et
    /// al. 2021) as its sequence's encoding says, or `encoding` for sequences of the batch that bring none. Their memory
    /// may be used up.
    func attention(
        queries: Value, keys: Value, values: Value, layer: Int, shape: AttentionShape, encoding: PositionEncoding
    ) -> Value

    /// Attention within the batch's sequences in which every position sees both sides, over keys and values
    /// `[rows, heads · d]` of this pass alone.
    ///
    /// - Parameters:
    ///   - queries: As projected, `[rows, heads · d]`, one for each of the chosen rows.
    ///   - rows: The batch's rows that the queries belong to, ascending; `nil` for all.
    func bidirectionalAttention(
        queries: Value, at rows: [Int]?, keys: Value, values: Value, as attention: EncoderAttention
    ) -> Value

    /// One row for each run of rows of `x`: what they have in common, channel by channel; zeros for an empty run.
    func pooled(_ x: Value, over runs: [Range<Int>], by pooling: RowPooling) -> Value

    /// Each row of `x` divided by its length; rows of zeros stay. The memory of `x` may be used up.
    func l2Normalized(_ x: Value) -> Value

    /// A gated linear unit (Shazeer 2020): `down(activation(gate(x)) · up(x))`, where `x` is normed first if there is a norm,
    /// and the result added to `residual` if there is one. The memory of `residual`, which may be `x`, may be used up.
    func gatedLinear(
        _ x: Value, normedBy norm: Normalization<Vector>?, through unit: GatedUnit<Matrix, Vector>,
        addedTo residual: Value?
    ) -> Value

    /// A mixture of experts: gives each row of `x` to the `countPerToken` experts with the highest softmax of its
    /// `scores` `[rows, experts]` and adds up what they make of it, weighted by those probabilities (divided by their
    /// sum if `normalises`).
    ///
    /// Each expert is called once, with all the rows that chose it; rows that chose the same experts add in the same
    /// order, whatever other rows there are.
    func mixture(
        _ x: Value, scores: Value, countPerToken: Int, normalises: Bool, expert: (_ index: Int, _ rows: Value) -> Value
    ) -> Value

    /// Each row of `x` times the sigmoid of its score in `scores` `[rows, 1]`.
    func sigmoidScaled(_ x: Value, by scores: Value) -> Value

    /// The sum of two activations of the same shape.
    func add(_ x: Value, _ y: Value) -> Value

    /// The rows `indices` of `x`, in that order.
    func rows(_ x: Value, at indices: [Int]) -> Value
}

extension Operations {
    /// One projection of `x`; see ``linear(_:normedBy:_:)``.
    public func linear(
        _ x: Value, normedBy norm: Normalization<Vector>? = nil, _ projection: Projection<Matrix, Vector>
    ) -> Value {
        linear(x, normedBy: norm, [projection])[0]
    }
}

/// How rows are normed.
public enum Normalization<Vector> {
    /// `x / √(mean(x²) + ε) · weight` (Zhang & Sennrich 2019).
    case rootMeanSquare(weight: Vector, epsilon: Float)
    /// `(x - mean(x)) / √(variance(x) + ε) · weight + bias` (Ba et al. 2016).
    case layer(weight: Vector, bias: Vector?, epsilon: Float)
}

extension Normalization: Sendable where Vector: Sendable {}

/// The parameters of a gated linear unit.
public struct GatedUnit<Matrix, Vector> {
    /// The half that is activated, `[intermediate, hidden]`.
    public var gate: Projection<Matrix, Vector>
    /// `[intermediate, hidden]`
    public var up: Projection<Matrix, Vector>
    /// `[hidden, intermediate]`
    public var down: Projection<Matrix, Vector>
    /// What the gate goes through.
    public var activation: GateActivation

    /// Puts a unit together.
    public init(
        gate: Projection<Matrix, Vector>, up: Projection<Matrix, Vector>, down: Projection<Matrix, Vector>,
        activation: GateActivation
    ) {
        self.gate = gate
        self.up = up
        self.down = down
        self.activation = activation
    }
}

extension GatedUnit: Sendable where Matrix: Sendable, Vector: Sendable {}

/// A weight matrix and, where the model has one, its bias.
public struct Projection<Matrix, Vector> {
    /// The weights `[outputs, inputs]`.
    public var weight: Matrix
    /// The bias `[outputs]`.
    public var bias: Vector?

    /// Creates a projection.
    public init(weight: Matrix, bias: Vector? = nil) {
        self.weight = weight
        self.bias = bias
    }
}

extension Projection: Sendable where Matrix: Sendable, Vector: Sendable {}

/// How an encoder's layer attends: heads, how far each position sees, and how positions turn queries and keys.
public struct EncoderAttention: Sendable {
    /// The number of heads, of queries and of keys.
    public var headCount: Int
    /// Position `i` sees `j` where `|i - j| ≤ windowRadius`; `nil` sees all of its sequence.
    public var windowRadius: Int?
    /// The angles by which queries and keys turn; its halves layout.
    public var table: RotaryTable
    /// What is computed in.
    public var precision: AttentionPrecision

    /// Describes a layer; a head has `table.headDimension` channels, all of which turn.
    public init(headCount: Int, windowRadius: Int?, table: RotaryTable, precision: AttentionPrecision) {
        self.headCount = headCount
        self.windowRadius = windowRadius
        self.table = table
        self.precision = precision
    }
}

/// What each element of an activation may go through.
public enum ElementFunction: Sendable, Equatable {
    /// `z · Φ(z)` with the exact error function.
    case gelu
    /// `z · sigmoid(z)`
    case silu
    /// `tanh(z)`
    case tanh
}

/// How rows become one.
public enum RowPooling: Sendable, Equatable {
    /// The mean, summed in the rows' order.
    case mean
    /// The largest.
    case maximum
}

/// The head structure of a decoder's attention layer.
public struct AttentionShape: Sendable, Equatable {
    /// The number of query heads.
    public var headCount: Int
    /// The number of key-value heads; divides ``headCount``.
    public var keyValueHeadCount: Int
    /// Channels a head.
    public var headDimension: Int

    /// Creates the shape; scores are scaled by `1/√headDimension`.
    public init(headCount: Int, keyValueHeadCount: Int, headDimension: Int) {
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headDimension = headDimension
    }

    /// What scores are multiplied by before the softmax.
    public var scale: Float { 1 / Float(headDimension).squareRoot() }
}

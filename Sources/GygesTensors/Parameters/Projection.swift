public import GygesKernels

/// A linear map: `y = W x + b + s · B (A x)`, added up in that order.
public struct Projection<Matrix, Vector> {
    /// `W`, the weights `[outputs, inputs]`.
    public var weight: Parameter<Matrix>
    /// `b`, the bias `[outputs]`.
    public var bias: Parameter<Vector>?
    /// `A`, `B` and `s`: what low-rank adaptation adds.
    public var adapter: LowRankAdapter<Matrix>?

    /// Puts a projection together.
    public init(
        weight: Parameter<Matrix>, bias: Parameter<Vector>? = nil, adapter: LowRankAdapter<Matrix>? = nil
    ) {
        self.weight = weight
        self.bias = bias
        self.adapter = adapter
    }
}

extension Projection: Sendable where Matrix: Sendable, Vector: Sendable {}

/// What low-rank adaptation adds to a projection whose own weights stay as they are (Hu et al. 2021,
/// https://arxiv.org/abs/2106.09685).
public struct LowRankAdapter<Matrix> {
    /// `A` `[rank, inputs]`
    public var a: Parameter<Matrix>
    /// `B` `[outputs, rank]`
    public var b: Parameter<Matrix>
    /// What `B (A x)` is multiplied by: `alpha / rank`, or `alpha / √rank` for rsLoRA.
    public var scale: Float

    /// Puts an adapter together.
    public init(a: Parameter<Matrix>, b: Parameter<Matrix>, scale: Float) {
        self.a = a
        self.b = b
        self.scale = scale
    }
}

extension LowRankAdapter: Sendable where Matrix: Sendable {}

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

public import GygesKernels

/// Where a model's parameters come from: a file, random numbers, another model.
public protocol ParameterSource<Matrix, Vector> {
    /// What matrices are kept in.
    associatedtype Matrix
    /// What vectors are kept in.
    associatedtype Vector
    /// Why a parameter cannot be had; `Never` where all can.
    associatedtype Failure: Error

    /// A matrix `[shape.rows, shape.columns]`, asked for once for each path.
    func matrix(_ path: ParameterPath, _ shape: MatrixShape) throws(Failure) -> Matrix

    /// A vector `[shape.count]`, asked for once for each path.
    func vector(_ path: ParameterPath, _ shape: VectorShape) throws(Failure) -> Vector
}

/// The shape of a matrix: what an outline of a model holds in a matrix's place.
public struct MatrixShape: Sendable, Hashable {
    /// The number of outputs, or of table rows.
    public var rows: Int
    /// The number of inputs, or of channels.
    public var columns: Int

    /// Creates the shape `[rows, columns]`.
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

/// The shape of a vector: what an outline of a model holds in a vector's place.
public struct VectorShape: Sendable, Hashable {
    /// The number of elements.
    public var count: Int

    /// Creates the shape `[count]`.
    public init(count: Int) { self.count = count }
}

extension Projection where Matrix == MatrixShape, Vector == VectorShape {
    /// The outline of a projection at `path`: `path.weight` and, if there is one, `path.bias`.
    public init(at path: ParameterPath, outputs: Int, inputs: Int, hasBias: Bool) {
        self.init(
            weight: Parameter(path / "weight", MatrixShape(rows: outputs, columns: inputs)),
            bias: hasBias ? Parameter(path / "bias", VectorShape(count: outputs)) : nil)
    }
}

extension GatedUnit where Matrix == MatrixShape, Vector == VectorShape {
    /// The outline of a gated unit at `path`: the projections `path.gate`, `path.up` and `path.down`.
    public init(at path: ParameterPath, hidden: Int, intermediate: Int, hasBias: Bool, activation: GateActivation) {
        self.init(
            gate: Projection(at: path / "gate", outputs: intermediate, inputs: hidden, hasBias: hasBias),
            up: Projection(at: path / "up", outputs: intermediate, inputs: hidden, hasBias: hasBias),
            down: Projection(at: path / "down", outputs: hidden, inputs: intermediate, hasBias: hasBias),
            activation: activation)
    }
}

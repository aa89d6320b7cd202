import GygesCheckpoints
public import GygesTensors

/// A linear layer after an encoder (sentence-transformers and PyLate, `Dense`).
public struct DenseLayer<Matrix, Vector> {
    /// `[outputs, inputs]`
    public var projection: Projection<Matrix, Vector>
    /// What follows; `nil` for nothing.
    public var activation: ElementFunction?
    /// What is added.
    public var residual: Residual

    /// What is added to the layer's result.
    public enum Residual {
        case none
        /// The input.
        case input
        /// The input through a matrix `[outputs, inputs]`.
        case projected(Projection<Matrix, Vector>)
    }

    /// `[rows, outputs]` for `x` `[rows, inputs]`.
    public func callAsFunction<O: Operations>(_ x: borrowing O.Value, on operations: O) -> O.Value
    where O.Matrix == Matrix, O.Vector == Vector {
        var y = operations.linear(x, projection)
        if let activation { y = operations.activated(y, activation) }
        switch residual {
        case .none: return y
        case .input: return operations.add(x, to: y)
        case .projected(let matrix): return operations.add(operations.linear(x, matrix), to: y)
        }
    }
}

extension DenseLayer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DenseLayer.Residual: Sendable where Matrix: Sendable, Vector: Sendable {}

extension DenseLayer {
    func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> DenseLayer<NewMatrix, NewVector> {
        let projection = try mapping.projection(projection)
        let newResidual: DenseLayer<NewMatrix, NewVector>.Residual
        switch residual {
        case .none: newResidual = .none
        case .input: newResidual = .input
        case .projected(let matrix): newResidual = .projected(try mapping.projection(matrix))
        }
        return DenseLayer<NewMatrix, NewVector>(
            projection: projection, activation: activation, residual: newResidual)
    }

    mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        try body(&projection)
        guard case .projected(var matrix) = residual else { return }
        try body(&matrix)
        residual = .projected(matrix)
    }
}

extension DenseLayer where Matrix == MatrixShape, Vector == VectorShape {
    /// The outline of a layer at `path`.
    init(_ layer: EmbeddingConfiguration.Dense, at path: ParameterPath) {
        projection = Projection(at: path, outputs: layer.outputs, inputs: layer.inputs, hasBias: layer.hasBias)
        activation = layer.activation.map { ElementFunction($0) }
        residual = layer.isResidual ? .input : .none
        if layer.isResidual, layer.inputs != layer.outputs {
            residual = .projected(
                Projection(at: path / "residual", outputs: layer.outputs, inputs: layer.inputs, hasBias: false))
        }
    }
}

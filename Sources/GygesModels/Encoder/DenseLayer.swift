import GygesCheckpoints
import GygesFiles
import GygesKernels
public import GygesTensors

/// A linear layer after an encoder (sentence-transformers and PyLate, `Dense`).
public struct DenseLayer<Matrix, Vector> {
    /// `[outputs, inputs]`
    public var projection: Projection<Matrix, Vector>
    /// Whether the hyperbolic tangent follows.
    public var appliesTanh: Bool
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
        if appliesTanh { y = operations.activated(y, .tanh) }
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
    /// The same parameters in another form, under the same paths.
    ///
    /// - Throws: What `matrix` and `vector` throw, at once.
    public func map<NewMatrix, NewVector, Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> NewMatrix,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> NewVector
    ) throws(Failure) -> DenseLayer<NewMatrix, NewVector> {
        let mapping = ParameterMapping(matrix: matrix, vector: vector)
        let projection = try mapping.projection(projection)
        let newResidual: DenseLayer<NewMatrix, NewVector>.Residual
        switch residual {
        case .none: newResidual = .none
        case .input: newResidual = .input
        case .projected(let matrix): newResidual = .projected(try mapping.projection(matrix))
        }
        return DenseLayer<NewMatrix, NewVector>(
            projection: projection, appliesTanh: appliesTanh, residual: newResidual)
    }
}

extension DenseLayer: ParameterTree {
    /// Visits every parameter once, in the order of a pass; see ``ParameterTree``.
    public func forEachParameter<Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> Void,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        _ = try map(matrix: matrix, vector: vector)
    }

    /// Changes every projection, in the order of a pass; see ``ParameterTree``.
    public mutating func modifyProjections<Failure: Error>(
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
        appliesTanh = layer.appliesTanh
        residual = layer.isResidual ? .input : .none
        if layer.isResidual, layer.inputs != layer.outputs {
            residual = .projected(
                Projection(at: path / "residual", outputs: layer.outputs, inputs: layer.inputs, hasBias: false))
        }
    }
}

extension DenseLayer where Matrix == WeightMatrix, Vector == WeightVector {
    /// Reads the layer's own folder.
    init(
        _ layer: EmbeddingConfiguration.Dense, at path: ParameterPath, in folder: ModelFolder,
        precision: MatmulPrecision, team: ThreadTeam
    ) throws(FileError) {
        let file = folder.path(of: layer.folder) + "/model.safetensors"
        let source = TensorSource(safetensors: [try SafetensorsFile(path: file)], path: file)
        let outline = DenseLayer<MatrixShape, VectorShape>(layer, at: path)
        var parameters = FileParameters(source: source, precision: precision, packing: Packing(), team: team) { name in
            let kind = name.components.last.map(String.init) ?? ""
            return TensorPlace(name.components.contains("residual") ? "residual.\(kind)" : "linear.\(kind)")
        }
        try parameters.load(outline, ignoring: [], of: layer.folder)
        let loaded = parameters
        self = try outline.map(
            matrix: { (parameter) throws(FileError) in try loaded.matrix(parameter.path, parameter.value) },
            vector: { (parameter) throws(FileError) in try loaded.vector(parameter.path, parameter.value) })
    }
}

public import GygesCheckpoints
import GygesFiles
import GygesKernels
public import GygesTensors

/// Something that is done to rows behind an encoder: a module of a sentence-transformers folder with its parameters.
public enum VectorStep<Matrix, Vector> {
    /// A text's rows become one: what the poolings make, side by side.
    case pooling([EmbeddingConfiguration.Pooling])
    /// A linear layer.
    case dense(DenseLayer<Matrix, Vector>)
    /// A layer norm.
    case norm(weight: Parameter<Vector>, bias: Parameter<Vector>)
    /// Each row is scaled to length 1.
    case normalize

    /// The rows after the step; pooling, which needs to know the rows of each text, is left to the caller and changes nothing.
    public func callAsFunction<O: Operations>(_ x: consuming O.Value, on operations: O) -> O.Value
    where O.Matrix == Matrix, O.Vector == Vector {
        switch self {
        case .pooling: return x
        case .dense(let layer): return layer(x, on: operations)
        // torch's LayerNorm with its usual epsilon, the only one that the module has.
        case .norm(let weight, let bias):
            return operations.normed(x, by: .layer(weight: weight, bias: bias, epsilon: 1e-5))
        case .normalize: return operations.l2Normalized(x)
        }
    }

    /// Whether a text's rows become one here.
    public var isPooling: Bool { if case .pooling = self { true } else { false } }
}

extension VectorStep: Sendable where Matrix: Sendable, Vector: Sendable {}

extension VectorStep: ParameterTree {
    /// The same parameters in another form, under the same paths.
    ///
    /// - Throws: What `matrix` and `vector` throw, at once.
    public func map<NewMatrix, NewVector, Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> NewMatrix,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> NewVector
    ) throws(Failure) -> VectorStep<NewMatrix, NewVector> {
        let mapping = ParameterMapping(matrix: matrix, vector: vector)
        switch self {
        case .pooling(let modes): return .pooling(modes)
        case .dense(let layer): return .dense(try layer.map(by: mapping))
        case .norm(let weight, let bias):
            let newWeight: Parameter<NewVector> = try mapping.vector(weight)
            return .norm(weight: newWeight, bias: try mapping.vector(bias))
        case .normalize: return .normalize
        }
    }

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
        guard case .dense(var layer) = self else { return }
        try layer.modifyProjections(body)
        self = .dense(layer)
    }
}

extension VectorStep where Matrix == MatrixShape, Vector == VectorShape {
    /// The outline of a step at `path`.
    init(_ step: EmbeddingConfiguration.Step, at path: ParameterPath) {
        switch step {
        case .pooling(let modes): self = .pooling(modes)
        case .dense(let dense): self = .dense(DenseLayer(dense, at: path))
        case .norm(_, let width):
            self = .norm(
                weight: Parameter(path / "weight", VectorShape(count: width)),
                bias: Parameter(path / "bias", VectorShape(count: width)))
        case .normalize: self = .normalize
        }
    }
}

extension VectorStep where Matrix == WeightMatrix, Vector == WeightVector {
    /// Reads a step's own folder, if it has one.
    ///
    /// - Throws: ``FileError`` that tells of everything wrong with its tensors.
    init(
        _ step: EmbeddingConfiguration.Step, at path: ParameterPath, in folder: ModelFolder,
        precision: MatmulPrecision, team: ThreadTeam
    ) throws(FileError) {
        let outline = VectorStep<MatrixShape, VectorShape>(step, at: path)
        let (own, prefix): (String, String)
        switch step {
        case .pooling(let modes):
            self = .pooling(modes)
            return
        case .normalize:
            self = .normalize
            return
        case .dense(let dense): (own, prefix) = (dense.folder, "linear")
        case .norm(let name, _): (own, prefix) = (name, "norm")
        }
        let file = folder.path(of: own) + "/model.safetensors"
        let source = TensorSource(safetensors: [try SafetensorsFile(path: file)], path: file)
        var parameters = FileParameters(source: source, precision: precision, packing: Packing(), team: team) { name in
            let kind = name.components.last.map(String.init) ?? ""
            return TensorPlace((name.components.contains("residual") ? "residual." : prefix + ".") + kind)
        }
        try parameters.load(outline, ignoring: [], of: own)
        let loaded = parameters
        self = try outline.map(
            matrix: { (parameter) throws(FileError) in try loaded.matrix(parameter.path, parameter.value) },
            vector: { (parameter) throws(FileError) in try loaded.vector(parameter.path, parameter.value) })
    }
}

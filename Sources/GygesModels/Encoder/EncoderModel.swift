public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesTensors

/// An encoder with its parameters in memory, ready to run.
public struct EncoderModel: Sendable {
    /// The architecture.
    public let encoder: Encoder
    /// The parameters.
    public let weights: EncoderWeights<WeightMatrix, WeightVector>
    /// How hidden states become vectors for search; `nil` if the folder does not say.
    public let embedding: EmbeddingConfiguration?
    /// The layers that such vectors go through, in order.
    public let dense: [DenseLayer<WeightMatrix, WeightVector>]

    /// Loads the encoder of a Hugging Face folder: safetensors, single or sharded, and a sentence-transformers folder's
    /// further layers. Weights stay mapped; products read a packed copy.
    ///
    /// - Parameters:
    ///   - loadsHead: Whether the head that the folder offers is wanted too.
    ///   - panelFolder: Where packed copies are kept between runs, about as large as the model; `nil` packs anew.
    ///     A folder that cannot be used only costs time.
    /// - Throws: ``FileError`` if the folder's model is no encoder, or tensors and configuration disagree (all
    ///   disagreements at once).
    public init(
        folder: ModelFolder, precision: ProductPrecision = .fast, loadsHead: Bool = true, panelFolder: String? = nil,
        team: ThreadTeam
    ) throws(FileError) {
        let configuration = try folder.encoderConfiguration()
        embedding = try folder.embeddingConfiguration(hiddenSize: configuration.hiddenSize)
        encoder = try Encoder(
            configuration: configuration, attentionPrecision: AttentionPrecision(precision),
            path: folder.path(of: "config.json"))
        var loader = EncoderWeightsLoader(
            source: try TensorSource(folder: folder), configuration: configuration, loadsHead: loadsHead,
            precision: precision, panelFolder: panelFolder, team: team)
        weights = try loader.load()
        var dense: [DenseLayer<WeightMatrix, WeightVector>] = []
        for layer in embedding?.dense ?? [] {
            dense.append(try DenseLayer(layer, in: folder, precision: precision, team: team))
        }
        self.dense = dense
    }
}

extension AttentionPrecision {
    /// What attention computes in beside products of a precision.
    public init(_ precision: ProductPrecision) {
        switch precision {
        case .fast, .exact: self = .float32
        case .bfloat16, .int8: self = .bfloat16
        }
    }
}

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
    public func callAsFunction<O: Operations>(_ x: O.Value, on operations: O) -> O.Value
    where O.Matrix == Matrix, O.Vector == Vector {
        var y = operations.linear(x, projection)
        if appliesTanh { y = operations.activated(y, .tanh) }
        switch residual {
        case .none: return y
        case .input: return operations.add(x, y)
        case .projected(let matrix): return operations.add(operations.linear(x, matrix), y)
        }
    }
}

extension DenseLayer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DenseLayer.Residual: Sendable where Matrix: Sendable, Vector: Sendable {}

extension DenseLayer where Matrix == WeightMatrix, Vector == WeightVector {
    /// Reads the layer's own folder.
    init(
        _ layer: EmbeddingConfiguration.Dense, in folder: ModelFolder, precision: ProductPrecision, team: ThreadTeam
    ) throws(FileError) {
        let path = folder.path(of: layer.folder) + "/model.safetensors"
        let source = TensorSource(safetensors: [try SafetensorsFile(path: path)], path: path)
        var reader = WeightsReader(source: source, precision: precision, panelFolder: nil, team: team)
        reader.expect("linear.weight", [layer.outputs, layer.inputs])
        if layer.hasBias { reader.expect("linear.bias", [layer.outputs]) }
        let isProjected = layer.isResidual && layer.inputs != layer.outputs
        if isProjected { reader.expect("residual.weight", [layer.outputs, layer.inputs]) }
        try reader.finish(ignoring: [], of: layer.folder)
        reader.pack(["linear.weight"] + (isProjected ? ["residual.weight"] : []))
        projection = reader.projection("linear")
        appliesTanh = layer.appliesTanh
        residual = isProjected ? .projected(reader.projection("residual")) : layer.isResidual ? .input : .none
    }
}

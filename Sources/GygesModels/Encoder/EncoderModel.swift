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
    /// What its products are computed in.
    public let precision: MatmulPrecision
    /// How hidden states become vectors for search; `nil` if the folder does not say.
    public let embedding: EmbeddingConfiguration?
    /// The layers that such vectors go through, in order.
    public let dense: [DenseLayer<WeightMatrix, WeightVector>]

    /// Loads the encoder of a Hugging Face folder: safetensors, single or sharded, and a sentence-transformers folder's
    /// further layers. Weights stay mapped; products read a packed copy.
    ///
    /// - Parameters:
    ///   - loadsHead: Whether the head that the folder offers is wanted too.
    ///   - packing: Where packed copies are kept between runs, and who hears how far loading is.
    /// - Throws: ``FileError`` if the folder's model is no encoder, or tensors and configuration disagree (all
    ///   disagreements at once).
    public init(
        folder: ModelFolder, precision: MatmulPrecision = .fast, loadsHead: Bool = true, packing: Packing = .init(),
        team: ThreadTeam
    ) throws(FileError) {
        let configuration = try folder.encoderConfiguration()
        embedding = try folder.embeddingConfiguration(hiddenSize: configuration.hiddenSize)
        encoder = try Encoder(configuration: configuration, path: folder.path(of: "config.json"))
        self.precision = precision
        weights = try EncoderWeights(
            configuration, hasHead: loadsHead, source: try TensorSource(folder: folder), precision: precision,
            packing: packing, team: team)
        var dense: [DenseLayer<WeightMatrix, WeightVector>] = []
        for (index, layer) in (embedding?.dense ?? []).enumerated() {
            dense.append(
                try DenseLayer(layer, at: ParameterPath("dense") / index, in: folder, precision: precision, team: team))
        }
        self.dense = dense
    }
}

extension AttentionPrecision {
    /// What attention computes in beside products of a precision.
    public init(_ precision: MatmulPrecision) {
        switch precision {
        case .fast, .exact: self = .float32
        case .bfloat16, .int8: self = .bfloat16
        }
    }
}

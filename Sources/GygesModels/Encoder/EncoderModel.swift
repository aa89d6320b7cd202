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

    /// Loads the encoder of a Hugging Face folder: safetensors, single or sharded. Weights stay mapped; products read a packed
    /// copy.
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
        encoder = try Encoder(configuration: configuration, path: folder.path(of: "config.json"))
        weights = try EncoderWeights(
            configuration, hasHead: loadsHead, source: try TensorSource(folder: folder), precision: precision,
            packing: packing, team: team)
    }

    private init(encoder: Encoder, weights: EncoderWeights<WeightMatrix, WeightVector>) {
        self.encoder = encoder
        self.weights = weights
    }

    /// The model with an adapter, whose parameters it shares but for those that the adapter stands for.
    ///
    /// - Parameter precision: What parameters that stand for the model's own are computed in.
    /// - Complexity: O(size of the adapter).
    public func adapted(by adapter: ModelAdapter, precision: MatmulPrecision, team: ThreadTeam) -> EncoderModel {
        EncoderModel(
            encoder: encoder, weights: weights.adapted(by: adapter, in: .packed(precision, team: team)))
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

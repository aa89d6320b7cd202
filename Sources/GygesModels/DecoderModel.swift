public import GygesFiles
public import GygesKernels
public import GygesTensors

/// A decoder with its parameters in memory, ready to run.
public struct DecoderModel: Sendable {
    /// The architecture.
    public let decoder: Decoder
    /// The parameters.
    public let weights: DecoderWeights<WeightMatrix, WeightVector>

    /// Loads the decoder of a GGUF file. Weights stay mapped; products read a packed copy.
    ///
    /// - Throws: ``FileError`` if the file is damaged, its architecture is not Qwen2's or Llama's, or tensors and
    ///   configuration disagree (all disagreements at once).
    public init(gguf file: GGUFFile, precision: ProductPrecision = .fast, team: ThreadTeam) throws(FileError) {
        let configuration = try CausalModelConfiguration(gguf: file)
        let source = TensorSource(gguf: file)
        // Llama's converter permutes query and key rows so that neighbouring channels pair up.
        let layout: RotaryLayout = configuration.architecture == .llama ? .pairs : .halves
        try self.init(configuration, source: source, layout: layout, precision: precision, team: team)
    }

    /// Loads the decoder of a Hugging Face folder (safetensors, single or sharded).
    ///
    /// - Throws: As ``init(gguf:precision:team:)``.
    public init(folder: ModelFolder, precision: ProductPrecision = .fast, team: ThreadTeam) throws(FileError) {
        let configuration = try folder.causalModelConfiguration()
        let source = try TensorSource(folder: folder)
        try self.init(configuration, source: source, layout: .halves, precision: precision, team: team)
    }

    private init(
        _ configuration: CausalModelConfiguration, source: TensorSource, layout: RotaryLayout,
        precision: ProductPrecision, team: ThreadTeam
    ) throws(FileError) {
        let divisors = try source.rotaryDivisors(count: configuration.rotaryDimension / 2, team: team)
        let frequencies = try configuration.rotaryFrequencies(path: source.path, divisors: divisors)
        decoder = Decoder(
            configuration: configuration,
            rotary: RotaryTable(
                frequencies: frequencies, headDimension: configuration.headDimension, layout: layout))
        var loader = DecoderWeightsLoader(
            source: source, configuration: configuration, precision: precision, team: team)
        weights = try loader.load()
    }
}

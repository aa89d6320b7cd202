public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesTensors

/// A decoder with its parameters in memory, ready to run.
public struct DecoderModel: Sendable {
    /// The architecture.
    public let decoder: Decoder
    /// The parameters.
    public let weights: DecoderWeights<WeightMatrix, WeightVector>
    /// What users should know of how the files were read, a sentence each; usually nothing.
    public let notes: [String]

    /// A decoder whose parameters were made elsewhere, by training say.
    public init(_ decoder: Decoder, weights: DecoderWeights<WeightMatrix, WeightVector>) {
        self.decoder = decoder
        self.weights = weights
        notes = []
    }

    /// Loads the decoder of a GGUF file. Weights stay mapped; products read a packed copy.
    ///
    /// - Parameter packing: Where packed copies are kept between runs, and who hears how far loading is.
    /// - Throws: ``FileError`` if the file is damaged, its architecture is not one that Gyges runs, or tensors and
    ///   configuration disagree (all disagreements at once).
    public init(
        gguf file: GGUFFile, precision: MatmulPrecision = .fast, packing: Packing = .init(), team: ThreadTeam
    ) throws(FileError) {
        let configuration = try CausalModelConfiguration(gguf: file)
        let source = TensorSource(gguf: file)
        let layout: RotaryLayout = configuration.architecture.pairsNeighboursInGGUF ? .pairs : .halves
        try self.init(
            configuration, source: source, layout: layout, precision: precision, packing: packing, team: team)
    }

    /// Loads the decoder of a Hugging Face folder (safetensors, single or sharded).
    ///
    /// - Throws: As ``init(gguf:precision:packing:team:)``.
    public init(
        folder: ModelFolder, precision: MatmulPrecision = .fast, packing: Packing = .init(), team: ThreadTeam
    ) throws(FileError) {
        let configuration = try folder.causalModelConfiguration()
        let source = try TensorSource(folder: folder)
        try self.init(
            configuration, source: source, layout: .halves, precision: precision, packing: packing, team: team)
    }

    private init(
        _ configuration: CausalModelConfiguration, source: TensorSource, layout: RotaryLayout,
        precision: MatmulPrecision, packing: Packing, team: ThreadTeam
    ) throws(FileError) {
        let head = source.head(of: configuration, team: team)
        var configuration = configuration
        configuration.tiesEmbeddings = head.isTied
        notes = head.note.map { [$0] } ?? []
        let divisors = try source.rotaryDivisors(count: configuration.rotaryDimension / 2, team: team)
        let frequencies = try configuration.rotaryFrequencies(path: source.path, divisors: divisors)
        decoder = Decoder(configuration: configuration, frequencies: frequencies, layout: layout)
        weights = try DecoderWeights(
            configuration, head: head, source: source, precision: precision, packing: packing, team: team)
    }
}

extension DecoderModel {
    /// The model with an adapter, whose parameters it shares but for those that the adapter stands for.
    ///
    /// - Parameter precision: What parameters that stand for the model's own are computed in.
    /// - Complexity: O(size of the adapter).
    public func adapted(by adapter: ModelAdapter, precision: MatmulPrecision, team: ThreadTeam) -> DecoderModel {
        var decoder = decoder
        if adapter.unties {
            var configuration = decoder.configuration
            configuration.tiesEmbeddings = false
            decoder = Decoder(
                configuration: configuration, frequencies: decoder.frequencies, layout: decoder.encoding.table.layout)
        }
        return DecoderModel(
            decoder: decoder, weights: weights.adapted(by: adapter, in: .packed(precision, team: team)), notes: notes)
    }

    private init(decoder: Decoder, weights: DecoderWeights<WeightMatrix, WeightVector>, notes: [String]) {
        self.decoder = decoder
        self.weights = weights
        self.notes = notes
    }

    /// The packed matrices that the forward pass of one row reads from end to end, the head included.
    private var matrices: [PackedMatrix] {
        let layers = weights.layers.flatMap { layer in
            [layer.query, layer.key, layer.value, layer.output] + layer.feedForward.projectionsPerRow
        }
        return (layers + [weights.head]).compactMap(\.weight.value.packed)
    }

    /// The bytes of weights that a pass of one row reads: the traffic that bounds decoding. More rows read the same again,
    /// except that they choose more of a mixture's experts.
    public var streamedByteCount: Int { matrices.reduce(0) { $0 + $1.byteCount } }

    /// The multiplications of weights that a row of a prompt takes, without the head's, which prompts need once.
    public var productsPerRow: Int {
        let head = weights.head.weight.value
        return matrices.reduce(0) { $0 + $1.rows * $1.columns } - head.rows * head.columns
    }
}

extension GatedUnit {
    fileprivate var projections: [Projection<Matrix, Vector>] { [gate, up, down] }
}

extension DecoderWeights.FeedForward {
    /// What one row is multiplied by; of a mixture's experts, which are alike, as many as a row chooses.
    fileprivate var projectionsPerRow: [Projection<Matrix, Vector>] {
        switch self {
        case .dense(let unit): unit.projections
        case .experts(let mixture):
            [mixture.router] + (mixture.shared.map { [$0.gate] + $0.unit.projections } ?? [])
                + mixture.experts.prefix(mixture.countPerToken).flatMap(\.projections)
        }
    }
}

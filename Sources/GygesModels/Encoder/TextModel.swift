public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesTensors

/// What reads texts and makes vectors, scores or labels of them: an encoder, a decoder that was trained to embed, or a table of
/// tokens, with the modules behind it.
public struct TextModel: Sendable {
    /// What reads the tokens.
    public enum Backbone: Sendable {
        case encoder(EncoderModel)
        case decoder(DecoderModel)
        /// `[tokens, channels]`, of which rows are looked up.
        case table(Parameter<WeightMatrix>)
    }

    /// What reads the tokens.
    public private(set) var backbone: Backbone
    /// Its shape.
    public let configuration: TextModelConfiguration
    /// What its products are computed in.
    public let precision: MatmulPrecision
    /// How hidden states become vectors or scores; `nil` if the folder does not say.
    public let embedding: EmbeddingConfiguration?
    /// What is done to hidden states for that, in order; the mean of a text's rows if the folder does not say.
    public let steps: [VectorStep<WeightMatrix, WeightVector>]

    /// Loads the model of a Hugging Face folder, and a sentence-transformers folder's further modules.
    ///
    /// - Parameters:
    ///   - loadsHead: Whether the head that the folder offers is wanted too.
    ///   - packing: Where packed copies are kept between runs, and who hears how far loading is.
    /// - Throws: ``FileError`` if the folder's model reads no texts, or files disagree (all disagreements at once).
    public init(
        folder: ModelFolder, precision: MatmulPrecision = .fast, loadsHead: Bool = true, packing: Packing = .init(),
        team: ThreadTeam
    ) throws(FileError) {
        configuration = try folder.textModelConfiguration()
        embedding = try folder.embeddingConfiguration(of: configuration)
        self.precision = precision
        let reader = try folder.tokenReader()
        switch configuration {
        case .encoder:
            backbone = .encoder(
                try EncoderModel(
                    folder: reader, precision: precision, loadsHead: loadsHead, packing: packing, team: team))
        case .decoder:
            backbone = .decoder(
                try DecoderModel(folder: reader, precision: precision, packing: packing, team: team))
        case .table(let table):
            let file = try SafetensorsFile(path: reader.path(of: "model.safetensors"))
            backbone = .table(Parameter(ParameterPath("embedding.weight"), try table.weights(in: file, team: team)))
        }
        var steps: [VectorStep<WeightMatrix, WeightVector>] = []
        for (index, step) in (embedding?.steps ?? [.pooling([.mean])]).enumerated() {
            steps.append(
                try VectorStep(step, at: ParameterPath("steps") / index, in: folder, precision: precision, team: team))
        }
        self.steps = steps
    }

    /// The linear layers that adapters may stand beside.
    ///
    /// - Parameter path: The model's folder, for messages.
    /// - Throws: ``FileError`` for a table of tokens, which has none.
    public func modules(path: String) throws(FileError) -> ModelModules {
        switch backbone {
        case .encoder(let model):
            return ModelModules(model.encoder.configuration, hasHead: model.weights.head != nil)
        case .decoder(let model): return ModelModules(model.decoder)
        case .table:
            throw FileError(
                path, "is a table of tokens, which has no linear layers for adapters",
                remedy: "Use the model without --adapter.")
        }
    }

    /// The model with an adapter, whose parameters it shares but for those that the adapter stands for. Steps behind what reads the
    /// tokens have none.
    public func adapted(by adapter: ModelAdapter, team: ThreadTeam) -> TextModel {
        var model = self
        switch backbone {
        case .encoder(let encoder):
            model.backbone = .encoder(encoder.adapted(by: adapter, precision: precision, team: team))
        case .decoder(let decoder):
            model.backbone = .decoder(decoder.adapted(by: adapter, precision: precision, team: team))
        case .table: break
        }
        return model
    }

    /// The encoder; `nil` for others.
    public var encoder: EncoderModel? { if case .encoder(let model) = backbone { model } else { nil } }

    /// The final hidden states of a batch of whole texts, normed; a table's are its rows.
    ///
    /// - Parameter rows: The rows of the batch that are wanted, ascending; `nil` for all.
    /// - Returns: `[rows.count, hidden]`
    public func hiddenStates(
        of batch: PackedBatch, rows: [Int]? = nil, on operations: EagerOperations
    ) -> Tensor<Activation> {
        switch backbone {
        case .encoder(let model):
            return model.encoder.hiddenStates(of: batch, rows: rows, weights: model.weights, on: operations)
        case .decoder(let model):
            let states = model.decoder.hiddenStates(of: batch, cache: nil, weights: model.weights, on: operations)
            guard let rows else { return model.decoder.normed(states, weights: model.weights, on: operations) }
            return model.decoder.normed(
                operations.rows(states, at: rows), weights: model.weights, on: operations)
        case .table(let table):
            return operations.embedding(rows.map { $0.map { batch.tokens[$0] } } ?? batch.tokens, table: table)
        }
    }
}

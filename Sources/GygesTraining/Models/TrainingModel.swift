import GygesCheckpoints
public import GygesFiles
public import GygesInference
public import GygesKernels
public import GygesModels
public import GygesTensors
public import GygesTokenizer

/// A model that is to be trained, with what its text needs.
public struct TrainingModel {
    /// A network with its parameters on a tape.
    public enum Network {
        /// One that reads from left to right.
        case decoder(Decoder, DecoderWeights<TapeMatrix, TapeVector>)
        /// One that sees both sides.
        case encoder(Encoder, EncoderWeights<TapeMatrix, TapeVector>)
    }

    /// What a model was made of, which says how it is written.
    enum Origin {
        /// A GGUF file, or the first of several.
        case gguf(GGUFFile)
        /// A folder whose tokenizer and other texts go with the model, and its `config.json`.
        case folder(ModelFolder, configuration: JSON)
    }

    /// The network.
    public var network: Network
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// The chat template, if there is one.
    public let template: ModelTemplate?
    /// What the result is written by.
    let origin: Origin
    /// What users should know of how the files were read.
    public let notes: [String]

    /// Loads a model from a GGUF file or a folder.
    ///
    /// - Parameters:
    ///   - isTrained: Which parameters are trained; the others stay as the file has them.
    ///   - packing: Where packed copies of the others are kept.
    /// - Throws: `FileError` if it cannot be loaded.
    public init(
        path: String, packing: Packing = Packing(), team: ThreadTeam,
        isTrained: @escaping @Sendable (ParameterPath) -> Bool
    ) throws(FileError) {
        // Nothing is computed with the stored form of what is trained.
        let packing = Packing(folder: packing.folder, progress: packing.progress) { !isTrained($0) }
        func matrix(_ parameter: Parameter<WeightMatrix>) -> TapeMatrix {
            isTrained(parameter.path) ? .training(parameter.value, team: team) : .frozen(parameter.value)
        }
        func vector(_ parameter: Parameter<WeightVector>) -> TapeVector {
            isTrained(parameter.path) ? .training(parameter.value) : .frozen(parameter.value)
        }
        tokenizer = try Tokenizer(path: path)
        template = try? ModelTemplate(path: path)
        guard isFolder(path) else {
            let file = try GGUFFile(path: path)
            let model = try DecoderModel(gguf: file, packing: packing, team: team)
            network = .decoder(model.decoder, model.weights.map(matrix: matrix, vector: vector))
            (origin, notes) = (.gguf(file), model.notes)
            try checkVocabulary(path)
            return
        }
        let folder = try ModelFolder(path: path)
        let configuration = try folder.configurationJSON()
        origin = .folder(folder, configuration: configuration)
        if Self.isEncoder(configuration) {
            let model = try EncoderModel(folder: folder, precision: .exact, packing: packing, team: team)
            network = .encoder(model.encoder, model.weights.map(matrix: matrix, vector: vector))
            notes = []
        } else {
            let model = try DecoderModel(folder: folder, precision: .exact, packing: packing, team: team)
            network = .decoder(model.decoder, model.weights.map(matrix: matrix, vector: vector))
            notes = model.notes
        }
        try checkVocabulary(path)
    }

    /// A model with random parameters.
    ///
    /// - Parameters:
    ///   - path: A `config.json`, of either kind of model.
    ///   - tokenizerPath: The folder of its tokenizer.
    /// - Throws: `FileError` if the configuration is none, or the tokenizer has more tokens.
    public init(
        configuration path: String, tokenizer tokenizerPath: String, scheme: FreshParameters.Scheme, width: Double,
        seed: UInt64
    ) throws(FileError) {
        let json = try JSON.read(path: path, limits: .init(allowsNonFinite: true))
        tokenizer = try Tokenizer(path: tokenizerPath)
        origin = .folder(try ModelFolder(path: tokenizerPath), configuration: json)
        template = try? ModelTemplate(path: tokenizerPath)
        notes = []
        if Self.isEncoder(json) {
            let configuration = try EncoderConfiguration(json: json, path: path)
            let parameters = FreshParameters(scheme, width: width, layerCount: configuration.layerCount, seed: seed)
            network = .encoder(
                try Encoder(configuration: configuration, path: path),
                EncoderWeights(configuration, hasHead: true, from: parameters))
        } else {
            let configuration = try CausalModelConfiguration(json: json, path: path)
            let parameters = FreshParameters(scheme, width: width, layerCount: configuration.layerCount, seed: seed)
            network = .decoder(
                try Decoder(configuration: configuration, path: path), DecoderWeights(configuration, from: parameters))
        }
        try checkVocabulary(path)
    }

    /// The parameters.
    public var parameters: any ParameterTree<TapeMatrix, TapeVector> {
        switch network {
        case .decoder(_, let weights): weights
        case .encoder(_, let weights): weights
        }
    }

    /// The number of rows of the embedding.
    public var vocabularyCount: Int {
        switch network {
        case .decoder(_, let weights): weights.embedding.value.rows
        case .encoder(_, let weights): weights.embedding.value.rows
        }
    }

    private static func isEncoder(_ configuration: JSON) -> Bool {
        configuration["model_type"]?.string.flatMap(EncoderFamily.init) != nil
    }

    private func checkVocabulary(_ path: String) throws(FileError) {
        guard tokenizer.vocabularyCount > vocabularyCount else { return }
        throw FileError(
            path, "has a tokenizer of \(tokenizer.vocabularyCount) tokens, and embeds \(vocabularyCount)",
            remedy: "Use the model's own tokenizer, or give the model as many rows (vocab_size).")
    }

    /// What a run of a recipe's task minimises.
    ///
    /// - Throws: ``SettingsError`` if the model is not one for the task.
    public func objective(
        _ task: Recipe.Task?, masking: TokenMasking.Shares, seed: UInt64
    ) throws(SettingsError) -> any TrainingObjective {
        switch (network, task) {
        case (.decoder(let decoder, let weights), nil), (.decoder(let decoder, let weights), .nextToken):
            return NextTokenObjective(decoder, weights: weights)
        case (.encoder(let encoder, let weights), nil), (.encoder(let encoder, let weights), .maskedToken):
            return try MaskedTokenObjective(
                encoder, weights: weights, masking: TokenMasking(masking, for: tokenizer, seed: seed))
        case (.decoder, .maskedToken), (.encoder, .nextToken):
            throw SettingsError(problems: [
                .init("objective", "is not for this kind of model; leave it out to get the model's own")
            ])
        }
    }
}

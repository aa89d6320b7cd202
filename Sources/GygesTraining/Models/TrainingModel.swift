public import GygesCheckpoints
public import GygesFiles
import GygesInference
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
    /// What makes tokens of its text.
    public let text: TrainingText
    /// What the result is written by.
    let origin: Origin
    /// What of the model is trained.
    let trained: Trained
    /// What users should know of how the files were read.
    public let notes: [String]

    /// What of a model is trained.
    public enum Part: Sendable {
        /// Its own parameters, but for some that stay as the file has them.
        case parameters(isFrozen: @Sendable (ParameterPath) -> Bool = { _ in false })
        /// A fresh adapter, and the modules that it names to be trained whole; everything else stays as the file has it.
        case adapter(AdapterSettings, seed: UInt64)
    }

    /// Loads a model from a GGUF file or a folder.
    ///
    /// - Parameters:
    ///   - part: What of it is trained.
    ///   - head: The head that it is given: with what the folder has of such a head, and random numbers for the rest.
    ///   - packing: Where packed copies of the rest are kept.
    ///   - seed: What random numbers follow from.
    /// - Throws: `FileError` if it cannot be loaded; ``SettingsError`` if the adapter or the head means nothing to it.
    public init(
        path: String, training part: Part = .parameters(), head: HeadSettings? = nil, packing: Packing = Packing(),
        seed: UInt64 = 0, team: ThreadTeam
    ) throws {
        text = try TrainingText(path: path)
        let trained = try Trained(part, on: ModelModules(path: path, team: team))
        (self.trained, hasFiles) = (trained, true)
        let packing = trained.packing(packing)
        if isFolder(path) {
            let folder = try ModelFolder(path: path).tokenReader()
            var configuration = try folder.configurationJSON()
            if let head { configuration = try head.description(configuration, path: folder.path(of: "config.json")) }
            origin = .folder(folder, configuration: configuration)
            if Self.isEncoder(configuration) {
                let model = try EncoderModel(
                    folder: folder, precision: .exact, loadsHead: head == nil, packing: packing, team: team)
                var weights = trained.weights(model, team)
                var notes: [String] = [], encoder = model.encoder
                if head != nil {
                    encoder = try Encoder(json: configuration, path: folder.path(of: "config.json"))
                    let fresh = try BegunHead(of: encoder.configuration, in: folder, seed: seed, team: team)
                    try trained.check(fresh.drawn)
                    (weights.head, notes) = (fresh.head, fresh.notes)
                }
                (network, self.notes) = (.encoder(encoder, weights), notes)
            } else {
                let model = try DecoderModel(folder: folder, precision: .exact, packing: packing, team: team)
                (network, notes) = (trained.network(model, team), model.notes)
            }
        } else {
            guard head == nil else {
                throw FileError(
                    path, "is a GGUF file, and labels are learned by encoders", remedy: "Name an encoder's folder.")
            }
            let file = try GGUFFile(path: path)
            origin = .gguf(file)
            let model = try DecoderModel(gguf: file, packing: packing, team: team)
            (network, notes) = (trained.network(model, team), model.notes)
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
        head: HeadSettings? = nil, seed: UInt64
    ) throws(FileError) {
        var json = try JSON.read(path: path, limits: .init(allowsNonFinite: true))
        if let head { json = try head.description(json, path: path) }
        text = try TrainingText(path: tokenizerPath)
        origin = .folder(try ModelFolder(path: tokenizerPath), configuration: json)
        notes = []
        (trained, hasFiles) = (Trained(all: ()), false)
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

    /// A larger model that begins with the parameters of a smaller one; see ``GrownParameters``.
    ///
    /// - Parameters:
    ///   - small: The folder or file of the smaller model.
    ///   - path: The `config.json` of the larger.
    /// - Throws: `FileError` if either cannot be read, or the two are not of one kind; ``SettingsError`` as of other initialisers.
    public init(
        growing small: String, to path: String, head: HeadSettings? = nil, packing: Packing = Packing(),
        team: ThreadTeam
    ) throws {
        let old = try TrainingModel(path: small, training: .parameters { _ in true }, packing: packing, team: team)
        var json = try JSON.read(path: path, limits: .init(allowsNonFinite: true))
        if let head { json = try head.description(json, path: path) }
        (text, notes) = (old.text, [])
        (trained, hasFiles) = (Trained(all: ()), true)
        switch (old.network, old.origin, Self.isEncoder(json)) {
        case (.encoder(let encoder, let weights), .folder(let folder, _), true):
            origin = .folder(folder, configuration: json)
            let configuration = try EncoderConfiguration(json: json, path: path)
            let parameters = GrownParameters(
                from: weights, layers: encoder.configuration.layerCount, to: configuration.layerCount, team: team)
            network = .encoder(
                try Encoder(configuration: configuration, path: path),
                EncoderWeights(configuration, hasHead: true, from: parameters))
        case (.decoder(let decoder, let weights), .folder(let folder, _), false):
            origin = .folder(folder, configuration: json)
            let configuration = try CausalModelConfiguration(json: json, path: path)
            let parameters = GrownParameters(
                from: weights, layers: decoder.configuration.layerCount, to: configuration.layerCount, team: team)
            network = .decoder(
                try Decoder(configuration: configuration, path: path), DecoderWeights(configuration, from: parameters))
        default:
            throw FileError(
                small, "is no smaller model of the kind that \(path) describes",
                remedy: "Grow a folder of an encoder into an encoder, or of a decoder into a decoder.")
        }
        try checkVocabulary(path)
    }

    /// The tokenizer.
    public var tokenizer: Tokenizer { text.tokenizer }

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

    /// A digest of the files that the model was loaded from, and of its vocabulary; of a fresh one's configuration.
    ///
    /// - Throws: `FileError` if a file cannot be read any more.
    /// - Complexity: O(size of the files); about a second for each 1.5 GB.
    public func digest() throws(FileError) -> String {
        var running = RunningDigest()
        running.update(tokenizer.vocabularyDigest)
        switch origin {
        case .gguf(let file): for part in file.files { running.update(try Digest.sha256(file: part.path)) }
        case .folder(let folder, let configuration):
            running.update(configuration.serialized())
            guard hasFiles else { break }
            for file in try folder.weights() { running.update(try Digest.sha256(file: file.path)) }
        }
        return running.value
    }

    /// Whether the folder holds weights that the model began with: its own, or those of a smaller one.
    private let hasFiles: Bool

    /// Whether an adapter is trained, and the model's own parameters are not.
    public var isAdapted: Bool { trained.fresh != nil }

    /// What a run of a recipe minimises.
    ///
    /// - Parameter sources: What it learns from: weights of classes may follow from how often they are there.
    /// - Throws: ``SettingsError`` if the model is not one for the recipe's task; `FileError` if documents cannot be read.
    public func objective(
        of recipe: Recipe, learningFrom sources: [any DocumentStore]
    ) throws -> any TrainingObjective {
        if let head = recipe.head {
            guard case .encoder(let encoder, let weights) = network else {
                throw SettingsError(problems: [.init("objective", "is for encoders, and the model is none")])
            }
            return try LabelObjective(encoder, weights: weights, settings: head, learningFrom: sources)
        }
        return try objective(recipe.task, masking: recipe.masking, seed: recipe.seed)
    }

    /// What a run of a task without labels minimises.
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
        default:
            throw SettingsError(problems: [
                .init("objective", "is not for this kind of model; leave it out to get the model's own")
            ])
        }
    }
}

/// What of a loaded model is trained.
struct Trained: Sendable {
    /// The adapter as it began; `nil` where the model's own parameters are trained.
    let fresh: FreshAdapter?
    /// The model's linear layers as others call them, beside which adapters stand.
    let modules: ModelModules?
    private let isTrained: @Sendable (ParameterPath) -> Bool

    /// Everything.
    init(all: Void) { (fresh, modules, isTrained) = (nil, nil, { _ in true }) }

    /// - Throws: ``SettingsError`` if an adapter means nothing to the model.
    init(_ part: TrainingModel.Part, on modules: ModelModules) throws(SettingsError) {
        self.modules = modules
        switch part {
        case .parameters(let isFrozen):
            fresh = nil
            isTrained = { !isFrozen($0) }
        case .adapter(let settings, let seed):
            do throws(AdapterSettingsError) {
                let fresh = try FreshAdapter(settings, on: modules, seed: seed)
                self.fresh = fresh
                isTrained = { fresh.wholes.contains($0) }
            } catch {
                throw SettingsError(problems: error.problems.map { .init("adapter", $0) })
            }
        }
    }

    /// Checks that what was drawn at random is trained.
    func check(_ drawn: [ParameterPath]) throws(SettingsError) {
        guard let frozen = drawn.first(where: { !isTrained($0) }) else { return }
        throw SettingsError(problems: [
            .init(
                "optimizer.groups", "freezes \(frozen), which the model does not have yet and which would stay random")
        ])
    }

    /// The packing of what stays as it is: nothing is computed with the stored form of what is trained.
    func packing(_ packing: Packing) -> Packing {
        Packing(folder: packing.folder, progress: packing.progress) { [isTrained] in !isTrained($0) }
    }

    private func matrix(_ parameter: Parameter<WeightMatrix>, _ team: ThreadTeam) -> TapeMatrix {
        isTrained(parameter.path) ? .training(parameter.value, team: team) : .frozen(parameter.value)
    }

    private func vector(_ parameter: Parameter<WeightVector>) -> TapeVector {
        isTrained(parameter.path) ? .training(parameter.value) : .frozen(parameter.value)
    }

    /// A decoder with what is trained of it.
    func network(_ model: DecoderModel, _ team: ThreadTeam) -> TrainingModel.Network {
        var weights = model.weights.map(matrix: { matrix($0, team) }, vector: { vector($0) })
        if let adapter = fresh?.adapter { weights = weights.adapted(by: adapter, in: .trained) }
        return .decoder(model.decoder, weights)
    }

    /// An encoder's parameters with what is trained of them.
    func weights(_ model: EncoderModel, _ team: ThreadTeam) -> EncoderWeights<TapeMatrix, TapeVector> {
        var weights = model.weights.map(matrix: { matrix($0, team) }, vector: { vector($0) })
        if let adapter = fresh?.adapter { weights = weights.adapted(by: adapter, in: .trained) }
        return weights
    }
}

import FoundationEssentials
public import GygesFiles

extension ModelFolder {
    /// What the folder says about vectors; `nil` if it has no `modules.json`.
    ///
    /// - Parameter encoder: The folder's encoder or decoder, whose rows the first module reads.
    /// - Throws: ``FileError`` listing everything wrong in all the files at once.
    public func embeddingConfiguration(of encoder: TextModelConfiguration) throws(FileError) -> EmbeddingConfiguration?
    {
        guard let modules = try json("modules.json") else { return nil }
        var reader = ModuleReader(folder: self, encoder: encoder)
        let configuration = reader.configuration(modules)
        guard reader.problems.isEmpty, let configuration else {
            throw FileError(
                path, at: "sentence-transformers files", problems: reader.problems,
                remedy:
                    "Get the model again, or use one that is built of Transformer or StaticEmbedding, Pooling, Dense, LayerNorm and Normalize."
            )
        }
        return configuration
    }
}

/// Follows `modules.json` from file to file, collecting what is wrong.
struct ModuleReader {
    /// What a feature is made by: some of the modules so far.
    struct Chain {
        var steps: [EmbeddingConfiguration.Step] = []
        var width: Int
        /// Channels before pooling.
        var tokenWidth: Int
        var isPooled = false
    }

    let folder: ModelFolder
    let encoder: TextModelConfiguration
    var problems: [String] = []
    /// The files that were asked for and are there.
    var files: [String] = ["modules.json"]
    /// The folder of the first module, within the folder.
    var readerPath = ""
    /// What there is so far, by name.
    var features: [String: Chain] = [:]
    var sparse: EmbeddingConfiguration.Sparse?
    var mask: JSONObject?
    var poolsPrompts = true
    /// The library's class that saved the folder.
    var modelType: String?
    /// `config_sentence_transformers.json` and the Transformer's own settings.
    var general = JSONObject()
    var transformer = JSONObject()

    init(folder: ModelFolder, encoder: TextModelConfiguration) {
        self.folder = folder
        self.encoder = encoder
    }

    /// The names under which the Transformer's settings have been saved (sentence-transformers, `Transformer.load_config`).
    static let transformerFiles = [
        "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
    ]
    .map { "sentence_\($0)_config.json" }

    /// All that the files say; `nil` if it makes no sense.
    mutating func configuration(_ modules: JSON) -> EmbeddingConfiguration? {
        let name = "config_sentence_transformers.json"
        general = file(name) ?? JSONObject()
        modelType = text("model_type", in: general, name)
        let entries = modules.array ?? []
        if entries.isEmpty { note("modules.json lists no modules") }
        for (index, entry) in entries.enumerated() {
            if let module = SentenceModule(entry, at: index, { problems.append($0) }) { read(module, at: index) }
        }
        guard var result = result() else { return nil }
        result.poolsPrompts = poolsPrompts
        readGeneral(into: &result)
        result.files = files
        return result
    }

    mutating func note(_ problem: String) { problems.append(problem) }

    /// A file's object; problems are noted, and a file that is not there is `nil`.
    mutating func file(_ name: String, isNeeded: Bool = false) -> JSONObject? {
        guard exists(name) else {
            if isNeeded { note("\(name) is missing") }
            return nil
        }
        files.append(name)
        do {
            let json = try JSON.read(path: folder.path(of: name), limits: .init(allowsNonFinite: true))
            if json.object == nil { note("\(name) is not a JSON object") }
            return json.object
        } catch {
            problems += error.problems.map { "\(name) \($0)" }
            return nil
        }
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.path(of: name)) }

    // MARK: Modules

    mutating func read(_ module: SentenceModule, at index: Int) {
        if (index == 0) != module.readsTokens {
            return note(
                "modules.json: module \(index) is \(module.type), where what reads tokens (Transformer or "
                    + "StaticEmbedding) comes first and nowhere else")
        }
        let path = module.path
        switch module.name {
        case "Transformer", "MLMTransformer": readTransformer(module)
        case "StaticEmbedding": readTable(module)
        case "Pooling": readPooling(path)
        case "SpladePooling": readSparsePooling(path)
        case "Dense": readDense(path, isPyLate: module.type.hasPrefix("pylate."))
        case "LayerNorm": readNorm(path)
        case "Normalize": readNormalize(path)
        case "MultiVectorMask": mask = file("\(path)/config.json") ?? JSONObject()
        case "Dropout": break  // Does nothing outside training.
        default: note("modules.json: modules of the type \(module.type) are not supported")
        }
    }

    // MARK: What comes out

    mutating func result() -> EmbeddingConfiguration? {
        if let sparse {
            if features["sentence_embedding"] != nil || features["token_embeddings"]?.steps.isEmpty == false {
                note("modules.json: sparse vectors with further modules")
            }
            return EmbeddingConfiguration(kind: .sparse(sparse), width: encoder.vocabularySize)
        }
        let kind: EmbeddingConfiguration.Kind
        let chain: Chain
        if let scores = features["scores"] {
            kind = encoder.task == .sequenceClassification && scores.steps.isEmpty ? .classifier : .scores
            chain = scores
            if kind == .scores, !scores.steps.contains(where: { if case .pooling = $0 { true } else { false } }) {
                note("modules.json: scores are made of no pooled vector, which is not supported")
            }
        } else if let vector = features["sentence_embedding"] {
            (kind, chain) = (.single, vector)
        } else if let tokens = features["token_embeddings"] {
            (kind, chain) = (.lateInteraction(lateInteraction()), tokens)
        } else {
            return nil
        }
        var result = EmbeddingConfiguration(kind: kind, width: chain.width)
        result.steps = chain.steps
        result.tokenWidth = chain.tokenWidth
        return result
    }
}

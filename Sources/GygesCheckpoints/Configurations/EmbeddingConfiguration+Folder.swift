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
                    "Get the model again, or use one that is built of Transformer, Pooling, Dense, LayerNorm and Normalize."
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
    private(set) var problems: [String] = []
    /// The files that were asked for and are there.
    private(set) var files: [String] = ["modules.json"]
    /// What there is so far, by name.
    private var features: [String: Chain] = [:]
    private var sparse: EmbeddingConfiguration.Sparse?
    private(set) var mask: JSONObject?
    private var poolsPrompts = true
    /// `config_sentence_transformers.json` and the Transformer's own settings.
    private(set) var general = JSONObject()
    private(set) var transformer = JSONObject()

    init(folder: ModelFolder, encoder: TextModelConfiguration) {
        self.folder = folder
        self.encoder = encoder
    }

    /// The names under which the Transformer's settings have been saved (sentence-transformers, `Transformer.load_config`).
    private static let transformerFiles = [
        "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
    ]
    .map { "sentence_\($0)_config.json" }

    /// All that the files say; `nil` if it makes no sense.
    mutating func configuration(_ modules: JSON) -> EmbeddingConfiguration? {
        general = file("config_sentence_transformers.json") ?? JSONObject()
        for name in Self.transformerFiles where folder.contains(name) {
            transformer = file(name) ?? JSONObject()
            break
        }
        let entries = modules.array ?? []
        if entries.isEmpty { note("modules.json lists no modules") }
        for (index, entry) in entries.enumerated() { read(entry, at: index) }
        guard var result = result() else { return nil }
        result.poolsPrompts = poolsPrompts
        readGeneral(into: &result)
        result.files = files
        return result
    }

    mutating func note(_ problem: String) { problems.append(problem) }

    /// A file's object; problems are noted, and a file that is not there is `nil`.
    mutating func file(_ name: String, isNeeded: Bool = false) -> JSONObject? {
        guard FileManager.default.fileExists(atPath: folder.path(of: name)) else {
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

    // MARK: Modules

    private mutating func read(_ entry: JSON, at index: Int) {
        guard let type = entry["type"]?.string, let path = entry["path"]?.string else {
            return note("modules.json: module \(index) has no type or no path")
        }
        guard path != "..", !path.contains("/"), !path.contains("\0") else {
            return note("modules.json: the path \(path) of module \(index) is not a folder's name")
        }
        // Types are classes by their full names, which have moved between packages; the class is what counts.
        let name = type.split(separator: ".").last.map(String.init) ?? type
        if (index == 0) != ["Transformer", "MLMTransformer"].contains(name) {
            return note("modules.json: module \(index) is \(type), where a Transformer comes first and nowhere else")
        }
        switch name {
        case "Transformer", "MLMTransformer":
            if !path.isEmpty { note("modules.json: the Transformer lies in \(path), not beside modules.json") }
            readTransformer(isMasked: name == "MLMTransformer")
        case "Pooling": readPooling(path)
        case "SpladePooling": readSparsePooling(path)
        case "Dense": readDense(path, isPyLate: type.hasPrefix("pylate."))
        case "LayerNorm": readNorm(path)
        case "Normalize": readNormalize(path)
        case "MultiVectorMask": mask = file("\(path)/config.json") ?? JSONObject()
        case "Dropout": break  // Does nothing outside training.
        default: note("modules.json: modules of the type \(type) are not supported")
        }
    }

    private mutating func readTransformer(isMasked: Bool) {
        let name = "sentence_bert_config.json"
        var task = transformer["transformer_task"]?.string ?? (isMasked ? "fill-mask" : "feature-extraction")
        // Until 5.4, cross-encoders had no modules.
        if general["model_type"]?.string == "CrossEncoder", transformer["transformer_task"] == nil,
            encoder.task == .sequenceClassification
        {
            task = "sequence-classification"
        }
        let output: String
        switch task {
        case "feature-extraction", "fill-mask": output = "token_embeddings"
        case "sequence-classification":
            output = "scores"
            if encoder.task != .sequenceClassification {
                note("\(name): transformer_task is \(task), and the model is \(encoder.task.title)")
            }
        default:
            return note(
                "\(name): transformer_task is \(task); feature-extraction, fill-mask and sequence-classification are supported"
            )
        }
        let read = transformer["modality_config"]?["text"]?["method_output_name"]
        let usual = task == "feature-extraction" ? "last_hidden_state" : "logits"
        if let read, !read.isNull, read.string != usual {
            note("\(name): text is read by \(read.serialized()); \(usual) is supported")
        }
        if let own = transformer["module_output_name"], !own.isNull, own.string != output {
            note("\(name): module_output_name is \(own.serialized()); \(output) is supported")
        }
        let width = output == "scores" ? encoder.head.labels.count : encoder.hiddenSize
        features[output] = Chain(width: width, tokenWidth: encoder.hiddenSize, isPooled: output == "scores")
    }

    /// Adds a step between two features, which the module's own settings may name.
    private mutating func add(
        _ step: EmbeddingConfiguration.Step, _ settings: JSONObject, in name: String,
        input: String = "sentence_embedding",
        width: Int? = nil
    ) {
        let input = settings["module_input_name"]?.string ?? input
        let output = settings["module_output_name"]?.string ?? input
        guard var chain = features[input] else {
            return note("\(name): the module reads \(input), which none before it makes")
        }
        if case .dense(let dense) = step { check(.integer(dense.inputs), "in_features", of: chain.width, in: name) }
        if case .norm(_, let width) = step { check(.integer(width), "the dimension", of: chain.width, in: name) }
        chain.steps.append(step)
        if let width {
            chain.width = width
            if !chain.isPooled { chain.tokenWidth = width }
        }
        features[output] = chain
    }

    /// That a stated number of channels is the one that comes in.
    private mutating func check(_ value: JSON?, _ what: String, of width: Int, in name: String) {
        guard let value, !value.isNull, value.integer != width else { return }
        note("\(name) says \(what) is \(value.serialized()) where vectors have \(width) channels")
    }

    /// Modes are named, or marked true one by one in older files.
    private mutating func readPooling(_ path: String) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else {
            features["sentence_embedding"] = features["token_embeddings"]
            return
        }
        let marks = [
            ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
            ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
            ("pooling_mode_weightedmean_tokens", "weightedmean"), ("pooling_mode_lasttoken", "lasttoken"),
        ]
        let named = object["pooling_mode"].map { ($0.array ?? [$0]).map { $0.string ?? $0.serialized() } }
        var modes = named ?? marks.filter { object[$0.0]?.bool == true }.map(\.1)
        if modes.isEmpty { modes = ["mean"] }
        let known = modes.compactMap(EmbeddingConfiguration.Pooling.init)
        if known.count != modes.count {
            let supported = EmbeddingConfiguration.Pooling.allCases.map(\.rawValue).joined(separator: ", ")
            note("\(name): the pooling \(modes.joined(separator: ", ")) is not supported; \(supported) are")
        }
        guard var chain = features["token_embeddings"] else {
            return note("\(name): the module reads token_embeddings, which none before it makes")
        }
        check(
            object["embedding_dimension"] ?? object["word_embedding_dimension"], "the width", of: chain.width, in: name)
        chain.steps.append(.pooling(known))
        chain.tokenWidth = chain.width
        chain.width *= max(1, known.count)
        chain.isPooled = true
        features["sentence_embedding"] = chain
        poolsPrompts = object["include_prompt"]?.bool ?? true
    }

    private mutating func readSparsePooling(_ path: String) {
        let name = "\(path)/config.json"
        sparse = EmbeddingConfiguration.Sparse()
        guard let object = file(name, isNeeded: true) else { return }
        switch object["pooling_strategy"]?.string ?? "max" {
        case "max": break
        case "sum": sparse?.sums = true
        case let strategy:
            note("\(name): the pooling strategy \(strategy) is not supported; max and sum are")
        }
        switch object["activation_function"]?.string ?? "relu" {
        case "relu": break
        case "log1p_relu": sparse?.takesLogarithmTwice = true
        case let function:
            note("\(name): the activation \(function) is not supported; relu and log1p_relu are")
        }
    }

    private mutating func readDense(_ path: String, isPyLate: Bool) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else { return }
        func count(_ key: String) -> Int? {
            object[key]?.integer.flatMap { (1...CausalModelConfiguration.Limit.width).contains($0) ? $0 : nil }
        }
        guard let inputs = count("in_features"), let outputs = count("out_features") else {
            return note("\(name): in_features or out_features is not a number of channels")
        }
        let function = object["activation_function"]?.string ?? "torch.nn.modules.activation.Tanh"
        let kind = function.split(separator: ".").last.map(String.init) ?? ""
        let activation = kind == "Identity" ? nil : EncoderActivation(name: kind.lowercased())
        if activation == nil && kind != "Identity" || !function.hasPrefix("torch.nn.") {
            note(
                "\(name): the activation \(function) is not supported; torch's Identity, Tanh, GELU, ReLU, SiLU and Sigmoid are"
            )
        }
        files.append("\(path)/model.safetensors")
        let isLate = isPyLate || ["ColBERT", "MultiVectorEncoder"].contains(general["model_type"]?.string ?? "")
        add(
            .dense(
                .init(
                    folder: path, inputs: inputs, outputs: outputs, hasBias: object["bias"]?.bool ?? true,
                    activation: activation, isResidual: object["use_residual"]?.bool ?? false)),
            object, in: name, input: isLate ? "token_embeddings" : "sentence_embedding", width: outputs)
    }

    private mutating func readNorm(_ path: String) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else { return }
        guard let width = object["dimension"]?.integer, (1...CausalModelConfiguration.Limit.width).contains(width)
        else {
            return note("\(name): dimension is not a number of channels")
        }
        files.append("\(path)/model.safetensors")
        add(.norm(folder: path, width: width), JSONObject(), in: name)
    }

    private mutating func readNormalize(_ path: String) {
        let settings = file("\(path)/config.json") ?? JSONObject()
        // Before there is anything to scale, the library's module does nothing.
        guard features[settings["module_input_name"]?.string ?? "sentence_embedding"] != nil else { return }
        add(.normalize, settings, in: "\(path)/config.json")
    }

    // MARK: What comes out

    private mutating func result() -> EmbeddingConfiguration? {
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

    private mutating func readGeneral(into result: inout EmbeddingConfiguration) {
        let name = "config_sentence_transformers.json"
        for (key, value) in general["prompts"]?.object ?? JSONObject() {
            if let text = value.string {
                result.prompts.append(.init(name: key, text: text))
            } else if !value.isNull {
                note("\(name): the prompt \(key) is not a text")
            }
        }
        if let value = general["default_prompt_name"], !value.isNull {
            result.defaultPrompt = value.string
            if value.string.map({ result.prompt(named: $0) == nil }) ?? true {
                note("\(name): default_prompt_name is \(value.serialized()), which is none of the prompts")
            }
        }
        if let value = general["similarity_fn_name"], !value.isNull, !["maxsim", "MaxSim"].contains(value.string ?? "")
        {
            result.similarity = value.string.flatMap(EmbeddingConfiguration.Similarity.init)
            if result.similarity == nil { note("\(name): similarity_fn_name is \(value.serialized())") }
        }
        if let function = general["activation_fn"]?.string {
            result.scoreFunction = .init(className: function)
            if result.scoreFunction == nil {
                note("\(name): activation_fn is \(function); Identity, Sigmoid and Tanh of torch are supported")
            }
        }
        result.dimension = count("truncate_dim", in: general, name).map { min($0, result.width) }
        if case .sparse(var sparse) = result.kind {
            sparse.maximumCount = count("max_active_dims", in: general, name)
            result.kind = .sparse(sparse)
        }
        result.maximumLength = count("max_seq_length", in: transformer, "sentence_bert_config.json", from: 3)
        if transformer["do_lower_case"]?.bool == true, !tokenizerLowercases() {
            note(
                "sentence_bert_config.json: do_lower_case is true, and the tokenizer keeps capitals, which is not supported"
            )
        }
    }

    /// A number that may be missing.
    mutating func count(_ key: String, in object: JSONObject, _ name: String, from minimum: Int = 1) -> Int? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let count = value.integer, (minimum...CausalModelConfiguration.Limit.context).contains(count) else {
            note("\(name): \(key) is \(value.serialized()), not a number from \(minimum)")
            return nil
        }
        return count
    }

    /// Whether the tokenizer turns capitals into small letters by itself.
    private mutating func tokenizerLowercases() -> Bool {
        func lowercases(_ normalizer: JSON?) -> Bool {
            switch normalizer?["type"]?.string {
            case "Lowercase": true
            case "BertNormalizer": normalizer?["lowercase"]?.bool ?? true
            case "Sequence": normalizer?["normalizers"]?.array?.contains(where: lowercases) ?? false
            default: false
            }
        }
        return lowercases(file("tokenizer.json")?["normalizer"])
    }
}

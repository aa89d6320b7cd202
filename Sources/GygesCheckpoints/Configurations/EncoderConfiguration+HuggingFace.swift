public import GygesFiles

extension EncoderConfiguration {
    /// The value of `model_type` that is read.
    public static let modelType = "modernbert"

    /// Reads the shape from a parsed `config.json` of either generation: flat keys (`global_rope_theta`,
    /// `global_attn_every_n_layers`, …), or `layer_types` and `rope_parameters` by kind of layer. Keys that no encoder needs are ignored.
    ///
    /// - Throws: ``FileError`` listing every missing or impossible key at once.
    public init(json: JSON, path: String) throws(FileError) {
        guard let object = json.object else {
            throw FileError(path, "is not a JSON object", remedy: "Give the model's config.json.")
        }
        let name = object["model_type"]?.string ?? "(missing)"
        guard name == Self.modelType else {
            throw FileError(
                path, at: "model_type", "is \(name)", remedy: "Gyges runs encoders of the type \(Self.modelType).")
        }
        func isPresent(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }
        var settings = SettingsReader(
            number: { object[$0]?.double }, integer: { object[$0]?.integer }, isPresent: isPresent)
        typealias Limit = CausalModelConfiguration.Limit

        layerCount = settings.count("num_hidden_layers", limit: Limit.layers)
        hiddenSize = settings.count("hidden_size", limit: Limit.width)
        intermediateSize = settings.count("intermediate_size", limit: Limit.width)
        headCount = settings.count("num_attention_heads", limit: Limit.heads)
        vocabularySize = settings.count("vocab_size", limit: Limit.vocabulary)
        contextLength = settings.count("max_position_embeddings", limit: Limit.context, fallback: 8192)
        normEpsilon = settings.positive("norm_eps", limit: 1, fallback: 1e-5)
        windowRadius = settings.count("local_attention", limit: Limit.context, fallback: 128) / 2
        activation = settings.activation(object, "hidden_activation")
        isLocal = settings.layerKinds(object, count: layerCount)
        (globalRotation, localRotation) = settings.rotations(object, contextLength: contextLength)

        func flag(_ key: String, _ fallback: Bool) -> Bool {
            guard isPresent(key) else { return fallback }
            if object[key]?.bool == nil { settings.note("\(key) is neither true nor false") }
            return object[key]?.bool ?? fallback
        }
        biases = Biases(
            norms: flag("norm_bias", false), attention: flag("attention_bias", false),
            feedForward: flag("mlp_bias", false), head: flag("classifier_bias", false),
            decoder: flag("decoder_bias", true))
        task = settings.task(object)
        head = Head(
            activation: settings.activation(object, "classifier_activation"),
            readsMean: settings.readsMean(object), labels: settings.labels(object), problem: settings.problem(object),
            appliesSigmoid: Self.appliesSigmoid(object), tiesEmbeddings: flag("tie_word_embeddings", true))
        tokens = Tokens(
            padding: settings.token(object, "pad_token_id", below: vocabularySize),
            beginning: settings.token(object, "cls_token_id", "bos_token_id", below: vocabularySize),
            separator: settings.token(object, "sep_token_id", "eos_token_id", below: vocabularySize))
        let problems = settings.problems + inconsistencies
        guard problems.isEmpty else {
            throw FileError(
                path, at: "configuration", problems: problems,
                remedy:
                    "Check that the file belongs to the model; one that asks for what is not supported cannot be run.")
        }
    }

    /// Relations between fields; what is violated, one sentence each.
    private var inconsistencies: [String] {
        var problems: [String] = []
        if hiddenSize % headCount != 0 {
            problems.append("\(headCount) heads do not divide \(hiddenSize) channels")
        } else if headDimension % 2 != 0 {
            problems.append("heads of \(headDimension) channels cannot form pairs")
        }
        if headDimension > 1024 { problems.append("heads of \(headDimension) channels; at most 1024 are run") }
        for rotation in [globalRotation, localRotation] {
            if case .yarn = rotation.scaling, rotation.base <= 1 { problems.append("YaRN needs a rotary base above 1") }
            if case .other(let kind) = rotation.scaling {
                problems.append("the rotary scaling \(kind) is not implemented")
            }
        }
        if task == .questionAnswering, head.labels.count != 2 {
            problems.append("question answering has \(head.labels.count) labels where 2 are needed, beginning and end")
        }
        return problems
    }

    /// Re-rankers say what their score goes through, in either of two places (sentence-transformers, `CrossEncoder`).
    private static func appliesSigmoid(_ object: JSONObject) -> Bool? {
        let name =
            object["sentence_transformers"]?["activation_fn"]?.string
            ?? object["sbert_ce_default_activation_function"]?.string
        guard let kind = name?.split(separator: ".").last else { return nil }
        return kind == "Sigmoid" ? true : kind == "Identity" ? false : nil
    }
}

extension SettingsReader {
    fileprivate mutating func activation(_ object: JSONObject, _ key: String) -> EncoderActivation {
        switch object[key].flatMap({ $0.isNull ? nil : $0 })?.string ?? (isPresent(key) ? "not a name" : "gelu") {
        case "gelu": return .gelu
        case "silu", "swish": return .silu
        case let name:
            note("\(key) is \(name); gelu and silu are supported")
            return .gelu
        }
    }

    /// Which layers are local: as listed, or all but every so many.
    fileprivate mutating func layerKinds(_ object: JSONObject, count: Int) -> [Bool] {
        guard isPresent("layer_types") else {
            let period = self.count(
                "global_attn_every_n_layers", limit: CausalModelConfiguration.Limit.layers, fallback: 3)
            return (0..<count).map { $0 % period != 0 }
        }
        let kinds = object["layer_types"]?.array ?? []
        var isLocal: [Bool] = []
        for kind in kinds {
            switch kind.string {
            case "full_attention": isLocal.append(false)
            case "sliding_attention": isLocal.append(true)
            default:
                note("layer_types has \(kind.serialized()); full_attention and sliding_attention are supported")
                return [Bool](repeating: false, count: count)
            }
        }
        if isLocal.count != count { note("layer_types has \(isLocal.count) entries for \(count) layers") }
        return isLocal
    }

    /// The rotations of global and of local layers. A flat `rope_scaling` is meant for both.
    fileprivate mutating func rotations(
        _ object: JSONObject, contextLength: Int
    ) -> (EncoderConfiguration.Rotation, EncoderConfiguration.Rotation) {
        let byKind = object["rope_parameters"]?.object
        let flat = object["rope_scaling"]?.object
        if isPresent("rope_parameters"), byKind == nil { note("rope_parameters is not an object") }
        func rotation(_ kind: String, flatKey: String, fallback: Double) -> EncoderConfiguration.Rotation {
            if byKind?.contains(kind) ?? false, byKind?[kind]?.object == nil, byKind?[kind]?.isNull == false {
                note("rope_parameters.\(kind) is not an object")
            }
            var entries = byKind?[kind]?.object ?? JSONObject()
            for (key, value) in flat ?? JSONObject() { entries[key] = value }
            var base = fallback
            if let stored = [entries["rope_theta"], object[flatKey]].compactMap({ $0 }).first(where: { !$0.isNull }) {
                base = stored.double ?? .nan
                if !(base.isFinite && base >= 1 && base <= 1e12) {
                    note(
                        "\(entries.contains("rope_theta") ? "rope_theta of \(kind)" : flatKey) is not a number from 1 to 1e12"
                    )
                    base = fallback
                }
            }
            var parameters = RotarySettings(object: entries)
            let scaling = parameters.scaling(contextLength: contextLength)
            for problem in parameters.problems { note("\(kind): \(problem)") }
            return .init(base: base, scaling: scaling)
        }
        let global = rotation("full_attention", flatKey: "global_rope_theta", fallback: 160_000)
        // A local base that is given as null means the global one, in configurations of the first generation.
        let isNull = object["local_rope_theta"]?.isNull ?? false
        let local = rotation(
            "sliding_attention", flatKey: "local_rope_theta", fallback: isNull ? global.base : 10_000)
        return (global, local)
    }

    fileprivate mutating func task(_ object: JSONObject) -> EncoderTask {
        guard isPresent("architectures") else { return .hiddenStates }
        let names = object["architectures"]?.array?.compactMap(\.string) ?? []
        for name in names { if let task = EncoderTask(rawValue: name) { return task } }
        note(
            "architectures is \(object["architectures"]?.serialized() ?? ""); one of "
                + EncoderTask.allCases.map(\.rawValue).joined(separator: ", ") + " is supported")
        return .hiddenStates
    }

    fileprivate mutating func readsMean(_ object: JSONObject) -> Bool {
        guard isPresent("classifier_pooling") else { return false }
        switch object["classifier_pooling"]?.string {
        case "cls": return false
        case "mean": return true
        default:
            note(
                "classifier_pooling is \(object["classifier_pooling"]?.serialized() ?? ""); cls and mean are supported")
            return false
        }
    }

    /// The names in `id2label`, whose keys are the numbers 0, 1, …; else as many as `num_labels` says, or two.
    fileprivate mutating func labels(_ object: JSONObject) -> [String] {
        guard isPresent("id2label") else {
            return (0..<count("num_labels", limit: 1 << 20, fallback: 2)).map { "LABEL_\($0)" }
        }
        let names = object["id2label"]?.object ?? JSONObject()
        var labels: [String?] = Array(repeating: nil, count: names.count)
        for (key, value) in names {
            guard let index = Int(key), labels.indices.contains(index), let label = value.string else { continue }
            labels[index] = label
        }
        let known = labels.compactMap(\.self)
        if known.isEmpty || known.count != names.count {
            note("id2label does not name the labels 0, 1, … one by one")
            return ["LABEL_0", "LABEL_1"]
        }
        return known
    }

    fileprivate mutating func problem(_ object: JSONObject) -> ClassificationProblem? {
        guard isPresent("problem_type") else { return nil }
        let problem = object["problem_type"]?.string.flatMap(ClassificationProblem.init)
        if problem == nil { note("problem_type is \(object["problem_type"]?.serialized() ?? ""), which is not known") }
        return problem
    }

    /// The id under the first key that is given.
    fileprivate mutating func token(_ object: JSONObject, _ keys: String..., below count: Int) -> Int32? {
        guard let key = keys.first(where: isPresent) else { return nil }
        // Some models list several ends of text; the first is the separator.
        let value = object[key]?.array?.first ?? object[key]
        guard let id = value?.integer, (0..<count).contains(id) else {
            note("\(key) is not a token id below \(count)")
            return nil
        }
        return Int32(id)
    }
}

extension ModelFolder {
    /// The encoder's shape.
    public func encoderConfiguration() throws(FileError) -> EncoderConfiguration {
        try EncoderConfiguration(json: try json("config.json") ?? .null, path: path(of: "config.json"))
    }

    /// Whether the folder's model is an encoder, as far as `config.json` says.
    public func isEncoder() throws(FileError) -> Bool {
        try json("config.json")?["model_type"]?.string == EncoderConfiguration.modelType
    }
}

public import GygesFiles

extension ModelFolder {
    /// What the folder says about vectors; `nil` if it has no `modules.json`.
    ///
    /// - Parameter hiddenSize: Channels of the encoder's rows, which the first layer must read.
    /// - Throws: ``FileError`` listing everything wrong in all the files at once.
    public func embeddingConfiguration(hiddenSize: Int) throws(FileError) -> EmbeddingConfiguration? {
        guard let modules = try json("modules.json") else { return nil }
        var reader = EmbeddingFolderReader(folder: self, width: hiddenSize)
        reader.read(modules)
        guard reader.problems.isEmpty, let configuration = reader.configuration else {
            throw FileError(
                path, at: "sentence-transformers files", problems: reader.problems,
                remedy: "Get the model again, or use one that is built of Transformer, Pooling, Dense and Normalize.")
        }
        return configuration
    }
}

/// Follows `modules.json` from file to file, collecting what is wrong.
private struct EmbeddingFolderReader {
    let folder: ModelFolder
    /// Channels of the vectors so far.
    var width: Int
    private(set) var problems: [String] = []
    private(set) var configuration: EmbeddingConfiguration?
    private var pooling: EmbeddingConfiguration.Pooling?
    private var sparse: EmbeddingConfiguration.Sparse?
    private var dense: [EmbeddingConfiguration.Dense] = []
    private var normalizes = false
    private var poolsPrompts = true

    init(folder: ModelFolder, width: Int) {
        self.folder = folder
        self.width = width
    }

    mutating func read(_ modules: JSON) {
        let entries = modules.array ?? []
        if entries.isEmpty { problems.append("modules.json lists no modules") }
        for (index, entry) in entries.enumerated() {
            guard let type = entry["type"]?.string, let path = entry["path"]?.string else {
                problems.append("modules.json: module \(index) has no type or no path")
                continue
            }
            guard path != "..", !path.contains("/"), !path.contains("\0") else {
                problems.append("modules.json: the path \(path) of module \(index) is not a folder's name")
                continue
            }
            // Types are classes by their full names, which have moved between packages; the class is what counts.
            let name = type.split(separator: ".").last.map(String.init) ?? type
            if (index == 0) != ["Transformer", "MLMTransformer"].contains(name) {
                problems.append(
                    "modules.json: module \(index) is \(type), where a Transformer comes first and nowhere else")
                continue
            }
            switch name {
            case "Transformer", "MLMTransformer":
                if !path.isEmpty {
                    problems.append("modules.json: the Transformer lies in \(path), not beside modules.json")
                }
            case "Pooling": readPooling(path)
            case "SpladePooling": readSparsePooling(path)
            case "Dense": readDense(path)
            case "Normalize": normalizes = true
            case "Dropout": break
            default: problems.append("modules.json: modules of the type \(type) are not supported")
            }
        }
        let general = file("config_sentence_transformers.json") ?? JSONObject()
        let kind: EmbeddingConfiguration.Kind
        if let sparse {
            kind = .sparse(sparse)
            if pooling != nil || !dense.isEmpty { problems.append("modules.json: sparse vectors with further modules") }
        } else if let pooling {
            kind = .single(pooling)
        } else {
            kind = .lateInteraction(lateInteraction(general))
        }
        var result = EmbeddingConfiguration(kind: kind)
        result.dense = dense
        result.normalizes = normalizes
        result.poolsPrompts = poolsPrompts
        readPrompts(general, into: &result)
        readMaximumLength(into: &result)
        configuration = result
    }

    /// A file's object; problems are noted, and a file that is not there is `nil`.
    private mutating func file(_ name: String, isNeeded: Bool = false) -> JSONObject? {
        do {
            let json = name.contains("/") ? try JSON.read(path: folder.path(of: name)) : try folder.json(name)
            if let json, json.object == nil { problems.append("\(name) is not a JSON object") }
            if json == nil, isNeeded { problems.append("\(name) is missing") }
            return json?.object
        } catch {
            problems += error.problems.map { "\(name) \($0)" }
            return nil
        }
    }

    /// Modes are named, or marked true one by one in older files.
    private mutating func readPooling(_ path: String) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else { return }
        let marks = [
            ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
            ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
            ("pooling_mode_weightedmean_tokens", "weightedmean"), ("pooling_mode_lasttoken", "lasttoken"),
        ]
        let named = object["pooling_mode"].map { ($0.array ?? [$0]).map { $0.string ?? $0.serialized() } }
        var modes = named ?? marks.filter { object[$0.0]?.bool == true }.map(\.1)
        if modes.isEmpty { modes = ["mean"] }
        if pooling != nil { problems.append("\(name) is a second pooling") }
        pooling = .mean
        let supported = EmbeddingConfiguration.Pooling.allCases.map(\.rawValue).joined(separator: ", ")
        if modes.count > 1 {
            problems.append("\(name) joins the poolings \(modes.joined(separator: ", ")), which is not supported")
        } else if let mode = EmbeddingConfiguration.Pooling(rawValue: modes[0]) {
            pooling = mode
        } else {
            problems.append("\(name): the pooling \(modes[0]) is not supported; \(supported) are")
        }
        poolsPrompts = object["include_prompt"]?.bool ?? true
        check(object["embedding_dimension"] ?? object["word_embedding_dimension"], "the width", in: name)
    }

    /// That a stated number of channels is the one that comes in.
    private mutating func check(_ value: JSON?, _ what: String, in name: String) {
        guard let value, !value.isNull, value.integer != width else { return }
        problems.append("\(name) says \(what) is \(value.serialized()) where vectors have \(width) channels")
    }

    private mutating func readSparsePooling(_ path: String) {
        let name = "\(path)/config.json"
        sparse = EmbeddingConfiguration.Sparse()
        guard let object = file(name, isNeeded: true) else { return }
        switch object["pooling_strategy"]?.string ?? "max" {
        case "max": break
        case "sum": sparse?.sums = true
        case let strategy:
            problems.append("\(name): the pooling strategy \(strategy) is not supported; max and sum are")
        }
        switch object["activation_function"]?.string ?? "relu" {
        case "relu": break
        case "log1p_relu": sparse?.takesLogarithmTwice = true
        case let function:
            problems.append("\(name): the activation \(function) is not supported; relu and log1p_relu are")
        }
    }

    private mutating func readDense(_ path: String) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else { return }
        func count(_ key: String) -> Int? {
            object[key]?.integer.flatMap { (1...CausalModelConfiguration.Limit.width).contains($0) ? $0 : nil }
        }
        guard let inputs = count("in_features"), let outputs = count("out_features") else {
            problems.append("\(name): in_features or out_features is not a number of channels")
            return
        }
        check(.integer(inputs), "in_features", in: name)
        width = outputs
        let function = object["activation_function"]?.string ?? "torch.nn.modules.activation.Tanh"
        let kind = function.split(separator: ".").last ?? ""
        if !["Identity", "Tanh"].contains(kind) {
            problems.append("\(name): the activation \(function) is not supported; Identity and Tanh are")
        }
        dense.append(
            .init(
                folder: path, inputs: inputs, outputs: outputs, hasBias: object["bias"]?.bool ?? true,
                appliesTanh: kind == "Tanh", isResidual: object["use_residual"]?.bool ?? false))
    }

    private mutating func lateInteraction(_ object: JSONObject) -> EmbeddingConfiguration.LateInteraction {
        var result = EmbeddingConfiguration.LateInteraction()
        let name = "config_sentence_transformers.json"
        func length(_ key: String, _ fallback: Int) -> Int {
            guard let value = object[key], !value.isNull else { return fallback }
            guard let length = value.integer, (3...CausalModelConfiguration.Limit.context).contains(length) else {
                problems.append("\(name): \(key) is not a number of tokens")
                return fallback
            }
            return length
        }
        result.queryPrefix = object["query_prefix"]?.string ?? result.queryPrefix
        result.documentPrefix = object["document_prefix"]?.string ?? result.documentPrefix
        result.queryLength = length("query_length", result.queryLength)
        result.documentLength = length("document_length", result.documentLength)
        result.expandsQueries = object["do_query_expansion"]?.bool ?? result.expandsQueries
        result.attendsToExpansion = object["attend_to_expansion_tokens"]?.bool ?? result.attendsToExpansion
        result.skippedWords = object["skiplist_words"]?.array?.compactMap(\.string) ?? result.skippedWords
        return result
    }

    private mutating func readPrompts(_ object: JSONObject, into result: inout EmbeddingConfiguration) {
        let name = "config_sentence_transformers.json"
        for (key, value) in object["prompts"]?.object ?? JSONObject() {
            if let text = value.string {
                result.prompts.append(.init(name: key, text: text))
            } else if !value.isNull {
                problems.append("\(name): the prompt \(key) is not a text")
            }
        }
        if let value = object["default_prompt_name"], !value.isNull {
            result.defaultPrompt = value.string
            if value.string.map({ result.prompt(named: $0) == nil }) ?? true {
                problems.append("\(name): default_prompt_name is \(value.serialized()), which is none of the prompts")
            }
        }
        if let value = object["similarity_fn_name"], !value.isNull, value.string != "maxsim", value.string != "MaxSim" {
            result.similarity = value.string.flatMap(EmbeddingConfiguration.Similarity.init)
            if result.similarity == nil { problems.append("\(name): similarity_fn_name is \(value.serialized())") }
        }
    }

    private mutating func readMaximumLength(into result: inout EmbeddingConfiguration) {
        let name = "sentence_bert_config.json"
        guard let value = file(name)?["max_seq_length"], !value.isNull else { return }
        guard let length = value.integer, (3...CausalModelConfiguration.Limit.context).contains(length) else {
            problems.append("\(name): max_seq_length is not a number of tokens")
            return
        }
        result.maximumLength = length
    }
}

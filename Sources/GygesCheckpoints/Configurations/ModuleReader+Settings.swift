import GygesFiles

/// What is said of the whole, and values that may be missing or of a wrong kind.
extension ModuleReader {
    mutating func readGeneral(into result: inout EmbeddingConfiguration) {
        let name = "config_sentence_transformers.json"
        for (key, value) in object("prompts", in: general, name) ?? JSONObject() {
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
        if let function = text("activation_fn", in: general, name) {
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
        let own = Self.transformerFiles[0]
        result.maximumLength = count("max_seq_length", in: transformer, own, from: 3)
        if flag("do_lower_case", in: transformer, own, false), !tokenizerLowercases() {
            note("\(own): do_lower_case is true, and the tokenizer keeps capitals, which is not supported")
        }
        if let options = transformer["processing_kwargs"], !options.isNull, options.object?.isEmpty != true {
            note("\(own): processing_kwargs is \(options.serialized()), which is not supported")
        }
    }

    /// A mark that may be missing.
    mutating func flag(_ key: String, in object: JSONObject, _ name: String, _ fallback: Bool) -> Bool {
        guard let value = object[key], !value.isNull else { return fallback }
        if value.bool == nil { note("\(name): \(key) is \(value.serialized()), neither true nor false") }
        return value.bool ?? fallback
    }

    /// A text that may be missing.
    mutating func text(_ key: String, in object: JSONObject, _ name: String) -> String? {
        guard let value = object[key], !value.isNull else { return nil }
        if value.string == nil { note("\(name): \(key) is \(value.serialized()), not a text") }
        return value.string
    }

    /// A list of texts that may be missing.
    mutating func texts(_ key: String, in object: JSONObject, _ name: String) -> [String]? {
        guard let value = object[key], !value.isNull else { return nil }
        let texts = (value.array ?? []).compactMap(\.string)
        if value.array?.count != texts.count { note("\(name): \(key) is \(value.serialized()), not a list of texts") }
        return texts
    }

    /// An object that may be missing.
    mutating func object(_ key: String, in object: JSONObject, _ name: String) -> JSONObject? {
        guard let value = object[key], !value.isNull else { return nil }
        if value.object == nil { note("\(name): \(key) is \(value.serialized()), not an object") }
        return value.object
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
    mutating func tokenizerLowercases() -> Bool {
        func lowercases(_ normalizer: JSON?) -> Bool {
            switch normalizer?["type"]?.string {
            case "Lowercase": true
            case "BertNormalizer": normalizer?["lowercase"]?.bool ?? true
            case "Sequence": normalizer?["normalizers"]?.array?.contains(where: lowercases) ?? false
            default: false
            }
        }
        return lowercases(file(readerPath.isEmpty ? "tokenizer.json" : readerPath + "/tokenizer.json")?["normalizer"])
    }
}

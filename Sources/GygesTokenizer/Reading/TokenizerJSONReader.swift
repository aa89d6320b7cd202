import GygesFiles

/// Reads the parts of a `tokenizer.json` (Hugging Face `tokenizers`, format version 1.0).
struct TokenizerJSONReader {
    let path: String

    func read(_ json: JSON, configuration: JSON?) throws(FileError) -> TokenizerDefinition {
        guard json.object != nil else { throw wrong("", "not an object") }
        if let version = json["version"], version != "1.0" {
            throw unsupported("version", "the format version \(brief(version))", supported: "1.0")
        }
        var definition = TokenizerDefinition()
        try readModel(json["model"] ?? .null, into: &definition)
        try readAddedTokens(json["added_tokens"] ?? .null, into: &definition)
        definition.composesText = try composes(json["normalizer"] ?? .null)
        try readPreTokenizer(json["pre_tokenizer"] ?? .null, into: &definition)
        let decoder = json["decoder"] ?? .null
        guard decoder["type"] == "ByteLevel" else {
            throw unsupported("decoder", "the decoder \(type(of: decoder))", supported: "ByteLevel")
        }
        for processor in try steps(json["post_processor"] ?? .null, at: "post_processor", list: "processors") {
            try readPostProcessor(processor, into: &definition.frame)
        }
        if let configuration {
            definition.frame.beginningOfText = declared("bos_token", configuration, definition)
            definition.frame.endOfText = declared("eos_token", configuration, definition)
            definition.frame.mask = declared("mask_token", configuration, definition)
        }
        if definition.frame.mask == nil {
            let usual = definition.addedTokens.first { $0.isSpecial && ["[MASK]", "<mask>"].contains($0.content) }
            definition.frame.mask = usual?.id
        }
        return definition
    }

    // MARK: Model

    private func readModel(_ model: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        // Old files leave the type out; what else a model may be has no merges.
        guard model["type"] == "BPE" || model["type"] == nil && model["merges"] != nil else {
            throw unsupported("model", "the model \(type(of: model))", supported: "BPE")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard model[key]?.string ?? "" == "" else {
                throw unsupported("model.\(key)", brief(model[key] ?? .null), supported: "none")
            }
        }
        if let dropout = model["dropout"], !dropout.isNull, dropout.double != 0 {
            throw unsupported("model.dropout", "random merging", supported: "none")
        }
        for key in ["byte_fallback", "fuse_unk"] where model[key]?.bool == true {
            throw unsupported(
                "model.\(key)", "true, as SentencePiece's and Gemma's kind (mmBERT) has it,", supported: "false")
        }
        definition.ignoresMerges = model["ignore_merges"]?.bool ?? false
        definition.unknownToken = model["unk_token"]?.string

        guard let vocabulary = model["vocab"]?.object else { throw wrong("model.vocab", "not an object") }
        definition.tokens.reserveCapacity(vocabulary.count, byteCount: vocabulary.count * 8)
        definition.ids.reserveCapacity(vocabulary.count)
        for (token, id) in zip(vocabulary.keys, vocabulary.values) {
            guard let id = id.integer else {
                throw wrong("model.vocab", "the number of \(brief(.string(token))) is \(brief(id)), not an integer")
            }
            definition.tokens.append(token)
            definition.ids.append(id)
        }
        guard let merges = model["merges"]?.array else { throw wrong("model.merges", "not an array") }
        for (index, merge) in merges.enumerated() {
            if var line = merge.string {
                if line.hasPrefix("#version") { continue }
                guard line.withUTF8({ definition.appendMerge($0) }) else {
                    throw wrong(
                        "model.merges", "merge \(index), \(brief(merge)), is not two parts with a space between")
                }
            } else if let parts = merge.array, parts.count == 2, let left = parts[0].string, let right = parts[1].string
            {
                definition.mergeParts.append(left)
                definition.mergeParts.append(right)
            } else {
                throw wrong("model.merges", "merge \(index), \(brief(merge)), is neither a string nor two strings")
            }
        }
    }

    private func readAddedTokens(_ list: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        if list.isNull { return }
        guard let list = list.array else { throw wrong("added_tokens", "not an array") }
        for (index, entry) in list.enumerated() {
            let place = "added_tokens[\(index)]"
            guard let content = entry["content"]?.string else { throw wrong(place, "content is not a string") }
            guard let integer = entry["id"]?.integer, let id = Int32(exactly: integer) else {
                throw wrong(place, "id is not an integer of 32 bits")
            }
            func flag(_ key: String, default missing: Bool = false) throws(FileError) -> Bool {
                guard let value = entry[key] else { return missing }
                guard let flag = value.bool else { throw wrong(place, "\(key) is neither true nor false") }
                return flag
            }
            let isSpecial = try flag("special")
            definition.addedTokens.append(
                AddedToken(
                    id: id, content: content, isSpecial: isSpecial,
                    isNormalized: try flag("normalized", default: !isSpecial), isSingleWord: try flag("single_word"),
                    stripsLeft: try flag("lstrip"), stripsRight: try flag("rstrip")))
        }
    }

    // MARK: Text

    private func composes(_ normalizer: JSON) throws(FileError) -> Bool {
        var composes = false
        for step in try steps(normalizer, at: "normalizer", list: "normalizers") {
            guard step["type"] == "NFC" else {
                throw unsupported("normalizer", "the normalizer \(type(of: step))", supported: "NFC or none")
            }
            composes = true
        }
        return composes
    }

    private func readPreTokenizer(_ json: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        let place = "pre_tokenizer"
        let supported = "Digits, then Split by a known pattern, then ByteLevel, where the first two may be missing"
        var steps = try steps(json, at: place, list: "pretokenizers")[...]
        var result = PreTokenizer()
        if let step = steps.first, step["type"] == "Digits" {
            guard let isIndividual = step["individual_digits"]?.bool else {
                throw wrong(place, "individual_digits is neither true nor false")
            }
            result.digits = isIndividual ? .individual : .runs
            steps.removeFirst()
        }
        if let step = steps.first, step["type"] == "Split" {
            guard let expression = step["pattern"]?["Regex"]?.string,
                let pattern = PreTokenizer.Pattern(expression: expression)
            else {
                throw unsupported(
                    place, "the pattern \(brief(step["pattern"] ?? .null))",
                    supported: "the patterns of GPT-2, Qwen2 and Llama 3")
            }
            guard step["behavior"] == "Isolated", step["invert"]?.bool ?? false == false else {
                throw unsupported(
                    place,
                    "Split with behavior \(brief(step["behavior"] ?? .null)), invert \(brief(step["invert"] ?? .null))",
                    supported: "Isolated, not inverted")
            }
            result.pattern = pattern
            steps.removeFirst()
        }
        guard let step = steps.first, steps.count == 1, step["type"] == "ByteLevel" else {
            throw unsupported(place, type(of: steps.first ?? json), supported: supported)
        }
        if step["use_regex"]?.bool ?? true {
            guard result.pattern == nil else {
                throw unsupported(place, "Split followed by ByteLevel with a pattern of its own", supported: supported)
            }
            result.pattern = .gpt2
        }
        result.addsPrefixSpace = step["add_prefix_space"]?.bool ?? true
        guard !result.addsPrefixSpace || steps.startIndex == 0 else {
            throw unsupported(
                place, "add_prefix_space after Digits or Split", supported: "add_prefix_space with ByteLevel alone")
        }
        definition.preTokenizer = result
    }

    /// The token that `tokenizer_config.json` declares under `key`.
    private func declared(_ key: String, _ configuration: JSON, _ definition: TokenizerDefinition) -> Int32? {
        guard let content = configuration[key]?.string ?? configuration[key]?["content"]?.string else { return nil }
        if let added = definition.addedTokens.first(where: { $0.content == content }) { return added.id }
        let bytes = Array(content.utf8)
        let index = (0..<definition.tokens.count).first {
            definition.tokens.bytes[definition.tokens.range($0)].elementsEqual(bytes)
        }
        return index.flatMap { Int32(exactly: definition.ids[$0]) }
    }

    // MARK: Shared

    /// The steps of a component: itself, or what its nested sequences hold, in order; none for `null`.
    ///
    /// - Parameter key: under which name a sequence of this kind lists its members.
    func steps(_ json: JSON, at place: String, list key: String, depth: Int = 0) throws(FileError) -> [JSON] {
        if json.isNull { return [] }
        guard json["type"] == "Sequence" else { return [json] }
        guard depth < 8 else { throw unsupported(place, "a Sequence nested deeper than 8", supported: "less") }
        guard let members = json[key]?.array else { throw wrong(place, "a Sequence without \(key)") }
        var all: [JSON] = []
        for member in members {
            all += try steps(member, at: place, list: key, depth: depth + 1)
            guard all.count <= 64 else { throw unsupported(place, "more than 64 steps", supported: "fewer") }
        }
        return all
    }

    func type(of json: JSON) -> String { json["type"]?.string.map { "\"\($0.prefix(40))\"" } ?? brief(json) }

    /// A value in a few words.
    func brief(_ json: JSON) -> String {
        switch json {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .integer(let integer): "\(integer)"
        case .bigInteger(let digits): "\(digits.prefix(24))"
        case .double(let double): "\(double)"
        case .string(let string): "\"\(string.prefix(160))\""
        case .array(let array): "an array of \(array.count)"
        case .object(let object):
            object.count == 1 ? "{\(object.keys[0].prefix(40)): \(brief(object.values[0]))}" : "an object"
        }
    }

    func wrong(_ place: String, _ problem: String) -> FileError {
        FileError(path, at: place, problem + ".", remedy: TokenizerDefinition.remedy)
    }

    func unsupported(_ place: String, _ what: String, supported: String) -> FileError {
        FileError(
            path, at: place, "\(what) is not supported; supported: \(supported).",
            remedy:
                "Use a model with a byte-level BPE tokenizer of the Qwen2.5, Llama 3, GPT-2, SmolLM2, OLMo or ModernBERT kind."
        )
    }
}

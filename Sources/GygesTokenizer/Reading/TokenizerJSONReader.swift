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
        let cuts = try steps(json["pre_tokenizer"] ?? .null, at: "pre_tokenizer", list: "pretokenizers")
        let isByteLevel = cuts.contains { $0["type"] == "ByteLevel" }
        guard isByteLevel || json["decoder"]?["type"] != "ByteLevel" else {
            throw unsupported(
                "pre_tokenizer", "\(type(of: json["pre_tokenizer"] ?? .null)) with the decoder ByteLevel",
                supported: "ByteLevel in both")
        }
        try readModel(
            json["model"] ?? .null, isByteLevel: isByteLevel, into: &definition)
        try readAddedTokens(json["added_tokens"] ?? .null, into: &definition)
        if definition.model != .bytePairs { definition.hideSpecialTokens() }
        try readNormalizer(json["normalizer"] ?? .null, configuration, into: &definition)
        try readPreTokenizer(json["pre_tokenizer"] ?? .null, into: &definition)
        try readDecoder(json["decoder"] ?? .null, into: &definition)
        definition.truncation = try truncation(json["truncation"] ?? .null)
        for processor in try steps(json["post_processor"] ?? .null, at: "post_processor", list: "processors") {
            try readPostProcessor(processor, into: &definition.frame)
        }
        // In text that is not spelled in bytes, tokens have no white space to trim.
        if definition.model != .bytePairs { definition.frame.trimming = nil }
        if let configuration {
            definition.frame.beginningOfText = declared("bos_token", configuration, definition)
            definition.frame.endOfText = declared("eos_token", configuration, definition)
            definition.frame.mask = declared("mask_token", configuration, definition)
            readAdditions(configuration, into: &definition.frame)
        }
        if definition.frame.mask == nil {
            let usual = definition.addedTokens.first { $0.isSpecial && ["[MASK]", "<mask>"].contains($0.content) }
            definition.frame.mask = usual?.id
        }
        return definition
    }

    // MARK: Tokens

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

    /// How texts are shortened, with the reference's defaults for what is left out. Its `stride` is of what is cut off, which is not kept.
    private func truncation(_ json: JSON) throws(FileError) -> Truncation? {
        if json.isNull { return nil }
        guard let count = json["max_length"]?.integer, count >= 0 else {
            throw wrong("truncation", "max_length is not a number of tokens")
        }
        var truncation = Truncation(maximumTokenCount: count)
        switch json["direction"] ?? "Right" {
        case "Right": break
        case "Left": truncation.side = .beginning
        case let side: throw unsupported("truncation", "the direction \(brief(side))", supported: "Left and Right")
        }
        switch json["strategy"] ?? "LongestFirst" {
        case "LongestFirst": break
        case "OnlyFirst": truncation.strategy = .onlyFirst
        case "OnlySecond": truncation.strategy = .onlySecond
        case let strategy:
            throw unsupported(
                "truncation", "the strategy \(brief(strategy))", supported: "LongestFirst, OnlyFirst and OnlySecond")
        }
        return truncation
    }

    /// The token that `tokenizer_config.json` declares under `key`.
    private func declared(_ key: String, _ configuration: JSON, _ definition: TokenizerDefinition) -> Int32? {
        guard let content = configuration[key]?.string ?? configuration[key]?["content"]?.string else { return nil }
        return definition.id(ofSpelling: content)
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
            remedy: "Use a model whose tokenizer is of a supported kind: byte-level BPE, SentencePiece or WordPiece.")
    }
}

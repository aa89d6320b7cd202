public import GygesFiles

/// The tokenizer's part of a GGUF file's metadata, under the keys `tokenizer.ggml.*`.
public struct GGUFVocabulary: Sendable {
    /// `model`: the kind of tokenizer.
    public var model: String
    /// `pre`: how text is cut into pieces.
    public var preTokenizer: String
    /// `tokens`: the vocabulary by number, in the byte alphabet.
    public var tokens: [String]
    /// `token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public var tokenTypes: [Int]
    /// `merges`: two parts with a space between, earliest first.
    public var merges: [String]
    /// `bos_token_id`, if present.
    public var beginningOfText: Int?
    /// `eos_token_id`, if present.
    public var endOfText: Int?
    /// `add_bos_token`, if present.
    public var addsBeginning: Bool?
    /// `add_eos_token`, if present.
    public var addsEnd: Bool?

    /// Collects the values.
    public init(
        model: String, preTokenizer: String, tokens: [String], tokenTypes: [Int], merges: [String],
        beginningOfText: Int? = nil, endOfText: Int? = nil, addsBeginning: Bool? = nil, addsEnd: Bool? = nil
    ) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.tokenTypes = tokenTypes
        self.merges = merges
        self.beginningOfText = beginningOfText
        self.endOfText = endOfText
        self.addsBeginning = addsBeginning
        self.addsEnd = addsEnd
    }
}

extension Tokenizer {
    /// Builds the tokenizer of a GGUF file.
    ///
    /// Composition (NFC) is not recorded in GGUF files; it follows from the pre-tokenizer's name, as do the reference
    /// tokenizers of the same models.
    ///
    /// - Parameters:
    ///   - vocabulary: the metadata.
    ///   - path: the file, for errors.
    /// - Throws: ``FileError`` with everything found wrong, or what is not supported and what is.
    public convenience init(_ vocabulary: GGUFVocabulary, path: String) throws(FileError) {
        guard vocabulary.model == "gpt2" else {
            throw FileError(
                path, at: "tokenizer.ggml.model",
                "the tokenizer \"\(vocabulary.model.prefix(40))\" is not supported; supported: gpt2.",
                remedy: "Use a model with a byte-level BPE tokenizer, such as Qwen2.5, Llama 3 or SmolLM2.")
        }
        guard let kind = GGUFPreTokenizer(name: vocabulary.preTokenizer) else {
            throw FileError(
                path, at: "tokenizer.ggml.pre",
                "the pre-tokenizer \"\(vocabulary.preTokenizer.prefix(40))\" is not supported; supported: "
                    + GGUFPreTokenizer.names.joined(separator: ", ") + ".",
                remedy: "Use the model's Hugging Face folder, or convert the file again with a recent converter.")
        }
        try self.init(Self.definition(vocabulary, kind, path: path).makeParts(path: path, place: "tokenizer.ggml"))
    }

    private static func definition(
        _ vocabulary: GGUFVocabulary, _ kind: GGUFPreTokenizer, path: String
    ) throws(FileError) -> TokenizerDefinition {
        func wrong(_ key: String, _ problem: String) -> FileError {
            FileError(path, at: "tokenizer.ggml.\(key)", problem, remedy: TokenizerDefinition.remedy)
        }
        let types = vocabulary.tokenTypes
        guard types.isEmpty || types.count == vocabulary.tokens.count else {
            throw wrong("token_type", "\(types.count) types for \(vocabulary.tokens.count) tokens.")
        }
        var definition = TokenizerDefinition()
        definition.tokens.reserveCapacity(vocabulary.tokens.count, byteCount: vocabulary.tokens.count * 8)
        var isFindable: [Bool] = []
        isFindable.reserveCapacity(vocabulary.tokens.count)
        for (id, token) in vocabulary.tokens.enumerated() {
            let type = types.isEmpty ? 1 : types[id]
            switch type {
            case 1: break
            case 2, 3, 4:
                guard let number = Int32(exactly: id) else { throw wrong("tokens", "too many tokens.") }
                definition.addedTokens.append(AddedToken(id: number, content: token, isSpecial: type != 4))
            // Rows that only fill the table up are no tokens.
            case 5: continue
            default: throw wrong("token_type", "token \(id) has the type \(type); supported are 1 to 5.")
            }
            definition.tokens.append(token)
            definition.ids.append(id)
            isFindable.append(type == 1 || type == 4)
        }
        definition.isFindable = isFindable
        let count = (definition.ids.last ?? -1) + 1

        for (index, merge) in vocabulary.merges.enumerated() where !definition.appendMerge(merge) {
            throw wrong("merges", "merge \(index), \"\(merge.prefix(80))\", is not two parts with a space between.")
        }
        definition.preTokenizer = kind.preTokenizer
        definition.composesText = kind.composesText
        definition.ignoresMerges = kind.ignoresMerges
        for (key, value) in [("bos_token_id", vocabulary.beginningOfText), ("eos_token_id", vocabulary.endOfText)] {
            guard let value else { continue }
            guard value >= 0, value < count else { throw wrong(key, "\(value) is not one of the \(count) tokens.") }
        }
        definition.frame.beginningOfText = vocabulary.beginningOfText.map { Int32($0) }
        definition.frame.endOfText = vocabulary.endOfText.map { Int32($0) }
        if vocabulary.addsBeginning ?? kind.addsBeginning, let token = definition.frame.beginningOfText {
            definition.frame.prefix = [token]
        }
        if vocabulary.addsEnd ?? false, let token = definition.frame.endOfText { definition.frame.suffix = [token] }
        return definition
    }
}

/// What the names of pre-tokenizers in GGUF files stand for; llama.cpp's list (`llama-vocab.cpp`) as far as it is exact here.
private enum GGUFPreTokenizer: CaseIterable {
    case qwen2, llama3, gpt2, smollm, olmo

    private var names: [String] {
        switch self {
        case .qwen2: ["qwen2", "deepseek-r1-qwen"]
        case .llama3: ["llama-bpe", "llama3", "llama-v3"]
        case .gpt2: ["gpt-2", "phi-2"]
        case .smollm: ["smollm", "starcoder", "refact"]
        case .olmo: ["olmo"]
        }
    }

    /// All names.
    static var names: [String] { allCases.flatMap(\.names) }

    init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.names.contains(name) }) else { return nil }
        self = kind
    }

    var preTokenizer: PreTokenizer {
        switch self {
        case .qwen2: PreTokenizer(pattern: .qwen2)
        case .llama3: PreTokenizer(pattern: .llama3)
        case .gpt2, .olmo: PreTokenizer(pattern: .gpt2)
        case .smollm: PreTokenizer(digits: .individual, pattern: .gpt2)
        }
    }

    var composesText: Bool { self == .qwen2 || self == .olmo }
    var ignoresMerges: Bool { self == .llama3 }
    var addsBeginning: Bool { self == .llama3 }
}

public import GygesCheckpoints
public import GygesFiles

extension Tokenizer {
    /// Builds the tokenizer of a GGUF file from its metadata `tokenizer.ggml.*`.
    ///
    /// Composition (NFC) and the treatment of whole-token pieces are not recorded in GGUF files; they follow from the
    /// pre-tokenizer's name, as in the tokenizers that the files were converted from.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - preTokenizer: how text is cut into pieces, one of ``preTokenizerNames``, if the file does not say (`tokenizer.ggml.pre`);
    ///     what a file says comes first.
    /// - Throws: ``FileError`` with everything found wrong, or what is not supported and what is.
    /// - Complexity: O(size of the vocabulary); no object per token.
    public convenience init(gguf file: GGUFFile, preTokenizer: String? = nil) throws(FileError) {
        var vocabulary = try GGUFVocabulary(file)
        vocabulary.preTokenizer = vocabulary.preTokenizer ?? preTokenizer
        try self.init(vocabulary, path: file.path)
    }

    /// The names of pre-tokenizers that GGUF files may state.
    public static var preTokenizerNames: [String] { GGUFPreTokenizer.names }

    convenience init(_ vocabulary: GGUFVocabulary, path: String) throws(FileError) {
        try self.init(vocabulary.definition(path: path).makeParts(path: path, place: "tokenizer.ggml"))
    }
}

/// The tokenizer's part of a GGUF file's metadata, before it is understood.
struct GGUFVocabulary {
    /// The kind of tokenizer.
    var model = ""
    /// How text is cut into pieces.
    var preTokenizer: String?
    /// The vocabulary by number, in the byte alphabet.
    var tokens = PackedStrings()
    /// 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty if all are normal.
    var types: [Int] = []
    /// Two parts with a space between, earliest first.
    var merges = PackedStrings()
    /// How likely each token is; of SentencePiece's alone.
    var scores: [Double] = []
    var beginningOfText: Int?
    var endOfText: Int?
    var addsBeginning: Bool?
    var addsEnd: Bool?
    /// Whether SentencePiece's text begins with a space.
    var addsSpacePrefix: Bool?

    /// Describes the tokenizer.
    func definition(path: String) throws(FileError) -> TokenizerDefinition {
        if model == "llama" { return try sentencePieces(path: path) }
        guard model == "gpt2" else {
            throw wrong(
                "model", "the tokenizer \"\(model.prefix(40))\" is not supported; supported: gpt2 and llama.", path,
                remedy:
                    "Use a model with a byte-level BPE tokenizer, such as Qwen2.5 or Llama 3, or SentencePiece's BPE.")
        }
        let names = GGUFPreTokenizer.names.joined(separator: ", ")
        guard let preTokenizer else {
            throw wrong(
                "pre", "is missing, so the file does not say how text is cut into pieces.", path,
                remedy: "Name it with --tokenizer-pre NAME, as the model's maker does: one of \(names).")
        }
        guard let kind = GGUFPreTokenizer(name: preTokenizer) else {
            throw wrong(
                "pre", "the pre-tokenizer \"\(preTokenizer.prefix(40))\" is not supported; supported: \(names).", path,
                remedy: "Use the model's Hugging Face folder, or convert the file again with a recent converter.")
        }
        var definition = TokenizerDefinition()
        try addTokens(to: &definition, path: path)
        definition.mergeParts.reserveCapacity(2 * merges.count, byteCount: merges.bytes.count)
        for index in 0..<merges.count {
            let line = merges.range(index)
            let isMerge = merges.bytes.withUnsafeBufferPointer {
                definition.appendMerge(UnsafeBufferPointer(rebasing: $0[line]))
            }
            guard isMerge else {
                throw wrong(
                    "merges", "merge \(index), \"\(merges[index].prefix(80))\", is not two parts with a space between.",
                    path)
            }
        }
        definition.preTokenizer = kind.preTokenizer
        if kind.composesText { definition.normalizer.steps = [.composition] }
        definition.ignoresMerges = kind.ignoresMerges
        try frame(&definition, addsBeginning: kind.addsBeginning, path: path)
        return definition
    }

    /// Describes a tokenizer of SentencePiece's pairs of characters, by the rules of llama.cpp (`llm_tokenizer_spm`).
    private func sentencePieces(path: String) throws(FileError) -> TokenizerDefinition {
        guard scores.count == tokens.count else {
            throw wrong("scores", "\(scores.count) scores for \(tokens.count) tokens.", path)
        }
        let mark = Array("\u{2581}".utf8)
        var definition = TokenizerDefinition()
        definition.model = .characterPairs(spellsBytes: true, fusesUnknown: true)
        try addTokens(to: &definition, path: path)
        definition.scores = definition.ids.map { scores[$0] }
        definition.unknownToken = types.firstIndex(of: 2).map { tokens[$0] }
        definition.normalizer.steps = [.replacement(of: [UInt8(ascii: " ")], with: mark)]
        if addsSpacePrefix ?? true { definition.normalizer.steps.insert(.prefix(mark), at: 0) }
        definition.decoding = .sentencePieces(
            space: "\u{2581}", hasBytes: true, first: addsSpacePrefix ?? true ? .space : .nothing)
        try frame(&definition, addsBeginning: true, path: path)
        return definition
    }

    /// Sets the tokens that begin and end texts.
    private func frame(
        _ definition: inout TokenizerDefinition, addsBeginning usual: Bool, path: String
    ) throws(FileError) {
        let count = (definition.ids.last ?? -1) + 1
        for (key, value) in [("bos_token_id", beginningOfText), ("eos_token_id", endOfText)] {
            guard let value else { continue }
            guard value >= 0, value < count else {
                throw wrong(key, "\(value) is not one of the \(count) tokens.", path)
            }
        }
        definition.frame.beginningOfText = beginningOfText.flatMap { Int32(exactly: $0) }
        definition.frame.endOfText = endOfText.flatMap { Int32(exactly: $0) }
        if addsBeginning ?? usual, let token = definition.frame.beginningOfText {
            definition.frame.single.insert(.token(token), at: 0)
        }
        if addsEnd ?? false, let token = definition.frame.endOfText { definition.frame.single.append(.token(token)) }
    }

    private func addTokens(to definition: inout TokenizerDefinition, path: String) throws(FileError) {
        guard types.isEmpty || types.count == tokens.count else {
            throw wrong("token_type", "\(types.count) types for \(tokens.count) tokens.", path)
        }
        let isWhole = !types.contains(5)
        if isWhole {
            definition.tokens = tokens
        } else {
            definition.tokens.reserveCapacity(tokens.count, byteCount: tokens.bytes.count)
        }
        definition.ids.reserveCapacity(tokens.count)
        var isFindable: [Bool] = []
        isFindable.reserveCapacity(tokens.count)
        for id in 0..<tokens.count {
            let type = types.isEmpty ? 1 : types[id]
            switch type {
            case 1: break
            case 2, 3, 4:
                let number = Int32(truncatingIfNeeded: id)
                definition.addedTokens.append(AddedToken(id: number, content: tokens[id], isSpecial: type != 4))
            // Rows that only fill the table up are no tokens.
            case 5: continue
            // One byte of text that has no other tokens.
            case 6 where definition.model != .bytePairs: break
            default:
                throw wrong(
                    "token_type",
                    "token \(id) has the type \(type); supported are 1 to 5, and 6 for SentencePiece's.", path)
            }
            if !isWhole {
                tokens.bytes.withUnsafeBufferPointer {
                    definition.tokens.append(UnsafeBufferPointer(rebasing: $0[tokens.range(id)]))
                }
            }
            definition.ids.append(id)
            isFindable.append(type == 1 || type == 4)
        }
        definition.isFindable = isFindable
    }
}

extension GGUFVocabulary {
    private func wrong(
        _ key: String, _ problem: String, _ path: String, remedy: String = TokenizerDefinition.remedy
    ) -> FileError {
        FileError(path, at: "tokenizer.ggml.\(key)", problem, remedy: remedy)
    }

    /// Collects the values, each of the type that the format prescribes.
    init(_ file: GGUFFile) throws(FileError) {
        func value<T>(_ key: String, _ type: String, _ read: (GGUFValue) -> T?) throws(FileError) -> T? {
            guard let value = file.metadata["tokenizer.ggml.\(key)"] else { return nil }
            guard let read = read(value) else {
                throw FileError(
                    file.path, at: "tokenizer.ggml.\(key)", "not \(type).", remedy: TokenizerDefinition.remedy)
            }
            return read
        }
        func strings(_ key: String) throws(FileError) -> PackedStrings {
            try value(key, "an array of strings") { value in
                guard let array = value.array, array.element == .string else { return nil }
                return PackedStrings(array)
            } ?? PackedStrings()
        }
        model = try value("model", "a string", \.string) ?? ""
        preTokenizer = try value("pre", "a string", \.string)
        tokens = try strings("tokens")
        types = try value("token_type", "an array of integers") { $0.array?.integers() } ?? []
        merges = try strings("merges")
        beginningOfText = try value("bos_token_id", "an integer", \.integer)
        endOfText = try value("eos_token_id", "an integer", \.integer)
        addsBeginning = try value("add_bos_token", "a Boolean", \.bool)
        addsEnd = try value("add_eos_token", "a Boolean", \.bool)
        addsSpacePrefix = try value("add_space_prefix", "a Boolean", \.bool)
        scores = try value("scores", "an array of numbers") { $0.array?.numbers() } ?? []
    }
}

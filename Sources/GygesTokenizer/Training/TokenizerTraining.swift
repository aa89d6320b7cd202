public import GygesFiles

/// Trains a byte-level tokenizer from texts, with the vocabulary and the merges that the Python package `tokenizers` learns from them.
///
///     var training = try TokenizerTraining(TokenizerRecipe(.qwen25, vocabularySize: 8192))
///     for text in texts { training.add(text) }
///     let json = training.tokenizerJSON()
///
/// Memory grows with the number of different pieces (words, mostly), not with the texts.
public struct TokenizerTraining {
    /// The recipe.
    public let recipe: TokenizerRecipe
    private var pieces: PieceCounts

    /// Begins without texts.
    ///
    /// - Throws: ``TokenizerRecipeError`` if the recipe cannot be followed.
    public init(_ recipe: TokenizerRecipe) throws(TokenizerRecipeError) {
        if let problem = recipe.problem { throw TokenizerRecipeError(description: problem) }
        self.recipe = recipe
        pieces = PieceCounts(
            preTokenizer: PreTokenizer(pattern: recipe.pattern), normalizer: TextNormalizer(steps: [.composition]))
    }

    /// How many different pieces there are so far.
    public var pieceCount: Int { pieces.counts.count }

    /// Takes in a text.
    ///
    /// - Complexity: O(length of the text).
    public mutating func add(_ text: String) { pieces.add(text) }

    /// Learns, and gives the contents of `tokenizer.json` (Hugging Face `tokenizers`, format version 1.0).
    ///
    /// - Parameter progress: Told how many tokens there are, now and then; may throw to stop.
    /// - Throws: What `progress` throws.
    /// - Complexity: O(occurrences of pairs that are merged · log(pairs)).
    public func tokenizerJSON(progress: ((Int) throws -> Void)? = nil) throws -> JSON {
        let bytes = ByteAlphabet.bytes
        var tokenOfByte = [Int32](repeating: 0, count: 256)
        for (token, byte) in bytes.enumerated() { tokenOfByte[Int(byte)] = Int32(token) }
        var trainer = PairTrainer(spellings: bytes.map { [$0] }, words: pieces.words(tokenOfByte))
        try trainer.learn(
            tokenCount: recipe.vocabularySize - recipe.addedTokens.count, minimumCount: recipe.minimumCount,
            maximumLength: recipe.maximumTokenLength, progress: progress)
        return json(of: trainer)
    }

    private func json(of trainer: PairTrainer) -> JSON {
        let added = recipe.addedTokens.enumerated().map { index, token in
            var token = token
            token.id = Int32(trainer.spellings.count + index)
            return token
        }
        let spellings = trainer.spellings.map(ByteAlphabet.spelling)
        func spelling(_ token: Int32) -> JSON { .string(spellings[Int(token)]) }
        // A pair that was learnt twice has the rank of the last time.
        var rank: [UInt64: Int] = [:]
        for (index, merge) in trainer.merges.enumerated() { rank[MergeQueue.pair(merge.left, merge.right)] = index }
        let merges = trainer.merges.enumerated().filter { rank[MergeQueue.pair($1.left, $1.right)] == $0 }
        var model: [(String, JSON)] = [
            ("type", "BPE"), ("dropout", .null), ("unk_token", .null), ("continuing_subword_prefix", .null),
            ("end_of_word_suffix", .null), ("fuse_unk", false), ("byte_fallback", false), ("ignore_merges", false),
        ]
        model.append(("vocab", .object(JSONObject(spellings.enumerated().map { ($1, .integer($0)) }))))
        model.append(("merges", .array(merges.map { [spelling($1.left), spelling($1.right)] })))
        func id(_ content: String) -> JSON {
            .integer(added.first { $0.content == content }.map { Int($0.id) } ?? 0)
        }
        // Decoders heed none of the settings, and the package writes them so.
        let decoder: JSON = ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
        let normalizer: JSON = ["type": "NFC"]
        return .object(
            JSONObject([
                ("version", "1.0"), ("truncation", .null), ("padding", .null),
                ("added_tokens", .array(added.map(\.json))), ("normalizer", normalizer),
                ("pre_tokenizer", recipe.preTokenizerJSON), ("post_processor", recipe.postProcessorJSON(id)),
                ("decoder", decoder), ("model", .object(JSONObject(model))),
            ]))
    }
}

/// Why a recipe cannot be followed.
public struct TokenizerRecipeError: Error, CustomStringConvertible {
    /// In words.
    public let description: String
}

extension TokenizerRecipe {
    /// How text becomes pieces spelled in bytes.
    fileprivate var preTokenizerJSON: JSON {
        guard kind == .qwen25 else { return Self.byteLevel(usesPattern: true) }
        let split: JSON = [
            "type": "Split", "pattern": ["Regex": .string(pattern.expression)], "behavior": "Isolated", "invert": false,
        ]
        return ["type": "Sequence", "pretokenizers": [split, Self.byteLevel(usesPattern: false)]]
    }

    /// What comes around texts.
    fileprivate func postProcessorJSON(_ id: (String) -> JSON) -> JSON {
        guard kind == .modernBERT else { return Self.byteLevel(usesPattern: false) }
        func token(_ content: String, _ segment: Int) -> JSON {
            ["SpecialToken": ["id": .string(content), "type_id": .integer(segment)]]
        }
        func text(_ name: String, _ segment: Int) -> JSON {
            ["Sequence": ["id": .string(name), "type_id": .integer(segment)]]
        }
        func special(_ content: String) -> (String, JSON) {
            (content, ["id": .string(content), "ids": [id(content)], "tokens": [.string(content)]])
        }
        let single = [token("[CLS]", 0), text("A", 0), token("[SEP]", 0)]
        return [
            "type": "TemplateProcessing", "single": .array(single),
            "pair": .array(single + [text("B", 1), token("[SEP]", 1)]),
            "special_tokens": .object(JSONObject([special("[CLS]"), special("[SEP]")])),
        ]
    }

    fileprivate static func byteLevel(usesPattern: Bool) -> JSON {
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": .bool(usesPattern)]
    }
}

extension AddedToken {
    fileprivate var json: JSON {
        [
            "id": .integer(Int(id)), "content": .string(content), "single_word": .bool(isSingleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight), "normalized": .bool(isNormalized),
            "special": .bool(isSpecial),
        ]
    }
}

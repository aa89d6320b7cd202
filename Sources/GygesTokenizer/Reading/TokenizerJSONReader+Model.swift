import GygesFiles

/// What turns pieces into tokens: the part `model` of a `tokenizer.json`.
extension TokenizerJSONReader {
    /// Reads the model.
    ///
    /// - Parameter isByteLevel: whether pieces are spelled in the byte alphabet.
    func readModel(
        _ model: JSON, isByteLevel: Bool, into definition: inout TokenizerDefinition
    ) throws(FileError) {
        // Old files leave the type out.
        switch model["type"]?.string ?? (model["merges"] == nil ? "" : "BPE") {
        case "BPE": try readPairs(model, isByteLevel: isByteLevel, into: &definition)
        case "WordPiece": try readWordPieces(model, into: &definition)
        case "Unigram": try readUnigram(model, into: &definition)
        default: throw unsupported("model", "the model \(type(of: model))", supported: "BPE, WordPiece and Unigram")
        }
        guard definition.model == .bytePairs || !isByteLevel else {
            throw unsupported("pre_tokenizer", "ByteLevel for the model \(type(of: model))", supported: "BPE")
        }
    }

    private func readUnigram(_ model: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        guard let vocabulary = model["vocab"]?.array else { throw wrong("model.vocab", "not an array") }
        definition.model = .unigram(spellsBytes: model["byte_fallback"]?.bool ?? false)
        for (id, entry) in vocabulary.enumerated() {
            guard let pair = entry.array, pair.count == 2, let token = pair[0].string, let score = pair[1].double else {
                throw wrong("model.vocab", "entry \(id), \(brief(entry)), is not a token and its score")
            }
            definition.tokens.append(token)
            definition.ids.append(id)
            definition.scores.append(score)
        }
        guard let unknown = model["unk_id"]?.integer, vocabulary.indices.contains(unknown) else {
            throw wrong("model.unk_id", "\(brief(model["unk_id"] ?? .null)) is not one of the tokens")
        }
        definition.unknownToken = definition.tokens[unknown]
    }

    private func readWordPieces(_ model: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        let limit = model["max_input_chars_per_word"]?.integer ?? 100
        guard (0...WordPieces.greatestCharacterLimit).contains(limit) else {
            throw unsupported(
                "model.max_input_chars_per_word", "\(limit)", supported: "0 to \(WordPieces.greatestCharacterLimit)")
        }
        definition.model = .wordPieces(
            prefix: model["continuing_subword_prefix"]?.string ?? "##", characterLimit: limit)
        definition.unknownToken = model["unk_token"]?.string ?? "[UNK]"
        try readVocabulary(model, into: &definition)
    }

    private func readPairs(
        _ model: JSON, isByteLevel: Bool, into definition: inout TokenizerDefinition
    ) throws(FileError) {
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard model[key]?.string ?? "" == "" else {
                throw unsupported("model.\(key)", brief(model[key] ?? .null), supported: "none")
            }
        }
        if let dropout = model["dropout"], !dropout.isNull, dropout.double != 0 {
            throw unsupported("model.dropout", "random merging", supported: "none")
        }
        if isByteLevel {
            for key in ["byte_fallback", "fuse_unk"] where model[key]?.bool == true {
                throw unsupported("model.\(key)", "true for byte-level pieces", supported: "false")
            }
        } else {
            definition.model = .characterPairs(
                spellsBytes: model["byte_fallback"]?.bool ?? false, fusesUnknown: model["fuse_unk"]?.bool ?? false)
        }
        definition.ignoresMerges = model["ignore_merges"]?.bool ?? false
        definition.unknownToken = model["unk_token"]?.string

        try readVocabulary(model, into: &definition)
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

    private func readVocabulary(_ model: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
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
    }
}

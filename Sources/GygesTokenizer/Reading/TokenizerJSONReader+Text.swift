import GygesFiles

/// What becomes of text before it is encoded, and how tokens become text: the parts `normalizer`, `pre_tokenizer` and `decoder`
/// of a `tokenizer.json`.
extension TokenizerJSONReader {
    /// Reads the steps of a normalizer.
    ///
    /// - Parameter configuration: `tokenizer_config.json`, whose settings for BERT's normalizer come before the file's, as in
    ///   transformers.
    func readNormalizer(
        _ json: JSON, _ configuration: JSON?, into definition: inout TokenizerDefinition
    ) throws(FileError) {
        for step in try steps(json, at: "normalizer", list: "normalizers") {
            definition.normalizer.steps += try normalizerSteps(step, configuration)
        }
    }

    private func normalizerSteps(
        _ json: JSON, _ configuration: JSON?
    ) throws(FileError) -> [TextNormalizer.Step] {
        switch json["type"]?.string {
        case "NFC": return [.composition]
        case "NFD": return [.decomposition]
        case "Lowercase": return [.lowercase]
        case "StripAccents": return [.removal(.combining)]
        case "BertNormalizer":
            return TextNormalizer.bert(
                cleans: json["clean_text"]?.bool ?? true,
                spacesIdeographs: setting("tokenize_chinese_chars", configuration) ?? json["handle_chinese_chars"]?.bool
                    ?? true,
                stripsAccents: setting("strip_accents", configuration) ?? json["strip_accents"]?.bool,
                lowercases: setting("do_lower_case", configuration) ?? json["lowercase"]?.bool ?? true)
        case "Strip":
            return [
                .strip(left: json["strip_left"]?.bool ?? true, right: json["strip_right"]?.bool ?? true)
            ]
        case "Prepend":
            guard let text = json["prepend"]?.string else { throw wrong("normalizer", "Prepend has no text") }
            return [.prefix(Array(text.utf8))]
        case "Replace":
            guard let content = json["content"]?.string else { throw wrong("normalizer", "Replace has no content") }
            if let pattern = json["pattern"]?["String"]?.string {
                return [.replacement(of: Array(pattern.utf8), with: Array(content.utf8))]
            }
            guard json["pattern"]?["Regex"] == " {2,}" else {
                throw unsupported(
                    "normalizer", "Replace with the pattern \(brief(json["pattern"] ?? .null))",
                    supported: "a text, or the pattern \" {2,}\"")
            }
            return [.spaceRuns(Array(content.utf8))]
        case "Precompiled":
            guard let table = json["precompiled_charsmap"]?.string.flatMap(CharacterMap.init(base64:)) else {
                throw wrong("normalizer", "precompiled_charsmap is not a table of characters in base64")
            }
            return [.table(table)]
        default:
            throw unsupported(
                "normalizer", "the normalizer \(type(of: json))",
                supported:
                    "NFC, NFD, Lowercase, StripAccents, BertNormalizer, Strip, Prepend, Replace, Precompiled or none")
        }
    }

    /// What `tokenizer_config.json` says of BERT's normalizer, which only the classes that know it ask.
    private func setting(_ key: String, _ configuration: JSON?) -> Bool? {
        guard let name = configuration?["tokenizer_class"]?.string, !name.hasPrefix("PreTrained"),
            name != "TokenizersBackend"
        else { return nil }
        return configuration?[key]?.bool
    }

    /// A step of a pre-tokenizer whose pieces are text.
    private func textStep(_ json: JSON) throws(FileError) -> PreTokenizer.Step {
        switch json["type"]?.string {
        case "BertPreTokenizer": return .bert
        case "WhitespaceSplit": return .whiteSpace
        case "Whitespace": return .words
        case "Punctuation" where json["behavior"]?.string ?? "Isolated" == "Isolated": return .punctuation
        case "Digits": return .digits(json["individual_digits"]?.bool ?? false ? .individual : .runs)
        case "Metaspace": return try metaspace(json)
        case "Split" where json["pattern"]?["Regex"] != nil: return try pattern(json)
        case "Split":
            guard let pattern = json["pattern"]?["String"]?.string, !pattern.isEmpty,
                let cut = json["behavior"]?.string.flatMap(PreTokenizer.Cut.init), json["invert"]?.bool != true
            else {
                throw unsupported(
                    "pre_tokenizer",
                    "Split with pattern \(brief(json["pattern"] ?? .null)), behavior \(brief(json["behavior"] ?? .null))",
                    supported: "a text that is Removed, Isolated, MergedWithPrevious or MergedWithNext, not inverted")
            }
            return .text(Array(pattern.utf8), cut)
        default:
            throw unsupported(
                "pre_tokenizer", "the pre-tokenizer \(type(of: json)) for this model",
                supported:
                    "BertPreTokenizer, WhitespaceSplit, Whitespace, Punctuation, Digits, Split, Metaspace or none")
        }
    }

    private func pattern(_ json: JSON) throws(FileError) -> PreTokenizer.Step {
        let place = "pre_tokenizer"
        guard let expression = json["pattern"]?["Regex"]?.string, let pattern = PiecePattern(expression: expression)
        else {
            throw unsupported(
                place, "the pattern \(brief(json["pattern"] ?? .null))",
                supported: "the patterns of GPT-2, GPT-4o, Qwen2 and 3.5, Llama 3, Mistral Nemo (tekken) and DeepSeek")
        }
        // Matches alone, with what lies between removed, are all pieces where everything matches.
        let behavior = json["behavior"]?.string
        let isInverted = json["invert"]?.bool ?? false
        guard behavior == "Isolated" && !isInverted || behavior == "Removed" && isInverted && pattern.matchesEverything
        else {
            throw unsupported(
                place, "Split with behavior \(brief(json["behavior"] ?? .null)), invert \(isInverted)",
                supported: "Isolated, not inverted")
        }
        return .pattern(pattern)
    }

    private func metaspace(_ json: JSON) throws(FileError) -> PreTokenizer.Step {
        let place = "pre_tokenizer"
        guard let mark = json["replacement"]?.string, mark.unicodeScalars.count == 1 else {
            throw wrong(place, "the replacement of Metaspace is not one character")
        }
        var front: PreTokenizer.Front? = json["add_prefix_space"]?.bool == false ? .never : .always
        if let scheme = json["prepend_scheme"]?.string { front = PreTokenizer.Front(rawValue: scheme) }
        guard let front else {
            throw unsupported(
                place, "the prepend_scheme \(brief(json["prepend_scheme"] ?? .null))",
                supported: "always, first and never"
            )
        }
        return .metaspace(replacement: Array(mark.utf8), front: front, cuts: json["split"]?.bool ?? true)
    }

    func readPreTokenizer(_ json: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        let place = "pre_tokenizer"
        var rest = try steps(json, at: place, list: "pretokenizers")[...]
        var byteLevel: JSON?
        if definition.model == .bytePairs {
            byteLevel = rest.popLast()
            guard byteLevel?["type"] == "ByteLevel" else {
                throw unsupported(
                    place, "\(type(of: byteLevel ?? json)) behind ByteLevel",
                    supported: "Digits and Split by known patterns, then ByteLevel")
            }
        }
        let cuts = try rest.map { json throws(FileError) in try textStep(json) }
        var result = PreTokenizer()
        if let byteLevel {
            result.addsPrefixSpace = byteLevel["add_prefix_space"]?.bool ?? true
            if byteLevel["use_regex"]?.bool ?? true { result.pattern = .gpt2 }
        }
        if definition.model == .bytePairs { result.prepend(cuts) } else { result.steps = cuts }
        definition.preTokenizer = result
    }

    /// Reads how spellings become text.
    func readDecoder(_ json: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        switch (definition.model, json["type"]?.string) {
        case (.bytePairs, "ByteLevel"): definition.decoding = .byteLevel
        case (.wordPieces, "WordPiece"):
            definition.decoding = .wordPieces(
                prefix: json["prefix"]?.string ?? "##", cleansUp: json["cleanup"]?.bool ?? true)
        case (.characterPairs, "Metaspace"), (.unigram, "Metaspace"):
            let scheme = json["prepend_scheme"]?.string
            let isMarked = scheme.map { $0 != "never" } ?? json["add_prefix_space"]?.bool ?? true
            definition.decoding = .sentencePieces(
                space: json["replacement"]?.string ?? "\u{2581}", hasBytes: false, first: isMarked ? .marks : .nothing)
        case (.characterPairs, "Sequence"), (.unigram, "Sequence"):
            definition.decoding = try fused(try steps(json, at: "decoder", list: "decoders"))
        default:
            throw unsupported(
                "decoder", "the decoder \(type(of: json)) for this model",
                supported: "ByteLevel for byte-level BPE, WordPiece for WordPiece, and for others Metaspace, or "
                    + "Replace, ByteFallback, Fuse and Strip in sequence")
        }
    }

    /// A mark replaced by a space, bytes, all in one, and perhaps a space less in front.
    private func fused(_ steps: [JSON]) throws(FileError) -> TokenDecoding {
        var rest = steps[...]
        func next(_ type: JSON) -> JSON? {
            // Not `nil` in an expression, which is JSON's null here.
            guard rest.first?["type"] == type else { return .none }
            return rest.removeFirst()
        }
        guard let replace = next("Replace"), let mark = replace["pattern"]?["String"]?.string, !mark.isEmpty,
            replace["content"] == " "
        else { throw unsupportedFusion(steps) }
        let hasBytes = next("ByteFallback") != nil
        guard next("Fuse") != nil else { throw unsupportedFusion(steps) }
        let strip = next("Strip")
        if let strip, strip["content"] != " " || strip["start"] != 1 || strip["stop"] ?? 0 != 0 {
            throw unsupportedFusion(steps)
        }
        guard rest.isEmpty else { throw unsupportedFusion(steps) }
        return .sentencePieces(space: mark, hasBytes: hasBytes, first: strip == nil ? .nothing : .space)
    }

    private func unsupportedFusion(_ steps: [JSON]) -> FileError {
        unsupported(
            "decoder", "the sequence \(steps.prefix(8).map { type(of: $0) }.joined(separator: ", "))",
            supported: "Replace by a space, ByteFallback, Fuse, and Strip of one space in front, in this order")
    }
}

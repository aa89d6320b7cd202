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
        default:
            throw unsupported(
                "normalizer", "the normalizer \(type(of: json))",
                supported: "NFC, NFD, Lowercase, StripAccents, BertNormalizer, Strip, Prepend, Replace or none")
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
        default:
            throw unsupported(
                "pre_tokenizer", "the pre-tokenizer \(type(of: json)) for this model",
                supported: "BertPreTokenizer, WhitespaceSplit, Whitespace, Punctuation, Digits or none")
        }
    }

    func readPreTokenizer(_ json: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        guard definition.model == .bytePairs else {
            definition.preTokenizer.steps = try steps(json, at: "pre_tokenizer", list: "pretokenizers")
                .map { json throws(FileError) in try textStep(json) }
            return
        }

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

    /// Reads how spellings become text.
    func readDecoder(_ json: JSON, into definition: inout TokenizerDefinition) throws(FileError) {
        switch (definition.model, json["type"]?.string) {
        case (.bytePairs, "ByteLevel"): definition.decoding = .byteLevel
        case (.wordPieces, "WordPiece"):
            definition.decoding = .wordPieces(
                prefix: json["prefix"]?.string ?? "##", cleansUp: json["cleanup"]?.bool ?? true)
        default:
            throw unsupported(
                "decoder", "the decoder \(type(of: json)) for this model",
                supported: "ByteLevel for byte-level BPE, WordPiece for WordPiece")
        }
    }
}

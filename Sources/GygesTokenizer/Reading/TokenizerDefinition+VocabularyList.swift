import GygesFiles

/// WordPiece as older folders hold it: a list of tokens, `vocab.txt`, and the settings of transformers' `BertTokenizer`.
extension TokenizerDefinition {
    /// The tokenizers of transformers that read such a list in the same way.
    private static let classes = ["Bert", "DistilBert", "Electra", "MobileBert", "ConvBert", "SqueezeBert"]

    /// Reads a list of tokens, one a line.
    ///
    /// - Parameters:
    ///   - list: the contents of `vocab.txt`.
    ///   - configuration: the contents of `tokenizer_config.json`.
    ///   - path: the list's file, for errors.
    /// - Throws: ``FileError`` if the folder's tokenizer is of another class or the list lacks a token that frames texts.
    init(list: [UInt8], configuration: JSON?, path: String) throws(FileError) {
        if let name = configuration?["tokenizer_class"]?.string,
            !Self.classes.contains(where: { name == $0 + "Tokenizer" || name == $0 + "TokenizerFast" })
        {
            throw FileError(
                path, "belongs to a tokenizer of the class \(name.prefix(40)), which is read from tokenizer.json alone",
                remedy: "Save the tokenizer with transformers' save_pretrained, which writes tokenizer.json.")
        }
        model = .wordPieces(prefix: "##", characterLimit: 100)
        for (id, line) in list.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty, line.endIndex == list.endIndex { break }
            (line.last == UInt8(ascii: "\r") ? line.dropLast() : line).withUnsafeBufferPointer { tokens.append($0) }
            ids.append(id)
        }
        func named(_ key: String, _ usual: String) -> (content: String, id: Int32?) {
            let content = configuration?[key]?.string ?? configuration?[key]?["content"]?.string ?? usual
            return (content, id(ofSpelling: content))
        }
        let roles = [
            ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ].map(named)
        unknownToken = roles[0].content
        guard let separator = roles[1].id, let beginning = roles[3].id else {
            throw FileError(
                path, "lacks \(roles[1].content.prefix(40)) or \(roles[3].content.prefix(40)), which frame texts",
                remedy: Self.remedy)
        }
        for case (let content, let id?) in roles where !addedTokens.contains(where: { $0.id == id }) {
            addedTokens.append(AddedToken(id: id, content: content, isSpecial: true))
        }
        hideSpecialTokens()
        normalizer.steps = TextNormalizer.bert(
            cleans: true, spacesIdeographs: configuration?["tokenize_chinese_chars"]?.bool ?? true,
            stripsAccents: configuration?["strip_accents"]?.bool,
            lowercases: configuration?["do_lower_case"]?.bool ?? true)
        preTokenizer.steps = [.bert]
        decoding = .wordPieces(prefix: "##", cleansUp: true)
        frame.single = [.token(beginning), .first, .token(separator)]
        frame.pair = frame.single + [.second, .token(separator)]
        frame.pairSegments = [0, 0, 0, 1, 1]
        frame.mask = roles[4].id
    }
}

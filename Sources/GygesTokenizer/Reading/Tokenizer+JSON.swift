public import GygesFiles

extension Tokenizer {
    /// Reads the contents of a `tokenizer.json`.
    ///
    /// Supported are byte-level byte-pair encodings (the patterns of GPT-2, Qwen2 and Llama 3), SentencePiece's pairs and unigram
    /// models, and WordPiece, with the normalizers, pre-tokenizers, decoders and post-processors that come with them; errors name
    /// what is not, and what is. Truncation and padding are left to the caller.
    ///
    /// - Parameters:
    ///   - json: the file's contents.
    ///   - configuration: the contents of `tokenizer_config.json`, which names the beginning and the end of texts.
    ///   - path: the file, for errors.
    /// - Throws: ``FileError`` with everything found wrong in a part of the file, or what is not supported and what is.
    public convenience init(json: JSON, configuration: JSON? = nil, path: String) throws(FileError) {
        let definition = try TokenizerJSONReader(path: path).read(json, configuration: configuration)
        try self.init(definition.makeParts(path: path, place: "model"))
    }
}

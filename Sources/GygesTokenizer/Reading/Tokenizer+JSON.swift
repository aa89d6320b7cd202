public import GygesFiles

extension Tokenizer {
    /// Reads the contents of a `tokenizer.json`.
    ///
    /// Supported is what byte-level byte-pair encodings use: the normalizer `NFC` or none; `Digits`, `Split` with the
    /// patterns of GPT-2, Qwen2 and Llama 3, and `ByteLevel` as pre-tokenizers; `ByteLevel` as decoder;
    /// `TemplateProcessing` and `ByteLevel` as post-processors. Truncation and padding are left to the caller.
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

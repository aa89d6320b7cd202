import GygesCheckpoints
public import GygesFiles

extension Tokenizer {
    /// The tokenizer of a GGUF file or a Hugging Face folder, without the model.
    ///
    /// - Parameters:
    ///   - path: the file or folder.
    ///   - preTokenizer: how text is cut into pieces, if a GGUF file does not say; see ``init(gguf:preTokenizer:)``.
    /// - Throws: ``FileError`` as the readers of either do.
    public convenience init(path: String, preTokenizer: String? = nil) throws(FileError) {
        guard isFolder(path) else {
            try self.init(gguf: try GGUFFile(path: path), preTokenizer: preTokenizer)
            return
        }
        let folder = try ModelFolder(path: path).tokenReader()
        guard let json = try folder.json("tokenizer.json") else {
            try self.init(list: folder)
            return
        }
        try self.init(
            json: json, configuration: try folder.tokenizerConfiguration(), path: folder.path(of: "tokenizer.json")
        )
    }

    /// The tokenizer of a folder that holds a list of WordPiece tokens, `vocab.txt`, and no `tokenizer.json`.
    private convenience init(list folder: ModelFolder) throws(FileError) {
        let path = folder.path(of: "vocab.txt")
        guard folder.contains("vocab.txt") else {
            throw FileError(
                folder.path, "holds neither tokenizer.json nor vocab.txt",
                remedy: "Save the tokenizer with transformers' save_pretrained, which writes tokenizer.json.")
        }
        let definition = try TokenizerDefinition(
            list: try MappedFile.read(path: path), configuration: try folder.tokenizerConfiguration(), path: path)
        try self.init(definition.makeParts(path: path, place: "tokens"))
    }
}

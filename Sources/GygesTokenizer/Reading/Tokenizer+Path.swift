import GygesCheckpoints
public import GygesFiles

extension Tokenizer {
    /// The tokenizer of a GGUF file or a Hugging Face folder, without the model.
    ///
    /// - Throws: ``FileError`` as the readers of either do.
    public convenience init(path: String) throws(FileError) {
        guard isFolder(path) else {
            try self.init(gguf: try GGUFFile(path: path))
            return
        }
        let folder = try ModelFolder(path: path)
        guard let json = try folder.json("tokenizer.json") else {
            throw FileError(
                path, "holds no tokenizer.json",
                remedy: "Save the tokenizer with transformers' save_pretrained, which writes it.")
        }
        try self.init(
            json: json, configuration: try folder.json("tokenizer_config.json"), path: folder.path(of: "tokenizer.json")
        )
    }
}

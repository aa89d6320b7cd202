import FoundationEssentials
public import GygesFiles

/// A module of a sentence-transformers folder, as `modules.json` lists it.
struct SentenceModule {
    /// The class, by its full name, which has moved between packages.
    var type: String
    /// The folder of its own within the model's folder; empty for that folder itself.
    var path: String
    /// The class alone.
    var name: String { type.split(separator: ".").last.map(String.init) ?? type }

    /// Whether it reads tokens by a table, and nothing else.
    var isTable: Bool { name == "StaticEmbedding" }
    /// Whether it reads tokens, as the first does.
    var readsTokens: Bool { isTable || name == "Transformer" || name == "MLMTransformer" }

    /// Reads an entry of `modules.json`; problems are noted.
    init?(_ entry: JSON, at index: Int, _ note: (String) -> Void) {
        guard let type = entry["type"]?.string, let path = entry["path"]?.string else {
            note("modules.json: module \(index) has no type or no path")
            return nil
        }
        guard path != "..", !path.contains("/"), !path.contains("\0") else {
            note("modules.json: the path \(path) of module \(index) is not a folder's name")
            return nil
        }
        self.type = type
        self.path = path == "." ? "" : path
    }

    /// The path of a file of the module within the model's folder.
    func path(of file: String) -> String { path.isEmpty ? file : "\(path)/\(file)" }
}

extension ModelFolder {
    /// The first module of `modules.json`; `nil` without that file, or if it is none that reads tokens, which reading all of them
    /// refuses.
    func firstModule() throws(FileError) -> SentenceModule? {
        guard let entry = try json("modules.json")?.array?.first else { return nil }
        guard let module = SentenceModule(entry, at: 0, { _ in }), module.readsTokens else { return nil }
        return module
    }

    /// The folder of what reads the tokens, with its configuration, tokenizer and weights: this one, or the one in it where the first
    /// module of `modules.json` lies.
    ///
    /// - Throws: ``FileError`` if that is not a folder, or `modules.json` is damaged.
    public func tokenReader() throws(FileError) -> ModelFolder {
        guard let module = try firstModule(), !module.path.isEmpty else { return self }
        return try ModelFolder(path: path(of: module.path))
    }

    /// Whether the folder's model reads texts and makes vectors, scores or labels of them, as far as its files say.
    public func isTextModel() throws(FileError) -> Bool {
        let module = try firstModule()
        if module?.isTable ?? false { return true }
        let name = try tokenReader().json("config.json")?["model_type"]?.string ?? ""
        return EncoderFamily(rawValue: name) != nil
            || DecoderArchitecture(modelType: name) != nil && contains("modules.json")
    }
}

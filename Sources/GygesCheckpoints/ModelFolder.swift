public import GygesFiles
import FoundationEssentials

/// A model as Hugging Face publishes it: a folder of configuration, tokenizer and safetensors files.
///
/// Only data is read: Python pickles are refused, and code that a configuration points to is ignored.
public struct ModelFolder: Sendable {
    /// The folder.
    public let path: String
    /// The names of the files in it, sorted.
    public let fileNames: [String]

    /// Looks at a folder.
    ///
    /// - Throws: ``FileError`` if it is none, or holds nothing that describes a model or a tokenizer.
    public init(path: String) throws(FileError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw FileError(path, "is not a folder that can be read", remedy: "Give the path of a model's folder.")
        }
        self.path = path
        fileNames = names.sorted()
        guard ["config.json", "modules.json", "tokenizer.json", "vocab.txt"].contains(where: contains) else {
            throw noConfiguration
        }
    }

    /// That there is no `config.json`, where one is needed.
    private var noConfiguration: FileError {
        FileError(path, "holds no config.json", remedy: "Give the folder of a Hugging Face model, or a GGUF file.")
    }

    /// The JSON of `config.json`.
    ///
    /// - Throws: ``FileError`` if the folder has none, or it is damaged.
    public func configurationJSON() throws(FileError) -> JSON {
        guard let json = try json("config.json") else { throw noConfiguration }
        return json
    }

    /// Whether the folder holds a file.
    public func contains(_ name: String) -> Bool { fileNames.contains(name) }

    /// The path of a file in the folder.
    public func path(of name: String) -> String { path + "/" + name }

    /// A file's JSON; `nil` if the folder has no such file.
    public func json(_ name: String) throws(FileError) -> JSON? {
        guard contains(name) else { return nil }
        return try JSON.read(path: path(of: name), limits: .init(allowsNonFinite: true))
    }

    /// The decoder's shape; see ``CausalModelConfiguration/init(path:)`` for any kind of model file.
    public func causalModelConfiguration() throws(FileError) -> CausalModelConfiguration {
        try CausalModelConfiguration(json: try configurationJSON(), path: path(of: "config.json"))
    }

    /// The publisher's advice on sampling and ends of text: `generation_config.json` or, without one, the same keys of
    /// `config.json`, as transformers takes them.
    public func generationConfiguration() throws(FileError) -> GenerationConfiguration {
        let name = contains("generation_config.json") ? "generation_config.json" : "config.json"
        return try GenerationConfiguration(json: try json(name) ?? .null, path: path(of: name))
    }

    /// What `tokenizer_config.json` says, and `special_tokens_map.json` of special tokens; `nil` without both.
    ///
    /// As in transformers, the map counts, and before the other file, unless that has `added_tokens_decoder`.
    public func tokenizerConfiguration() throws(FileError) -> JSON? {
        let configuration = try json("tokenizer_config.json")
        if configuration?["added_tokens_decoder"] != nil { return configuration }
        guard let map = try json("special_tokens_map.json")?.object else { return configuration }
        var merged = configuration?.object ?? JSONObject()
        for (key, value) in map { merged[key] = value }
        return .object(merged)
    }

    /// The files that hold the weights: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    ///
    /// - Throws: ``FileError`` if there are none, if shards are missing or lie outside the folder, or if a shard does
    ///   not hold exactly the tensors that the index says.
    public func weights() throws(FileError) -> [SafetensorsFile] {
        if contains("model.safetensors") { return [try SafetensorsFile(path: path(of: "model.safetensors"))] }
        let indexName = "model.safetensors.index.json"
        guard let index = try json(indexName) else {
            let pickles = fileNames.filter { name in [".bin", ".pt", ".pth", ".ckpt"].contains(where: name.hasSuffix) }
            throw FileError(
                path,
                pickles.isEmpty
                    ? "holds no safetensors" : "holds weights only as pickles (\(pickles[0])…), which can run code",
                remedy: "Convert the weights to safetensors.")
        }
        return try shards(of: index, path: path(of: indexName))
    }

    private func shards(of index: JSON, path indexPath: String) throws(FileError) -> [SafetensorsFile] {
        guard let map = index["weight_map"]?.object, !map.isEmpty else {
            throw FileError(indexPath, at: "weight_map", "is missing or empty", remedy: "Get the model again.")
        }
        var expected: [String: Set<String>] = [:]
        var problems: [String] = []
        for (tensor, value) in map {
            guard let name = value.string, !name.contains("/"), name.hasSuffix(".safetensors") else {
                problems.append("tensor \(tensor) is said to be in \(value.serialized()), not a safetensors file here")
                continue
            }
            expected[name, default: []].insert(tensor)
        }
        for name in expected.keys.sorted() where !contains(name) { problems.append("the shard \(name) is missing") }
        guard problems.isEmpty else {
            throw FileError(
                indexPath, at: "weight_map", problems: problems, remedy: "Get the model again.")
        }
        var files: [SafetensorsFile] = []
        for name in expected.keys.sorted() {
            let file = try SafetensorsFile(path: path(of: name))
            let difference = Set(file.tensors.map(\.name)).symmetricDifference(expected[name] ?? [])
            for tensor in difference.sorted() {
                problems.append("the index and \(name) disagree about tensor \(tensor)")
            }
            files.append(file)
        }
        guard problems.isEmpty else {
            throw FileError(
                indexPath, at: "weight_map", problems: problems, remedy: "Get the model again.")
        }
        return files
    }
}

extension CausalModelConfiguration {
    /// The shape of the decoder in a GGUF file or a Hugging Face folder.
    ///
    /// - Throws: ``FileError`` listing everything wrong with it.
    public init(path: String) throws(FileError) {
        self =
            isFolder(path)
            ? try ModelFolder(path: path).causalModelConfiguration()
            : try CausalModelConfiguration(gguf: GGUFFile(path: path))
    }
}

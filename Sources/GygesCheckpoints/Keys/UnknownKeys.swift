public import GygesFiles
import FoundationEssentials

/// What a file says that Gyges does not know.
public struct UnknownKeys: Sendable, Equatable {
    /// The file, by its path in the model's folder.
    public var file: String
    /// The keys, at most 40 of them and each cut to a legible length.
    public private(set) var names: [String]
    /// How many more there are.
    public private(set) var furtherCount: Int

    init?(_ file: String, _ names: [String]) {
        guard !names.isEmpty else { return nil }
        self.file = file
        self.names = names.prefix(40).map { $0.legible(limit: 80) }
        furtherCount = max(0, names.count - 40)
    }

    /// The keys in one sentence's part: `a, b and 3 more`.
    public var list: String {
        names.joined(separator: ", ") + (furtherCount > 0 ? " and \(furtherCount) more" : "")
    }
}

extension KeyTable {
    /// The tables of the files of a model's folder.
    public static let folderTables: [KeyTable] =
        [decoderConfiguration, encoderConfiguration, generationConfiguration, tokenizerConfiguration]
        + [sentenceTransformers, sentenceTransformer] + moduleTables
}

extension ModelFolder {
    /// What its files say that is in no table, file by file.
    ///
    /// - Throws: ``FileError`` if one of them is not JSON.
    public func unknownKeys() throws(FileError) -> [UnknownKeys] {
        var unknown: [UnknownKeys] = []
        for (file, table) in try describedFiles() {
            let path = path(of: file)
            guard FileManager.default.fileExists(atPath: path) else { continue }
            guard let object = try JSON.read(path: path, limits: .init(allowsNonFinite: true)).object else { continue }
            if let keys = UnknownKeys(file, table.unknownNames(in: object)) { unknown.append(keys) }
        }
        return unknown
    }

    /// The files of this folder that a table describes, whether or not they are there.
    private func describedFiles() throws(FileError) -> [(file: String, table: KeyTable)] {
        var files: [(String, KeyTable)] = []
        let first = try firstModule()
        if !(first?.isTable ?? false) {
            func place(_ file: String) -> String { first?.path(of: file) ?? file }
            let type = try tokenReader().json("config.json")?["model_type"]?.string ?? ""
            let isEncoder = EncoderFamily(rawValue: type) != nil
            files.append((place("config.json"), isEncoder ? .encoderConfiguration : .decoderConfiguration))
            if !isEncoder { files.append((place("generation_config.json"), .generationConfiguration)) }
            files.append((place("tokenizer_config.json"), .tokenizerConfiguration))
            files += ModuleReader.transformerFiles.map { (place($0), .sentenceTransformer) }
        }
        guard contains("modules.json") else { return files }
        files.append(("config_sentence_transformers.json", .sentenceTransformers))
        for (index, entry) in (try json("modules.json")?.array ?? []).enumerated() {
            guard let module = SentenceModule(entry, at: index, { _ in }), !module.readsTokens else { continue }
            if let table = KeyTable.module(named: module.name) { files.append((module.path(of: "config.json"), table)) }
        }
        return files
    }
}

extension GGUFFile {
    /// Metadata that is in no table.
    public var unknownKeys: [UnknownKeys] {
        let prefix = (metadata["general.architecture"]?.string ?? "") + "."
        let names = keys.filter { key in
            let name = key.hasPrefix(prefix) ? "ARCH." + key.dropFirst(prefix.count) : key
            return KeyTable.gguf.key(for: name) == nil
        }
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return UnknownKeys(file, names).map { [$0] } ?? []
    }
}

import FoundationEssentials
public import GygesFiles

extension ModelFolder {
    /// Makes a folder with everything of this one but weights: configurations, tokenizer, templates, modules, in whatever folders.
    ///
    /// - Throws: ``FileError`` if there is something at `destination` already, or it cannot be made.
    public func copyAllButWeights(to destination: String) throws(FileError) {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: destination) else {
            throw FileError(destination, "is there already", remedy: "Name a folder that does not exist.")
        }
        do {
            try manager.createDirectory(atPath: destination, withIntermediateDirectories: true)
            for name in fileNames where !Self.holdsWeights(name) {
                try manager.copyItem(atPath: path(of: name), toPath: destination + "/" + name)
            }
        } catch {
            throw FileError(
                destination, "cannot be made: \(error)", remedy: "Check the path, its permissions and free space.")
        }
    }

    /// Whether a file of a model's folder holds weights, in whatever form, or says where they lie.
    private static func holdsWeights(_ name: String) -> Bool {
        let ends = [
            ".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".pth", ".ckpt", ".gguf",
            ".h5", ".msgpack",
        ]
        return ends.contains(where: name.hasSuffix)
    }

    /// Writes `config.json` anew with some keys set, in their places where they are there.
    ///
    /// - Throws: ``FileError`` if it cannot be read or written.
    public static func setConfiguration(inFolder path: String, _ members: [(String, JSON)]) throws(FileError) {
        let file = path + "/config.json"
        var object = try JSON.read(path: file, limits: .init(allowsNonFinite: true)).object ?? JSONObject()
        for (key, value) in members { object[key] = value }
        try AtomicFile.write(JSON.object(object).serialized(.pretty) + "\n", to: file)
    }
}

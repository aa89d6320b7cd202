import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// A file that is wrong in one way, the command that meets it, and what must be said of it.
struct MalformedFile: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// What the error must contain besides the file's name.
    var mention: String
    /// Writes the file into a folder and returns the arguments of the command that reads it.
    var prepare: @Sendable (TemporaryFolder) throws -> [String]

    /// A GGUF file: a sound one, changed.
    static func gguf(
        _ name: String, says mention: String, _ edit: @escaping @Sendable (inout GGUFBuilder) -> Void
    ) -> MalformedFile {
        MalformedFile(testDescription: "GGUF: " + name, mention: mention) { folder in
            var file = GGUFBuilder.tinyLlama
            edit(&file)
            return ["generate", try folder.write(file.bytes, to: "broken.gguf"), "hello", "--max-tokens", "1"]
        }
    }

    /// A safetensors file with this header before so many bytes of zeros.
    static func safetensors(
        _ name: String, _ header: String, length: UInt64? = nil, data: Int = 16, says mention: String
    ) -> MalformedFile {
        safetensors(name, Array(header.utf8), length: length, data: data, says: mention)
    }

    static func safetensors(
        _ name: String, _ header: [UInt8], length: UInt64? = nil, data: Int = 16, says mention: String
    ) -> MalformedFile {
        MalformedFile(testDescription: "safetensors: " + name, mention: mention) { folder in
            let bytes = GGUFBuilder.bytes(length ?? UInt64(header.count)) + header + [UInt8](repeating: 0, count: data)
            return ["inspect", try folder.write(bytes, to: "broken.safetensors")]
        }
    }

    /// A sound Hugging Face folder in which a value of a JSON file is replaced, or removed if `nil`.
    static func folder(
        _ name: String, _ file: String, _ path: [String], _ value: JSON?, says mention: String
    ) -> MalformedFile {
        MalformedFile(testDescription: "\(file): \(name)", mention: mention) { folder in
            let model = try copyOfModel(in: folder)
            let json = try JSON.read(path: model + "/" + file)
            try AtomicFile.write(replacing(path[...], in: json, by: value).serialized(), to: model + "/" + file)
            return ["generate", model, "hello", "--max-tokens", "1"]
        }
    }

    /// A sound Hugging Face folder in which a file has other contents, or is gone if `nil`, and another is missing.
    static func folder(
        _ name: String, _ file: String, contents: [UInt8]?, says mention: String, without other: String? = nil
    ) -> MalformedFile {
        MalformedFile(testDescription: "\(file): \(name)", mention: mention) { folder in
            let model = try copyOfModel(in: folder)
            if let other { try FileManager.default.removeItem(atPath: model + "/" + other) }
            try? FileManager.default.removeItem(atPath: model + "/" + file)
            if let contents { _ = try folder.write(contents, to: "broken/" + file) }
            return ["generate", model, "hello", "--max-tokens", "1"]
        }
    }

    /// The model that the engine's tests use, in the folder `broken`.
    static func copyOfModel(in folder: TemporaryFolder) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let source = tests.path + "/GygesInferenceTests/Fixtures/tiny-chat"
        try FileManager.default.copyItem(atPath: source, toPath: folder.path + "/broken")
        return folder.path + "/broken"
    }

    private static func replacing(_ path: ArraySlice<String>, in json: JSON, by value: JSON?) -> JSON {
        guard let key = path.first else { return value ?? .null }
        var object = json.object ?? JSONObject()
        object[key] =
            path.count == 1 ? value : replacing(path.dropFirst(), in: object[key] ?? .object(JSONObject()), by: value)
        return .object(object)
    }
}

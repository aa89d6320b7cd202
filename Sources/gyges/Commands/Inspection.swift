import GygesCheckpoints
import GygesFiles
import Foundation

/// What `gyges inspect` prints, gathered from any kind of model file.
struct Inspection {
    /// A file and what is known about it.
    struct File {
        var path: String
        var byteCount: Int
        var sha256: String?
    }

    /// A tensor as any of the formats describes it.
    struct Tensor {
        var name: String
        var type: String
        /// The slowest dimension first.
        var shape: [Int]
        var byteCount: Int
        var elementCount: Int { shape.reduce(1, &*) }
    }

    private(set) var format: String
    private(set) var files: [File] = []
    private(set) var metadata = JSONObject()
    private(set) var tensors: [Tensor] = []
    /// What a folder's encoder is and offers; empty for other models.
    private(set) var encoder = JSONObject()

    /// Reads the headers of a GGUF file, a safetensors file, or a Hugging Face folder.
    init(path: String) throws(FileError) {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isFolder.boolValue {
            format = "Hugging Face folder"
            let folder = try ModelFolder(path: path)
            metadata = try folder.json("config.json")?.object ?? JSONObject()
            if try folder.isEncoder() { encoder = try Self.encoder(of: folder) }
            for file in try folder.weights() { add(file) }
            for name in folder.fileNames where name.hasSuffix(".json") || name.hasSuffix(".jinja") {
                addFile(folder.path(of: name))
            }
        } else if path.hasSuffix(".safetensors") {
            format = "safetensors"
            let file = try SafetensorsFile(path: path)
            metadata = JSONObject(file.metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            add(file)
        } else {
            format = "GGUF version 3"
            let file = try GGUFFile(path: path)
            metadata = JSONObject(file.keys.compactMap { key in file.metadata[key].map { (key, Self.json($0)) } })
            tensors = file.tensors.map {
                Tensor(name: $0.name, type: $0.type.name, shape: $0.shape, byteCount: $0.byteRange.count)
            }
            addFile(path)
        }
    }

    private mutating func add(_ file: SafetensorsFile) {
        tensors += file.tensors.map {
            Tensor(name: $0.name, type: $0.type.rawValue, shape: $0.shape, byteCount: $0.byteRange.count)
        }
        addFile(file.path)
    }

    private mutating func addFile(_ path: String) {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        files.append(File(path: path, byteCount: size?.intValue ?? 0))
    }

    /// Computes the digest of every file.
    ///
    /// - Parameter progress: receives a file, the bytes of it that are done, and its size.
    mutating func computeDigests(progress: (String, Int, Int) -> Void) throws(FileError) {
        for index in files.indices {
            let file = files[index]
            files[index].sha256 = try withoutActuallyEscaping(progress) { progress throws(FileError) in
                try Digest.sha256(file: file.path) { progress(file.path, $0, file.byteCount) }
            }
        }
    }

    /// A value of GGUF's metadata; long arrays as their size, because vocabularies would bury everything else.
    private static func json(_ value: GGUFValue) -> JSON {
        switch value {
        case .unsigned(let value): Int(exactly: value).map { .integer($0) } ?? .bigInteger(String(value))
        case .signed(let value): .integer(Int(value))
        case .float(let value): .double(value)
        case .bool(let value): .bool(value)
        case .string(let value): .string(value)
        case .array(let array):
            if array.count <= 16, let strings = array.strings() {
                .array(strings.map { .string($0) })
            } else if array.count <= 16, let integers = array.integers() {
                .array(integers.map { .integer($0) })
            } else {
                ["element": .string("\(array.element)"), "count": .integer(array.count)]
            }
        }
    }
}

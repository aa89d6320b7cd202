import Foundation
public import GygesFiles

/// What a checkpoint holds, gathered from any kind of model file: metadata, tensors and files.
public struct CheckpointInspection: Sendable {
    /// A file and what is known about it.
    public struct File: Sendable, Equatable {
        /// Where it lies, as it was given or found.
        public var path: String
        /// Its size.
        public var byteCount: Int
        /// Its SHA-256 in hexadecimal digits; `nil` until ``CheckpointInspection/computeDigests(progress:)``.
        public var sha256: String?
    }

    /// A tensor as any of the formats describes it.
    public struct Tensor: Sendable, Equatable {
        /// Its name in the file.
        public var name: String
        /// The type of its elements, by the format's own name.
        public var type: String
        /// The slowest dimension first.
        public var shape: [Int]
        /// The bytes that it takes in the file.
        public var byteCount: Int
        /// The product of the shape.
        public var elementCount: Int { shape.reduce(1, &*) }
    }

    /// What kind of file or folder it is, in words.
    public private(set) var format: String
    /// The files that the checkpoint consists of.
    public private(set) var files: [File] = []
    /// What the header or the configuration says; of long arrays, their size alone.
    public private(set) var metadata = JSONObject()
    /// All tensors, in the files' order.
    public private(set) var tensors: [Tensor] = []
    /// What a folder's model of texts is and offers (an encoder, or what `modules.json` makes of a decoder or a table); empty for
    /// other models.
    public private(set) var encoder = JSONObject()
    /// What the files say that Gyges does not know: see ``KeyTable``.
    public private(set) var unknownKeys: [UnknownKeys] = []

    /// How many parameters the tensors have together.
    public var parameterCount: Int { tensors.reduce(0) { $0 &+ $1.elementCount } }

    /// Reads the headers of a GGUF file, a safetensors file, or a Hugging Face folder.
    ///
    /// - Throws: ``FileError`` with everything found wrong in the file that is wrong first.
    /// - Complexity: O(size of the headers); tensors are not read.
    public init(path: String) throws(FileError) {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isFolder.boolValue {
            format = "Hugging Face folder"
            let folder = try ModelFolder(path: path)
            let reader = try folder.tokenReader()
            metadata = try reader.json("config.json")?.object ?? JSONObject()
            if try folder.isTextModel() { encoder = try Self.textModel(of: folder) }
            unknownKeys = try folder.unknownKeys()
            for file in try reader.weights() { add(file) }
            for folder in reader.path == folder.path ? [folder] : [reader, folder] {
                for name in folder.fileNames where name.hasSuffix(".json") || name.hasSuffix(".jinja") {
                    addFile(folder.path(of: name))
                }
            }
        } else if path.hasSuffix(".safetensors") {
            format = "safetensors"
            let file = try SafetensorsFile(path: path)
            metadata = JSONObject(file.metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            add(file)
        } else {
            let file = try GGUFFile(path: path)
            format = "GGUF version \(file.version)" + (file.files.count > 1 ? ", \(file.files.count) parts" : "")
            metadata = JSONObject(file.keys.compactMap { key in file.metadata[key].map { (key, Self.json($0)) } })
            tensors = file.tensors.map {
                Tensor(name: $0.name, type: $0.type.name, shape: $0.shape, byteCount: $0.byteRange.count)
            }
            for part in file.files { addFile(part.path) }
            unknownKeys = file.unknownKeys
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
    /// - Throws: ``FileError`` if a file cannot be read any more.
    /// - Complexity: O(size of the files).
    public mutating func computeDigests(progress: (String, Int, Int) -> Void) throws(FileError) {
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

    /// Everything, for programs.
    public var json: JSON {
        let files = files.map { file in
            var object: JSONObject = .init([("path", .string(file.path)), ("bytes", .integer(file.byteCount))])
            if let sha256 = file.sha256 { object["sha256"] = .string(sha256) }
            return JSON.object(object)
        }
        let tensors = tensors.map { tensor in
            [
                "name": .string(tensor.name), "type": .string(tensor.type),
                "shape": .array(tensor.shape.map { .integer($0) }), "bytes": .integer(tensor.byteCount),
            ] as JSON
        }
        var object: JSONObject = .init([
            ("format", .string(format)), ("files", .array(files)), ("parameters", .integer(parameterCount)),
        ])
        if !encoder.isEmpty { object["encoder"] = .object(encoder) }
        object["unknown_keys"] = .array(
            unknownKeys.map { keys in
                [
                    "file": .string(keys.file), "keys": .array(keys.names.map { .string($0) }),
                    "further": .integer(keys.furtherCount),
                ]
            })
        object["metadata"] = .object(metadata)
        object["tensors"] = .array(tensors)
        return .object(object)
    }
}

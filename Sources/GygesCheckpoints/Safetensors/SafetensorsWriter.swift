public import GygesFiles

/// Writes safetensors files.
public enum SafetensorsWriter {
    /// A tensor to be written; the bytes are little-endian elements, row after row.
    public struct Tensor {
        /// The tensor's name.
        public var name: String
        /// How its elements are stored.
        public var type: SafetensorsType
        /// Its dimensions, the slowest first.
        public var shape: [Int]
        /// The elements.
        public var bytes: [UInt8]

        /// Creates a tensor.
        public init(name: String, type: SafetensorsType, shape: [Int], bytes: [UInt8]) {
            self.name = name
            self.type = type
            self.shape = shape
            self.bytes = bytes
        }
    }

    /// What a file says of a tensor: everything but its elements.
    public struct Outline: Sendable {
        /// The tensor's name.
        public var name: String
        /// How its elements are stored.
        public var type: SafetensorsType
        /// Its dimensions, the slowest first.
        public var shape: [Int]

        /// Describes a tensor.
        public init(name: String, type: SafetensorsType, shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }

        /// The bytes of all elements.
        public var byteCount: Int { shape.reduce(type.size, *) }
    }

    /// Writes a file that replaces the one at `path`; the header is padded so that data begins at a multiple of 8.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public static func write(
        _ tensors: [Tensor], metadata: [(String, String)] = [], to path: String
    ) throws(FileError) {
        let outlines = tensors.map { Outline(name: $0.name, type: $0.type, shape: $0.shape) }
        try write(outlines, metadata: metadata, to: path) { index, output throws(FileError) in
            try output.append(tensors[index].bytes)
        }
    }

    /// Writes a file tensor by tensor, for contents that need not be in memory together.
    ///
    /// - Parameter elements: Appends the little-endian elements of a tensor, row after row: exactly its bytes.
    /// - Throws: ``FileError`` if the file cannot be written, also the one that `elements` throws.
    public static func write(
        _ tensors: [Outline], metadata: [(String, String)] = [], to path: String,
        elements: (Int, borrowing AtomicFile.Output) throws(FileError) -> Void
    ) throws(FileError) {
        var header = JSONObject()
        if !metadata.isEmpty { header["__metadata__"] = .object(JSONObject(metadata.map { ($0.0, .string($0.1)) })) }
        var offset = 0
        for tensor in tensors {
            header[tensor.name] = [
                "dtype": .string(tensor.type.rawValue), "shape": .array(tensor.shape.map(JSON.integer)),
                "data_offsets": [.integer(offset), .integer(offset + tensor.byteCount)],
            ]
            offset += tensor.byteCount
        }
        var text = Array(JSON.object(header).serialized().utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        let start = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
        try AtomicFile.write(to: path) { output throws(FileError) in
            try output.append(start)
            for index in tensors.indices { try elements(index, output) }
        }
    }
}

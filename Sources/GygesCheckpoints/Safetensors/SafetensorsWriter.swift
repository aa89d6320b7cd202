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

    /// A tensor whose bytes are made when they are written.
    public struct Entry {
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

        fileprivate var byteCount: Int { shape.reduce(type.size, *) }
    }

    /// Writes a file that replaces the one at `path`; the header is padded so that data begins at a multiple of 8.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public static func write(
        _ tensors: [Tensor], metadata: [(String, String)] = [], to path: String
    ) throws(FileError) {
        let entries = tensors.map { Entry(name: $0.name, type: $0.type, shape: $0.shape) }
        try write(entries, metadata: metadata, to: path) { tensors[$0].bytes }
    }

    /// Writes a file a tensor at a time.
    ///
    /// - Parameter bytes: The little-endian elements of the tensor of an index, asked for in order.
    /// - Precondition: There are as many bytes as type and shape say.
    /// - Throws: ``FileError`` if the file cannot be written.
    public static func write(
        _ entries: [Entry], metadata: [(String, String)] = [], to path: String, bytes: (Int) -> [UInt8]
    ) throws(FileError) {
        var header = JSONObject()
        if !metadata.isEmpty { header["__metadata__"] = .object(JSONObject(metadata.map { ($0.0, .string($0.1)) })) }
        var offset = 0
        for tensor in entries {
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
            for (index, entry) in entries.enumerated() {
                let bytes = bytes(index)
                guard bytes.count == entry.byteCount else {
                    fatalError("tensor \(entry.name) has \(bytes.count) bytes and \(entry.byteCount) by its shape")
                }
                try output.append(bytes)
            }
        }
    }
}

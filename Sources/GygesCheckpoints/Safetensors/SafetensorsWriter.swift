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

    /// Writes a file that replaces the one at `path`; the header is padded so that data begins at a multiple of 8.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public static func write(
        _ tensors: [Tensor], metadata: [(String, String)] = [], to path: String
    ) throws(FileError) {
        var header = JSONObject()
        if !metadata.isEmpty { header["__metadata__"] = .object(JSONObject(metadata.map { ($0.0, .string($0.1)) })) }
        var offset = 0
        for tensor in tensors {
            header[tensor.name] = [
                "dtype": .string(tensor.type.rawValue), "shape": .array(tensor.shape.map(JSON.integer)),
                "data_offsets": [.integer(offset), .integer(offset + tensor.bytes.count)],
            ]
            offset += tensor.bytes.count
        }
        var text = Array(JSON.object(header).serialized().utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init)
        bytes += text
        for tensor in tensors { bytes += tensor.bytes }
        try AtomicFile.write(bytes, to: path)
    }
}

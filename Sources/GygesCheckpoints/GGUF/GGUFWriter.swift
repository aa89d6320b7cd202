public import GygesFiles

/// Writes GGUF files of version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
public enum GGUFWriter {
    /// What a file says of a tensor: everything but its elements.
    public struct Outline: Sendable {
        /// The tensor's name.
        public var name: String
        /// How its elements are stored; rows are whole blocks.
        public var type: GGUFTensorType
        /// Its dimensions, the slowest first.
        public var shape: [Int]

        /// Describes a tensor.
        public init(name: String, type: GGUFTensorType, shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }

        /// The bytes of all elements.
        public var byteCount: Int { shape.reduce(1, *) / type.blockLength * type.blockByteCount }
    }

    /// What tensors are padded to where no entry says otherwise.
    private static let alignment = 32

    /// An entry of the metadata that is text.
    public static func entry(_ key: String, _ value: String) -> [UInt8] {
        text(key) + bytes(GGUFArray.Element.string.rawValue) + text(value)
    }

    /// An entry of the metadata that is a whole number of 32 bits.
    public static func entry(_ key: String, _ value: UInt32) -> [UInt8] {
        text(key) + bytes(GGUFArray.Element.uint32.rawValue) + bytes(value)
    }

    /// An entry of the metadata that is a number of 32 bits.
    public static func entry(_ key: String, _ value: Float) -> [UInt8] {
        text(key) + bytes(GGUFArray.Element.float32.rawValue) + bytes(value.bitPattern)
    }

    /// Writes a file that replaces the one at `path`.
    ///
    /// - Parameters:
    ///   - entries: The metadata, entry by entry as ``entry(_:_:)`` or ``GGUFFile/entryBytes(of:)`` give them; none is `general.alignment`.
    ///   - elements: Appends the elements of a tensor, row after row: exactly its bytes.
    /// - Throws: ``FileError`` if the file cannot be written, also the one that `elements` throws.
    public static func write(
        entries: [[UInt8]], tensors: [Outline], to path: String,
        elements: (Int, borrowing AtomicFile.Output) throws(FileError) -> Void
    ) throws(FileError) {
        var header = Array("GGUF".utf8) + bytes(UInt32(3)) + bytes(UInt64(tensors.count)) + bytes(UInt64(entries.count))
        header += entries.joined()
        var offset = 0
        for tensor in tensors {
            header += text(tensor.name) + bytes(UInt32(tensor.shape.count))
            for dimension in tensor.shape.reversed() { header += bytes(UInt64(dimension)) }
            header += bytes(tensor.type.rawValue) + bytes(UInt64(offset))
            offset += tensor.byteCount + padding(tensor.byteCount)
        }
        header += [UInt8](repeating: 0, count: padding(header.count))
        try AtomicFile.write(to: path) { output throws(FileError) in
            try output.append(header)
            for (index, tensor) in tensors.enumerated() {
                try elements(index, output)
                try output.append([UInt8](repeating: 0, count: padding(tensor.byteCount)))
            }
        }
    }

    private static func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }

    private static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}

public import GygesFiles

/// Writes GGUF files of version 3 (ggml, `docs/gguf.md`): as much of the format as adapters need.
public struct GGUFWriter {
    /// A value of the metadata.
    public enum Value: Sendable {
        case string(String)
        case float32(Float)
    }

    /// Keys and values, in the order in which they are written.
    public var metadata: [(key: String, value: Value)] = []
    /// Matrices by name, stored in f32, in the order in which they are written.
    public var matrices: [(name: String, matrix: StoredMatrix)] = []

    /// What data are padded to.
    private static let alignment = 32

    /// An empty file.
    public init() {}

    /// Writes a file that replaces the one at `path`.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public func write(to path: String) throws(FileError) {
        var header = Array("GGUF".utf8) + Self.bytes(UInt32(3))
        header += Self.bytes(UInt64(matrices.count)) + Self.bytes(UInt64(metadata.count))
        for (key, value) in metadata {
            header += Self.bytes(key)
            switch value {
            case .float32(let number): header += Self.bytes(UInt32(6)) + Self.bytes(number.bitPattern)
            case .string(let text): header += Self.bytes(UInt32(8)) + Self.bytes(text)
            }
        }
        var offset = 0
        for (name, matrix) in matrices {
            // Two dimensions, the fastest first; f32 has the number 0.
            header += Self.bytes(name) + Self.bytes(UInt32(2))
            header += Self.bytes(UInt64(matrix.columns)) + Self.bytes(UInt64(matrix.rows))
            header += Self.bytes(UInt32(0)) + Self.bytes(UInt64(offset))
            offset += Self.padded(matrix.elements.count * 4)
        }
        header += [UInt8](repeating: 0, count: Self.padded(header.count) - header.count)
        let start = header
        try AtomicFile.write(to: path) { output throws(FileError) in
            try output.append(start)
            for (_, matrix) in matrices {
                var bytes = matrix.elements.withUnsafeBytes(Array.init)
                bytes += [UInt8](repeating: 0, count: Self.padded(bytes.count) - bytes.count)
                try output.append(bytes)
            }
        }
    }

    private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }

    private static func bytes(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }
}

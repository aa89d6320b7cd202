import GygesFiles

/// Reads little-endian values one after another and never beyond the end.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    let path: String
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    var remaining: Int { bytes.count - position }

    mutating func integer<T: FixedWidthInteger>(_ what: String, as type: T.Type = T.self) throws(FileError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw truncated(what) }
        defer { position += size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    /// A 64-bit count of things that take at least `minimumSize` bytes each, so that it cannot exceed what is left.
    mutating func count(_ what: String, minimumSize: Int) throws(FileError) -> Int {
        let raw: UInt64 = try integer(what)
        guard let count = Int(exactly: raw), count <= remaining / minimumSize else {
            throw fault("\(what) is \(raw), more than the rest of the file can hold")
        }
        return count
    }

    /// A 64-bit length and as many bytes.
    mutating func lengthPrefixed(_ what: String, limit: Int) throws(FileError) -> Range<Int> {
        let length = try count("the length of \(what)", minimumSize: 1)
        guard length <= limit else { throw fault("\(what) has \(length) bytes; at most \(limit) are allowed") }
        defer { position += length }
        return position..<(position + length)
    }

    /// Moves past a 64-bit length and as many bytes.
    ///
    /// Vocabularies are walked with it, so that the description is used only when something is wrong.
    @inline(__always)
    mutating func skipLengthPrefixed(_ what: String, limit: Int) throws(FileError) {
        if remaining >= 8 {
            let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            if length <= UInt64(min(limit, remaining - 8)) {
                position += 8 + Int(length)
                return
            }
        }
        _ = try lengthPrefixed(what, limit: limit)
    }

    mutating func string(_ what: String, limit: Int) throws(FileError) -> String {
        let range = try lengthPrefixed(what, limit: limit)
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw fault("\(what) is not UTF-8")
        }
        return text
    }

    mutating func skip(_ count: Int, _ what: String) throws(FileError) {
        guard remaining >= count else { throw truncated(what) }
        position += count
    }

    func fault(
        _ problem: String, remedy: String = "The file is damaged or incomplete; get it again."
    ) -> FileError {
        FileError(path, at: "byte \(position)", problem, remedy: remedy)
    }

    func truncated(_ what: String) -> FileError { fault("the file ends inside \(what)") }
}

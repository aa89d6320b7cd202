/// The heading of an array in NumPy's file format (version 1.0: `numpy/lib/format.py`), always as long, so that the number of
/// rows can be replaced while the file grows.
public enum NumpyHeader {
    /// What an array holds, by NumPy's name for it.
    public enum Element: String, Sendable, CaseIterable {
        case float32 = "<f4"
        case float16 = "<f2"
        case int8 = "|i1"
        case uint8 = "|u1"
        case int32 = "<i4"
        case int64 = "<i8"
        /// Three characters, as SciPy writes the name of a sparse matrix's form.
        case threeCharacters = "|S3"
    }

    /// The bytes of a heading; the rows follow.
    public static let byteCount = 128

    /// The heading of a matrix `[rows, columns]`, row after row, little-endian.
    public static func bytes(rows: Int, columns: Int, of element: Element = .float32) -> [UInt8] {
        bytes(shape: [rows, columns], of: element)
    }

    /// The heading of an array of at most two dimensions, the last changing first, little-endian; of a single element without any.
    public static func bytes(shape: [Int], of element: Element) -> [UInt8] {
        let sizes = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        let description = "{'descr': '\(element.rawValue)', 'fortran_order': False, 'shape': (\(sizes)), }"
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        let length = byteCount - bytes.count - 2
        bytes += [UInt8(length & 0xFF), UInt8(length >> 8)]
        bytes += Array(description.utf8)
        // Two numbers of at most 19 digits leave room.
        bytes += [UInt8](repeating: 0x20, count: max(0, byteCount - 1 - bytes.count))
        return bytes + [0x0A]
    }
}

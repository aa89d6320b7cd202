import GygesCheckpoints
public import GygesFiles

/// Vectors of tokens, or sparse ones, as an archive of NumPy's arrays (`.npz`), whose rows texts have any number of.
///
/// Vectors of tokens are `vectors` `[tokens, channels]` and `tokens` `[tokens]`; those of text `i` lie from `offsets[i]` to
/// `offsets[i + 1]`. Sparse vectors are a matrix `[texts, vocabulary]` in compressed rows, as `scipy.sparse.load_npz` reads it.
public struct VectorArchive {
    private let records: Records
    /// Where each record begins among the tokens, and where the last ends.
    private let offsets: [Int]
    private let kind: VectorKind
    private let numbers: VectorNumbers
    /// Numbers that a token has.
    private let width: Int
    private let vocabularySize: Int

    /// Records in a file or in memory.
    private enum Records {
        case file(MappedFile)
        case bytes([UInt8])

        func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws(FileError) -> Value) throws(FileError) -> Value {
            switch self {
            case .file(let file): return try file.withBytes(body)
            case .bytes(let bytes):
                let result = bytes.withUnsafeBytes { bytes in Result { () throws(FileError) in try body(bytes) } }
                return try result.get()
            }
        }
    }

    /// Takes rows of the format ``VectorRows/Format/records`` from memory.
    ///
    /// - Throws: ``FileError`` if they are not whole; ``EncoderError`` as the maker does.
    public init(records: [UInt8], of maker: VectorRowMaker) throws {
        try self.init(.bytes(records), maker, path: "the rows")
    }

    /// Takes rows of the format ``VectorRows/Format/records`` from a file, which stays mapped.
    ///
    /// - Throws: ``FileError`` if it cannot be read or is not whole; ``EncoderError`` as the maker does.
    /// - Complexity: O(rows), 8 bytes of memory for each.
    public init(recordsAt path: String, of maker: VectorRowMaker) throws {
        try self.init(.file(try MappedFile(path: path)), maker, path: path)
    }

    private init(_ records: Records, _ maker: VectorRowMaker, path: String) throws {
        self.records = records
        kind = maker.vectorizer.kind
        numbers = maker.numbers
        let width = kind == .sparse ? 1 : try maker.vectorizer.model.tokenWidth(maker.options)
        self.width = width
        vocabularySize = maker.vectorizer.model.configuration.vocabularySize
        let tokenBytes = 4 + width * maker.numbers.byteCount
        offsets = try records.withBytes { bytes throws(FileError) in
            var offsets = [0]
            var place = 0
            while place < bytes.count {
                let count =
                    bytes.count - place >= 4 ? Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)) : .max
                guard count <= (bytes.count - place - 4) / tokenBytes else {
                    throw FileError(path, "ends within a row", remedy: "Begin anew with --overwrite.")
                }
                place += 4 + count * tokenBytes
                offsets.append(offsets[offsets.count - 1] + count)
            }
            return offsets
        }
    }

    /// Writes the archive, whole or not at all.
    ///
    /// - Throws: ``FileError`` if it cannot be written.
    /// - Complexity: O(size of the rows), which are read four times; memory for a part of them.
    public func write(to path: String) throws(FileError) {
        let count = offsets[offsets.count - 1]
        var zip = try ZipWriter(replacing: path)
        try zip.append("\(kind == .sparse ? "indptr" : "offsets").npy") { take throws(FileError) in
            try take(NumpyHeader.bytes(shape: [offsets.count], of: .int64))
            for start in stride(from: 0, to: offsets.count, by: Self.partCount) {
                let part = offsets[start..<min(start + Self.partCount, offsets.count)]
                try take(part.flatMap { Self.bytes(Int64($0)) })
            }
        }
        try zip.append("\(kind == .sparse ? "indices" : "tokens").npy") { take throws(FileError) in
            try take(NumpyHeader.bytes(shape: [count], of: .int32))
            try forEachRecord { bytes, count throws(FileError) in try take(Array(bytes[..<(4 * count)])) }
        }
        let shape = kind == .sparse ? [count] : [count, width]
        try zip.append("\(kind == .sparse ? "data" : "vectors").npy") { take throws(FileError) in
            try take(NumpyHeader.bytes(shape: shape, of: numbers.element))
            try forEachRecord { bytes, count throws(FileError) in try take(Array(bytes[(4 * count)...])) }
        }
        if kind == .sparse {
            try zip.append("format.npy", NumpyHeader.bytes(shape: [], of: .threeCharacters) + Array("csr".utf8))
            let shape = [offsets.count - 1, vocabularySize].flatMap { Self.bytes(Int64($0)) }
            try zip.append("shape.npy", NumpyHeader.bytes(shape: [2], of: .int64) + shape)
        }
        try zip.finish()
    }

    /// Hands out what follows the count of each record: its tokens and their numbers.
    private func forEachRecord(
        _ body: (_ bytes: Slice<UnsafeRawBufferPointer>, _ count: Int) throws(FileError) -> Void
    ) throws(FileError) {
        try records.withBytes { bytes throws(FileError) in
            var place = 0
            for row in 1..<max(1, offsets.count) {
                let count = offsets[row] - offsets[row - 1]
                let end = place + 4 + count * (4 + width * numbers.byteCount)
                let record = UnsafeRawBufferPointer(rebasing: bytes[(place + 4)..<end])
                try body(record[...], count)
                place = end
            }
        }
    }

    /// Offsets that are written together.
    private static let partCount = 1 << 16

    private static func bytes(_ value: Int64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

extension VectorNumbers {
    /// The bytes of a number; of bits, of eight.
    fileprivate var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16: 2
        case .int8, .binary: 1
        }
    }
}

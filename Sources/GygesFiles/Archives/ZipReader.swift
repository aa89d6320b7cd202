/// Reads a ZIP archive (APPNOTE 6.3.10), also in the Zip64 form: the list of its files at once, each file when it is asked
/// for.
///
/// Sizes and places come from the archive's directory and are checked against the file before anything is read; what a
/// file grows to is bounded by the caller.
public struct ZipReader: Sendable {
    /// A file in the archive.
    public struct Entry: Sendable, Equatable {
        /// Its name, with `/` between folders.
        public let name: String
        /// How many bytes it has.
        public let size: Int
        let method: Int
        let checksum: UInt32
        let compressedSize: Int
        let offset: Int
    }

    /// The files in the directory's order.
    public let entries: [Entry]
    private let file: MappedFile

    /// The most files that are listed.
    private static let entryLimit = 2_000_000

    /// Opens an archive and reads its directory.
    ///
    /// - Throws: ``FileError`` if it is none, is cut off, or its directory points beyond it.
    /// - Complexity: O(number of files).
    public init(path: String) throws(FileError) {
        let file = try MappedFile(path: path)
        self.file = file
        entries = try file.withBytes { bytes throws(FileError) in try Self.directory(bytes, path: path) }
    }

    /// A file's bytes.
    ///
    /// - Throws: ``FileError`` if it is larger than `limit`, damaged, encrypted, or compressed by another method than deflate or Zstandard.
    public func contents(of entry: Entry, limit: Int) throws(FileError) -> [UInt8] {
        func fault(_ problem: String, _ remedy: String) -> FileError {
            FileError(file.path, at: entry.name, problem, remedy: remedy)
        }
        guard entry.size <= limit else {
            throw fault("has \(entry.size) bytes; at most \(limit) are read", "Check that it is the right file.")
        }
        guard [0, 8, 93].contains(entry.method) else {
            throw fault(
                "is compressed by method \(entry.method), which is not read here",
                "Pack the archive anew, stored, deflated or with Zstandard.")
        }
        let data = try file.withBytes { bytes throws(FileError) in
            let view = ZipView(bytes, path: file.path)
            // The header before the file has lengths of its own for its name and extra field.
            guard try view.integer(UInt32.self, at: entry.offset) == 0x0403_4B50 else { throw view.damaged }
            guard try view.integer(UInt16.self, at: entry.offset + 6) & 1 == 0 else {
                throw fault("is encrypted, which is not read here", "Pack the archive without a password.")
            }
            let nameCount = Int(try view.integer(UInt16.self, at: entry.offset + 26))
            let extraCount = Int(try view.integer(UInt16.self, at: entry.offset + 28))
            return try view.bytes(at: entry.offset + 30 + nameCount + extraCount, count: entry.compressedSize)
        }
        let contents =
            switch entry.method {
            case 0: data as [UInt8]?
            case 8: Deflate.decompressed(data, limit: entry.size)
            default: Zstandard.decompressed(data, limit: entry.size)
            }
        guard let contents, contents.count == entry.size, Deflate.crc32(contents) == entry.checksum else {
            throw fault("is damaged", "Get the archive again.")
        }
        return contents
    }

    // MARK: - The directory

    private static func directory(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> [Entry] {
        let view = ZipView(bytes, path: path)
        let end = try endOfDirectory(view)
        var count = Int(try view.integer(UInt16.self, at: end + 10))
        var position = Int(try view.integer(UInt32.self, at: end + 16))
        if count == 0xFFFF || position == 0xFFFF_FFFF, end >= 20,
            try view.integer(UInt32.self, at: end - 20) == 0x0706_4B50
        {
            let large = try view.place(at: end - 12)
            guard try view.integer(UInt32.self, at: large) == 0x0606_4B50 else { throw view.damaged }
            count = try view.place(at: large + 32)
            position = try view.place(at: large + 48)
        }
        guard count <= min(entryLimit, bytes.count / 46) else { throw view.damaged }
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            guard try view.integer(UInt32.self, at: position) == 0x0201_4B50 else { throw view.damaged }
            let nameCount = Int(try view.integer(UInt16.self, at: position + 28))
            let extraCount = Int(try view.integer(UInt16.self, at: position + 30))
            let commentCount = Int(try view.integer(UInt16.self, at: position + 32))
            guard let name = String(validating: try view.bytes(at: position + 46, count: nameCount), as: UTF8.self)
            else { throw view.damaged }
            // What does not fit 32 bits stands in the extra field, in this order.
            var sizes = [24, 20, 42].map { position + $0 }
            let values = try sizes.map { place throws(FileError) in Int(try view.integer(UInt32.self, at: place)) }
            sizes = try view.large(values, extra: position + 46 + nameCount, count: extraCount)
            entries.append(
                Entry(
                    name: name, size: sizes[0], method: Int(try view.integer(UInt16.self, at: position + 10)),
                    checksum: try view.integer(UInt32.self, at: position + 16), compressedSize: sizes[1],
                    offset: sizes[2]))
            position += 46 + nameCount + extraCount + commentCount
        }
        return entries
    }

    /// Where the record at the end stands: a comment of up to 65,535 bytes may follow it.
    private static func endOfDirectory(_ view: ZipView) throws(FileError) -> Int {
        var place = view.count - 22
        let first = max(0, place - 0xFFFF)
        while place >= first {
            if try view.integer(UInt32.self, at: place) == 0x0605_4B50 { return place }
            place -= 1
        }
        throw FileError(view.path, "is no ZIP archive, or its end is missing", remedy: "Get the archive again.")
    }
}

/// Little-endian fields of an archive, none of which lies outside.
private struct ZipView {
    private let contents: UnsafeRawBufferPointer
    let path: String

    init(_ contents: UnsafeRawBufferPointer, path: String) {
        self.contents = contents
        self.path = path
    }

    var count: Int { contents.count }

    var damaged: FileError { FileError(path, "is a damaged ZIP archive", remedy: "Get the archive again.") }

    func integer<Value: FixedWidthInteger>(_: Value.Type, at place: Int) throws(FileError) -> Value {
        let size = MemoryLayout<Value>.size
        guard place >= 0, place <= count - size else { throw damaged }
        return Value(littleEndian: contents.loadUnaligned(fromByteOffset: place, as: Value.self))
    }

    /// A 64-bit number that is a place or a size; far from where sums would overflow.
    func place(at place: Int) throws(FileError) -> Int {
        guard let value = Int(exactly: try integer(UInt64.self, at: place)), value < 1 << 48 else { throw damaged }
        return value
    }

    func bytes(at place: Int, count: Int) throws(FileError) -> [UInt8] {
        guard place >= 0, count >= 0, place <= self.count, count <= self.count - place else { throw damaged }
        return Array(contents[place..<(place + count)])
    }

    /// The values, of which those that are all ones are replaced by the next ones of the Zip64 extra field.
    func large(_ values: [Int], extra: Int, count: Int) throws(FileError) -> [Int] {
        guard values.contains(0xFFFF_FFFF) else { return values }
        var position = extra
        while position + 4 <= extra + count {
            let size = Int(try integer(UInt16.self, at: position + 2))
            guard try integer(UInt16.self, at: position) == 1 else {
                position += 4 + size
                continue
            }
            var values = values
            var next = position + 4
            for index in values.indices where values[index] == 0xFFFF_FFFF {
                guard next + 8 <= position + 4 + size else { throw damaged }
                values[index] = try place(at: next)
                next += 8
            }
            return values
        }
        throw damaged
    }
}

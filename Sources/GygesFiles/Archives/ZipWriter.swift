/// Writes a ZIP archive (APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT) entry by entry.
///
/// Entries are deflated where that makes them smaller. None has a time (all bear the format's first day), so that equal entries
/// give equal archives. More than 65,535 entries, or more than 4 GiB, are written in the Zip64 form (§4.3.14, §4.5.3).
/// The file appears, whole, when ``finish()``, or ``commit()`` after ``close()``, returns.
public struct ZipWriter {
    fileprivate struct Entry {
        var name: [UInt8]
        var method: UInt16
        var checksum: UInt32
        var compressedSize: UInt64
        var size: UInt64
        var offset: UInt64
        /// Whether the sizes are written in the Zip64 form.
        var isLarge = false
    }

    /// From how many bytes on sizes of files are written in the Zip64 form.
    var largeSize: UInt64 = 0xFFFF_FFFF
    private let draft: AtomicFile.Draft
    private let path: String
    private var entries: [Entry] = []
    private var position: UInt64 = 0

    /// Begins an archive that will replace the file at `path`.
    ///
    /// - Throws: ``FileError`` if nothing can be written there.
    public init(replacing path: String) throws(FileError) {
        self.path = path
        draft = try AtomicFile.Draft(replacing: path)
    }

    /// Adds a file under a name, with `/` between folders.
    ///
    /// - Throws: ``FileError`` if the file has 4 GiB or more, its name more than 65,535 bytes, or the disk is full.
    public mutating func append(_ name: String, _ contents: [UInt8]) throws(FileError) {
        let bytes = Array(name.utf8)
        guard contents.count < Int(UInt32.max), bytes.count <= Int(UInt16.max) else {
            throw FileError(path, at: name, "is too large for an archive", remedy: "Export fewer transcripts at once.")
        }
        let deflated = Deflate.compressed(contents)
        let isSmaller = deflated.count < contents.count
        let data = isSmaller ? deflated : contents
        try begin(
            Entry(
                name: bytes, method: isSmaller ? 8 : 0, checksum: Deflate.crc32(contents),
                compressedSize: UInt64(data.count), size: UInt64(contents.count), offset: position))
        try write(data)
    }

    /// Adds a file of any size under a name, as it is, part by part.
    ///
    /// - Parameter parts: Hands out all parts in order. It is called twice, for the check and for the contents, and gives the same each
    ///   time.
    /// - Throws: ``FileError`` if the disk is full or the name is too long; what `parts` throws.
    public mutating func append(
        _ name: String, parts: (_ take: ([UInt8]) throws(FileError) -> Void) throws(FileError) -> Void
    ) throws(FileError) {
        let bytes = Array(name.utf8)
        guard bytes.count <= Int(UInt16.max) else {
            throw FileError(path, at: name, "is too long a name for an archive", remedy: "Shorten it.")
        }
        var (checksum, size) = (UInt32(0), UInt64(0))
        try parts { part throws(FileError) in
            checksum = Deflate.crc32(part, after: checksum)
            size += UInt64(part.count)
        }
        try begin(
            Entry(name: bytes, method: 0, checksum: checksum, compressedSize: size, size: size, offset: position))
        var writer = self
        try parts { part throws(FileError) in try writer.write(part) }
        self = writer
    }

    /// Writes what stands before a file's contents.
    private mutating func begin(_ entry: Entry) throws(FileError) {
        var entry = entry
        entry.isLarge = max(entry.compressedSize, entry.size) >= largeSize
        var header = Record(signature: 0x0403_4B50)
        header.append(common: entry.method, entry.checksum, of: entry.sizes, nameCount: entry.name.count)
        header.append(UInt16(entry.isLarge ? 20 : 0))
        header.bytes += entry.name
        if entry.isLarge { header.append(large: [entry.size, entry.compressedSize]) }
        try write(header.bytes)
        entries.append(entry)
    }

    /// Writes the directory and puts the archive in its place.
    ///
    /// - Throws: ``FileError`` if the disk is full or the file cannot be replaced.
    public mutating func finish() throws(FileError) {
        try close()
        try commit()
    }

    /// Puts an archive whose directory is written in its place.
    ///
    /// - Throws: ``FileError`` if the file cannot be replaced.
    public func commit() throws(FileError) { try draft.commit() }

    /// Writes the directory, after which nothing can be added.
    ///
    /// - Throws: ``FileError`` if the disk is full.
    public mutating func close() throws(FileError) {
        let start = position
        for entry in entries { try write(directoryRecord(entry)) }
        let size = position - start
        let isLarge = entries.count >= 0xFFFF || start + size >= 0xFFFF_FFFF
        if isLarge { try write(largeEnd(start: start, size: size)) }
        var end = Record(signature: 0x0605_4B50)
        end.append(UInt32(0))  // One disk.
        let count = UInt16(clamping: entries.count)
        end.append(isLarge ? 0xFFFF : count)
        end.append(isLarge ? 0xFFFF : count)
        end.append(isLarge ? 0xFFFF_FFFF : UInt32(size))
        end.append(isLarge ? 0xFFFF_FFFF : UInt32(start))
        end.append(UInt16(0))  // No comment.
        try write(end.bytes)
        entries = []
    }

    private func directoryRecord(_ entry: Entry) -> [UInt8] {
        let isFar = entry.offset >= 0xFFFF_FFFF
        var record = Record(signature: 0x0201_4B50)
        let large = (entry.isLarge ? [entry.size, entry.compressedSize] : []) + (isFar ? [entry.offset] : [])
        record.append(UInt16(large.isEmpty ? 20 : 45))  // Made by a program that knows this version.
        record.append(common: entry.method, entry.checksum, of: entry.sizes, nameCount: entry.name.count)
        record.append(UInt16(large.isEmpty ? 0 : 4 + 8 * large.count))
        for _ in 0..<3 { record.append(UInt16(0)) }  // No comment, first disk, no attributes.
        record.append(UInt32(0))
        record.append(isFar ? 0xFFFF_FFFF : UInt32(entry.offset))
        record.bytes += entry.name
        if !large.isEmpty { record.append(large: large) }
        return record.bytes
    }

    /// The Zip64 end of the directory and its locator.
    private func largeEnd(start: UInt64, size: UInt64) -> [UInt8] {
        var record = Record(signature: 0x0606_4B50)
        record.append(UInt64(44))
        record.append(UInt16(45))
        record.append(UInt16(45))
        record.append(UInt64(0))
        record.append(UInt64(entries.count))
        record.append(UInt64(entries.count))
        record.append(size)
        record.append(start)
        var locator = Record(signature: 0x0706_4B50)
        locator.append(UInt32(0))
        locator.append(start + size)
        locator.append(UInt32(1))
        return record.bytes + locator.bytes
    }

    private mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try draft.append(bytes)
        position += UInt64(bytes.count)
    }
}

extension ZipWriter.Entry {
    /// The sizes in 32 bits, all of them set where they are written elsewhere.
    fileprivate var sizes: (compressed: UInt32, plain: UInt32) {
        isLarge ? (.max, .max) : (UInt32(compressedSize), UInt32(size))
    }
}

/// Little-endian fields after a signature.
private struct Record {
    var bytes: [UInt8] = []

    init(signature: UInt32) { append(signature) }

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    /// What the header before a file and its record in the directory share.
    mutating func append(
        common method: UInt16, _ checksum: UInt32, of sizes: (compressed: UInt32, plain: UInt32), nameCount: Int
    ) {
        append(UInt16(sizes.plain == .max ? 45 : 20))  // Needs version 2.0, or 4.5 for Zip64.
        append(UInt16(0x0800))  // The name is UTF-8.
        append(method)
        append(UInt16(0))
        append(UInt16(0x0021))  // 1 January 1980.
        append(checksum)
        append(sizes.compressed)
        append(sizes.plain)
        append(UInt16(nameCount))
    }

    /// The Zip64 extra field (§4.5.3).
    mutating func append(large values: [UInt64]) {
        append(UInt16(1))
        append(UInt16(8 * values.count))
        for value in values { append(value) }
    }
}

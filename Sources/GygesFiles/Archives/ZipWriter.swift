/// Writes a ZIP archive (APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT) entry by entry.
///
/// Entries are deflated where that makes them smaller. None has a time (all bear the format's first day), so that equal entries
/// give equal archives. More than 65,535 entries, or more than 4 GiB, are written in the Zip64 form (§4.3.14, §4.5.3).
/// The file appears, whole, when ``finish()``, or ``commit()`` after ``close()``, returns.
public struct ZipWriter {
    private struct Entry {
        var name: [UInt8]
        var method: UInt16
        var checksum: UInt32
        var compressedSize: UInt32
        var size: UInt32
        var offset: UInt64
    }

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
        let entry = Entry(
            name: bytes, method: isSmaller ? 8 : 0, checksum: Deflate.crc32(contents),
            compressedSize: UInt32(data.count), size: UInt32(contents.count), offset: position)
        var header = Record(signature: 0x0403_4B50)
        header.append(common: entry.method, entry.checksum, entry.compressedSize, entry.size, nameCount: bytes.count)
        header.append(UInt16(0))  // No extra field.
        header.bytes += bytes
        try write(header.bytes)
        try write(data)
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
        record.append(UInt16(isFar ? 45 : 20))  // Made by a program that knows this version.
        record.append(
            common: entry.method, entry.checksum, entry.compressedSize, entry.size, nameCount: entry.name.count)
        record.append(UInt16(isFar ? 12 : 0))
        for _ in 0..<3 { record.append(UInt16(0)) }  // No comment, first disk, no attributes.
        record.append(UInt32(0))
        record.append(isFar ? 0xFFFF_FFFF : UInt32(entry.offset))
        record.bytes += entry.name
        if isFar {
            record.append(UInt16(1))
            record.append(UInt16(8))
            record.append(entry.offset)
        }
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

/// Little-endian fields after a signature.
private struct Record {
    var bytes: [UInt8] = []

    init(signature: UInt32) { append(signature) }

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    /// What the header before a file and its record in the directory share.
    mutating func append(
        common method: UInt16, _ checksum: UInt32, _ compressed: UInt32, _ size: UInt32, nameCount: Int
    ) {
        append(UInt16(20))  // Needs version 2.0.
        append(UInt16(0x0800))  // The name is UTF-8.
        append(method)
        append(UInt16(0))
        append(UInt16(0x0021))  // 1 January 1980.
        append(checksum)
        append(compressed)
        append(size)
        append(UInt16(nameCount))
    }
}

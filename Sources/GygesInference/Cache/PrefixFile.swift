import GygesFiles
import GygesKernels

/// Computed pages on disk.
///
/// 8 bytes of magic, the length of the header as 64 little-endian bits, the header's SHA-256 as 64 hexadecimal digits, the header
/// (JSON), then the pages as they lie in memory, one after another. The header says what the pages belong to and lists for each
/// its tokens, the page before it and its SHA-256; a page stands after the one before it.
struct PrefixFile {
    /// What decides whether pages mean the same: anything else gives other bits.
    struct Identity: Equatable {
        /// The weights and how products are computed.
        var model: String
        /// The kernels that computed the pages.
        var instructionSet: String
        /// How positions rotate queries and keys.
        var rotary: String
        /// The arrangement of a page: layers of blocks.
        var layout: KeyValueLayout
        var layerCount: Int
        var pageByteCount: Int

        /// The members of the header.
        fileprivate var members: [(String, JSON)] {
            [
                ("model", .string(model)), ("instruction_set", .string(instructionSet)), ("rotary", .string(rotary)),
                ("format", .string(layout.format.rawValue)), ("layers", .integer(layerCount)),
                ("heads", .integer(layout.headCount)), ("head_dimension", .integer(layout.headDimension)),
                ("page_tokens", .integer(KeyValueLayout.blockLength)), ("page_bytes", .integer(pageByteCount)),
            ]
        }
    }

    /// A page of a file that was read.
    struct Page {
        /// Its tokens.
        var tokens: [Int32]
        /// The page before it, by its place in the file; `nil` at the beginning of a text.
        var parent: Int?
        fileprivate var digest: String
    }

    /// The last digit counts changes of the format and of the arrangement inside a page.
    private static let magic = Array("GYGESKV1".utf8)
    private static let headerStart = 8 + 8 + 64

    // MARK: Writing

    /// Writes pages of an index, each after the one before it.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    static func write(_ entries: [PrefixIndex.Entry], identity: Identity, to path: String) throws(FileError) {
        var places: [ObjectIdentifier: Int] = [:]
        var pages: [JSON] = []
        for (place, entry) in entries.enumerated() {
            guard let page = entry.page else { continue }
            places[ObjectIdentifier(entry)] = place
            let parent = entry.parent.flatMap { places[ObjectIdentifier($0)] }
            pages.append([
                "tokens": .array(entry.tokens.map { .integer(Int($0)) }),
                "parent": parent.map(JSON.integer) ?? .null, "sha256": .string(Digest.sha256(page.bytes)),
            ])
        }
        let header = Array(JSON.object(JSONObject(identity.members + [("pages", .array(pages))])).serialized().utf8)
        try AtomicFile.write(to: path) { output throws(FileError) in
            try output.append(magic)
            try output.append(withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init))
            try output.append(Array(header.withUnsafeBytes { Digest.sha256($0) }.utf8))
            try output.append(header)
            for entry in entries {
                if let page = entry.page { try output.append(page.bytes) }
            }
        }
    }

    // MARK: Reading

    /// The pages of the file, parents first.
    let pages: [Page]
    private let file: MappedFile
    private let start: Int
    private let pageByteCount: Int

    /// Reads a file and verifies all of it.
    ///
    /// - Throws: ``FileError`` if it is not such a file, damaged, or of anything but `identity`.
    init(path: String, identity: Identity, vocabularySize: Int) throws(FileError) {
        func fault(_ place: String, _ problem: String) -> FileError {
            FileError(path, at: place, problem, remedy: "Remove the file; it is written again when prefixes are saved.")
        }
        file = try MappedFile(path: path)
        let bytes = file.bytes
        guard bytes.count >= Self.headerStart, bytes.starts(with: Self.magic) else {
            throw fault("", "is not a prefix file of this version of Gyges")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard let length = Int(exactly: length), length <= bytes.count - Self.headerStart else {
            throw fault("byte 8", "the header has \(length) bytes, more than the file")
        }
        start = Self.headerStart + length
        let text = UnsafeRawBufferPointer(rebasing: bytes[Self.headerStart..<start])
        guard bytes[16..<Self.headerStart].elementsEqual(Digest.sha256(text).utf8) else {
            throw fault("header", "the digest is wrong")
        }
        let header = try JSON.parse(text, path: path)
        let differences = identity.members.filter { header[$0.0] != $0.1 }.map { name, wanted in
            "\(name) is \(header[name]?.serialized() ?? "missing"); here it is \(wanted.serialized())"
        }
        guard differences.isEmpty else {
            throw FileError(
                path, at: "header", problems: differences,
                remedy: "The prefixes were computed otherwise; use another file, or remove it to have it written again."
            )
        }

        var pages: [Page] = []
        for (place, page) in (header["pages"]?.array ?? []).enumerated() {
            let tokens = (page["tokens"]?.array ?? []).compactMap { token in
                token.integer.flatMap { (0..<vocabularySize).contains($0) ? Int32(exactly: $0) : nil }
            }
            let parent = page["parent"]?.integer
            guard (1...KeyValueLayout.blockLength).contains(tokens.count), let digest = page["sha256"]?.string,
                tokens.count == page["tokens"]?.array?.count,
                // Only full pages are followed by others.
                parent.map({ pages.indices.contains($0) && pages[$0].tokens.count == KeyValueLayout.blockLength })
                    ?? (page["parent"]?.isNull ?? false)
            else { throw fault("page \(place)", "is not described as a page") }
            pages.append(Page(tokens: tokens, parent: parent, digest: digest))
        }
        self.pages = pages
        pageByteCount = identity.pageByteCount
        let (byteCount, overflows) = pages.count.multipliedReportingOverflow(by: pageByteCount)
        guard !overflows, bytes.count - start == byteCount else {
            throw fault(
                "", "has \(bytes.count - start) bytes of pages; \(pages.count) pages of \(pageByteCount) are listed")
        }
        for (place, page) in pages.enumerated() where withContents(of: place, Digest.sha256) != page.digest {
            throw fault("page \(place)", "the digest is wrong")
        }
    }

    /// Calls `body` with the bytes of a page.
    func withContents<Value>(of place: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let first = start + place * pageByteCount
        return file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[first..<(first + pageByteCount)])) }
    }
}

public import GygesFiles

/// Tokenised documents in a file that is mapped, of which only what is read is loaded.
///
/// The header is checked when it is opened, and what belongs to a document when it is read; ``verify()`` reads everything.
public final class TokenShard: DocumentStore {
    /// The file.
    public let name: String
    /// The digest that the file states of its contents.
    public let digest: String
    private let layout: ShardLayout
    private let file: MappedFile

    /// The number of documents.
    public var count: Int { layout.documentCount }
    /// The tokens of all documents.
    public var tokenCount: Int { layout.tokenCount }
    /// One more than the largest token that there may be.
    public var vocabularyCount: Int { layout.vocabularyCount }
    /// The digest of the vocabulary that the tokens belong to.
    public var vocabularyDigest: String { layout.vocabularyDigest }

    private static let remedy = "Make it again with gyges tokenize --shards."

    /// Opens a shard.
    ///
    /// - Throws: ``FileError`` if it cannot be read, is none, or is not as long as it says.
    public init(path: String) throws(FileError) {
        let opened = try MappedFile(path: path)
        name = path
        file = opened
        (layout, digest) = try opened.withBytes { bytes throws(FileError) in
            try Self.header(bytes, path)
        }
    }

    private static func header(
        _ bytes: UnsafeRawBufferPointer, _ path: String
    ) throws(FileError) -> (ShardLayout, String) {
        func failure(_ problem: String) -> FileError { FileError(path, at: "header", problem, remedy: remedy) }
        guard bytes.count >= ShardLayout.headerByteCount, bytes.starts(with: ShardLayout.magic) else {
            throw failure("is not that of a shard of tokens")
        }
        let version = bytes.number(UInt32.self, at: 8)
        guard version == ShardLayout.version else {
            throw failure("has version \(version), and this program reads \(ShardLayout.version)")
        }
        // Numbers below 2⁴⁸ and 16 bytes each at most: no sum or product overflows.
        let counts = (0..<4).map { bytes.number(UInt64.self, at: 16 + 8 * $0) }
        guard counts.allSatisfy({ $0 < 1 << 48 }), counts[3] <= Int32.max else {
            throw failure("states counts that no file can hold: \(counts)")
        }
        func text(at offset: Int) throws(FileError) -> String {
            let digest = bytes[offset..<offset + ShardLayout.digestByteCount]
            guard digest.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
                throw failure("states a digest that is none")
            }
            return String(decoding: digest, as: UTF8.self)
        }
        let layout = ShardLayout(
            documentCount: Int(counts[0]), spanCount: Int(counts[1]), tokenCount: Int(counts[2]),
            vocabularyCount: Int(counts[3]), vocabularyDigest: try text(at: 48))
        let width = bytes.number(UInt32.self, at: 12)
        guard width == layout.tokenByteCount else { throw failure("states \(width) bytes a token") }
        guard layout.byteCount == bytes.count else {
            throw failure("states a length of \(layout.byteCount) bytes, and the file has \(bytes.count)")
        }
        return (layout, try text(at: ShardLayout.fieldsByteCount))
    }

    /// The number of a document's tokens.
    public func length(of document: Int) throws(FileError) -> Int { try bounds(of: document).tokens.count }

    /// A document.
    public func document(_ document: Int) throws(FileError) -> Document {
        let (places, spanPlaces) = try bounds(of: document)
        let layout = layout, vocabularyCount = layout.vocabularyCount
        let found: Document? = file.withBytes { bytes in
            let tokens = places.map { place -> Int32 in
                layout.tokenByteCount == 2
                    ? Int32(bytes.number(UInt16.self, at: layout.tokensOffset + 2 * place))
                    : bytes.number(Int32.self, at: layout.tokensOffset + 4 * place)
            }
            var spans: [Range<Int>] = []
            for place in spanPlaces {
                let lower = Int(bytes.number(UInt32.self, at: layout.spansOffset + 8 * place))
                let upper = Int(bytes.number(UInt32.self, at: layout.spansOffset + 8 * place + 4))
                guard lower < upper, upper <= tokens.count, lower >= spans.last?.upperBound ?? 0 else { return nil }
                spans.append(lower..<upper)
            }
            guard tokens.allSatisfy({ $0 >= 0 && Int($0) < vocabularyCount }) else { return nil }
            return Document(tokens: tokens, supervised: spans)
        }
        guard let found else { throw damaged(document) }
        return found
    }

    /// Reads everything and compares it with the digest.
    ///
    /// - Throws: ``FileError`` if a bit is not as it was written.
    /// - Complexity: O(size of the file).
    public func verify() throws(FileError) {
        let actual = file.withBytes { bytes in
            var running = RunningDigest()
            running.update(UnsafeRawBufferPointer(rebasing: bytes[..<ShardLayout.fieldsByteCount]))
            running.update(UnsafeRawBufferPointer(rebasing: bytes[ShardLayout.headerByteCount...]))
            return running.value
        }
        guard actual == digest else {
            throw FileError(name, "is damaged: its contents do not have the digest that it states", remedy: Self.remedy)
        }
    }

    /// Where a document's tokens and spans stand.
    private func bounds(of document: Int) throws(FileError) -> (tokens: Range<Int>, spans: Range<Int>) {
        guard document >= 0, document < count else { fatalError("document \(document) of \(count)") }
        let ends = file.withBytes { bytes in
            (0..<4).map { place in
                // Those of the document before it, then its own.
                let offset = ShardLayout.headerByteCount + 16 * (document - 1) + 8 * place
                return place < 2 && document == 0 ? 0 : bytes.number(UInt64.self, at: offset)
            }
        }
        guard ends[0] <= ends[2], ends[2] <= UInt64(layout.tokenCount), ends[1] <= ends[3],
            ends[3] <= UInt64(layout.spanCount)
        else { throw damaged(document) }
        return (Int(ends[0])..<Int(ends[2]), Int(ends[1])..<Int(ends[3]))
    }

    private func damaged(_ document: Int) -> FileError {
        FileError(name, at: "document \(document)", "contradicts the rest of the file", remedy: Self.remedy)
    }
}

extension UnsafeRawBufferPointer {
    /// A little-endian number; its bytes must lie within.
    fileprivate func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, at offset: Int
    ) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}

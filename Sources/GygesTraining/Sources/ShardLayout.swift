public import GygesFiles

/// How a shard of tokenised documents lies in a file. All numbers are little-endian.
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | `GYGESTOK` |
/// | 4, 4 | the version, 1; the bytes of a token, 2 or 4 |
/// | 8, 8, 8, 8 | the counts of documents, of spans, of tokens, and of the vocabulary |
/// | 64 | the digest of the vocabulary, in hexadecimal |
/// | 64 | the digest of everything but itself |
/// | 16 each | of each document the end of its tokens and of its spans, counted from the beginning of each |
/// | 8 each | of each span its first token and the one behind its last, counted from the beginning of its document |
/// | 2 or 4 each | the tokens |
struct ShardLayout: Sendable, Equatable {
    var documentCount: Int
    var spanCount: Int
    var tokenCount: Int
    var vocabularyCount: Int
    var vocabularyDigest: String

    static let magic = Array("GYGESTOK".utf8)
    static let version: UInt32 = 1
    static let digestByteCount = 64
    /// Everything before the digest, and with it.
    static let fieldsByteCount = 48 + digestByteCount
    static let headerByteCount = fieldsByteCount + digestByteCount

    /// The bytes of a token.
    var tokenByteCount: Int { vocabularyCount <= 1 << 16 ? 2 : 4 }
    var spansOffset: Int { Self.headerByteCount + 16 * documentCount }
    var tokensOffset: Int { spansOffset + 8 * spanCount }
    var byteCount: Int { tokensOffset + tokenByteCount * tokenCount }

    /// Calls `body` with the bytes of a shard, but for its digest, in parts.
    static func forEachPart<Failure: Error>(
        of contents: (tokens: [Int32], ends: [(token: Int, span: Int)], spans: [Range<Int>]), _ layout: ShardLayout,
        _ body: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var part = magic
        append(version, to: &part)
        append(UInt32(layout.tokenByteCount), to: &part)
        for count in [layout.documentCount, layout.spanCount, layout.tokenCount, layout.vocabularyCount] {
            append(UInt64(count), to: &part)
        }
        part += Array(layout.vocabularyDigest.utf8)
        try body(part)
        part.removeAll(keepingCapacity: true)
        func flushIfLarge() throws(Failure) {
            guard part.count >= 1 << 20 else { return }
            try body(part)
            part.removeAll(keepingCapacity: true)
        }
        for end in contents.ends {
            append(UInt64(end.token), to: &part)
            append(UInt64(end.span), to: &part)
            try flushIfLarge()
        }
        for span in contents.spans {
            append(UInt32(truncatingIfNeeded: span.lowerBound), to: &part)
            append(UInt32(truncatingIfNeeded: span.upperBound), to: &part)
            try flushIfLarge()
        }
        for token in contents.tokens {
            if layout.tokenByteCount == 2 {
                append(UInt16(truncatingIfNeeded: token), to: &part)
            } else {
                append(token, to: &part)
            }
            try flushIfLarge()
        }
        try body(part)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}

extension DocumentTable {
    /// Writes the documents to a shard, which ``TokenShard`` reads; a reader sees all of it or nothing.
    ///
    /// - Throws: ``FileError`` if it cannot be written.
    public func write(to path: String) throws(FileError) {
        let layout = ShardLayout(
            documentCount: ends.count, spanCount: spans.count, tokenCount: tokens.count,
            vocabularyCount: vocabularyCount, vocabularyDigest: vocabularyDigest)
        try AtomicFile.write(to: path) { output throws(FileError) in
            var isFirst = true
            try ShardLayout.forEachPart(of: (tokens, ends, spans), layout) { part throws(FileError) in
                try output.append(part)
                if isFirst { try output.append(Array(digest.utf8)) }
                isFirst = false
            }
        }
    }
}

/// Encodes texts one after another and remembers the tokens of pieces met before.
///
/// Holds at most 2 MiB beside the tokenizer, and belongs to one thread at a time.
public struct TokenEncoder: ~Copyable {
    /// The tokenizer.
    public let tokenizer: Tokenizer

    private let cache: PieceCache
    private var merger: PieceMerger

    /// Creates an encoder for texts of any number and length, or with less memory for `expectedByteCount` bytes in all.
    public init(_ tokenizer: Tokenizer, expectedByteCount: Int = .max) {
        self.tokenizer = tokenizer
        merger = tokenizer.merger
        var entryCountLog2 = 6
        while entryCountLog2 < 16, 8 << entryCountLog2 < expectedByteCount { entryCountLog2 += 1 }
        cache = PieceCache(entryCountLog2: entryCountLog2)
    }

    /// Encodes a text; see ``Tokenizer/encode(_:specialTokens:addsBeginning:addsEnd:)``.
    public mutating func encode(
        _ text: String, specialTokens: SpecialTokens = .asText, addsBeginning: Bool = false, addsEnd: Bool = false
    ) throws(TokenizerError) -> [Int32] {
        var tokens = addsBeginning ? tokenizer.beginningTokens : []
        try append(text, specialTokens: specialTokens, to: &tokens)
        if addsEnd { tokens += tokenizer.endTokens }
        return tokens
    }

    /// Encodes a text and appends its tokens to `tokens`.
    public mutating func append(
        _ text: String, specialTokens: SpecialTokens = .asText, to tokens: inout [Int32]
    ) throws(TokenizerError) {
        var text = text
        try check(text.utf8.count)
        text.withUTF8 { encode($0, specialTokens == .recognise ? .all : .whiteSpaceOnly, untrusted: [], &tokens) }
    }

    /// Encodes segments as one text; see ``Tokenizer/encode(segments:addsBeginning:)``.
    public mutating func encode(
        segments: [TextSegment], addsBeginning: Bool = false
    ) throws(TokenizerError) -> [Int32] {
        let (text, untrusted) = try joined(segments)
        var tokens = addsBeginning ? tokenizer.beginningTokens : []
        text.withUnsafeBufferPointer { encode($0, .all, untrusted: untrusted, &tokens) }
        return tokens
    }

    /// Encodes segments as one text, with the place of each token in it: the tokens that ``encode(segments:addsBeginning:)`` gives, in
    /// about twice the time.
    ///
    /// - Returns: The tokens, and for each the bytes of the joined text's UTF-8 that it stands for.
    public mutating func placedTokens(
        ofSegments segments: [TextSegment]
    ) throws(TokenizerError) -> (ids: [Int32], places: [Range<Int>]) {
        let (text, untrusted) = try joined(segments)
        var traced: [TracedToken] = []
        text.withUnsafeBufferPointer {
            trace($0, .all, untrusted: untrusted, prefixSpace: tokenizer.preTokenizer.addsPrefixSpace, to: &traced)
        }
        return (traced.map(\.id), traced.map(\.bytes))
    }

    /// The text of segments, and which of its bytes nobody vouches for.
    private func joined(_ segments: [TextSegment]) throws(TokenizerError) -> (text: [UInt8], untrusted: [Range<Int>]) {
        var text: [UInt8] = []
        var untrusted: [Range<Int>] = []
        for segment in segments where !segment.text.isEmpty {
            let start = text.count
            try check(start + segment.text.utf8.count)
            text.append(contentsOf: segment.text.utf8)
            guard !segment.isTrusted else { continue }
            if let last = untrusted.last, last.upperBound == start {
                untrusted[untrusted.count - 1] = last.lowerBound..<text.count
            } else {
                untrusted.append(start..<text.count)
            }
        }
        return (text, untrusted)
    }

    func check(_ byteCount: Int) throws(TokenizerError) {
        guard byteCount <= Tokenizer.textLimit else {
            throw .textTooLong(byteCount: byteCount, limit: Tokenizer.textLimit)
        }
    }

    // MARK: Steps

    /// Cuts raw text at added tokens and encodes what lies between.
    private mutating func encode(
        _ text: UnsafeBufferPointer<UInt8>, _ permission: AddedTokenMatcher.Permission, untrusted: [Range<Int>],
        _ output: inout [Int32]
    ) {
        let tokenizer = tokenizer
        guard tokenizer.isPlain else {
            var traced: [TracedToken] = []
            tracePieces(
                text, permission, untrusted: untrusted, prefixSpace: tokenizer.preTokenizer.addsPrefixSpace, to: &traced
            )
            output += traced.lazy.map(\.id)
            return
        }
        tokenizer.rawMatcher.split(text, permission, untrusted: untrusted) { token, range in
            if let token {
                output.append(tokenizer.rawMatcher.tokens[token].id)
            } else {
                let part = UnsafeBufferPointer(rebasing: text[range])
                var marks = clipped(untrusted, to: range)
                if tokenizer.normalizer.composesOnly, let composed = Normalization.composed(part, marks: &marks) {
                    composed.withUnsafeBufferPointer { encodeNormalized($0, permission, untrusted: marks, &output) }
                } else {
                    encodeNormalized(part, permission, untrusted: marks, &output)
                }
            }
        }
    }

    /// Cuts normalised text at added tokens and encodes what lies between.
    private mutating func encodeNormalized(
        _ text: UnsafeBufferPointer<UInt8>, _ permission: AddedTokenMatcher.Permission, untrusted: [Range<Int>],
        _ output: inout [Int32]
    ) {
        let tokenizer = tokenizer
        tokenizer.normalizedMatcher.split(text, permission, untrusted: untrusted) { token, range in
            if let token {
                output.append(tokenizer.normalizedMatcher.tokens[token].id)
            } else {
                encodePlain(UnsafeBufferPointer(rebasing: text[range]), &output)
            }
        }
    }

    /// Cuts text without added tokens into pieces and encodes each.
    private mutating func encodePlain(_ text: UnsafeBufferPointer<UInt8>, _ output: inout [Int32]) {
        if tokenizer.preTokenizer.addsPrefixSpace, let first = text.first, first != UInt8(ascii: " ") {
            ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer { encodePieces($0, &output) }
        } else {
            encodePieces(text, &output)
        }
    }

    private mutating func encodePieces(_ text: UnsafeBufferPointer<UInt8>, _ output: inout [Int32]) {
        guard let base = text.baseAddress else { return }
        tokenizer.preTokenizer.forEachPiece(text) { start, end in
            encodePiece(base + start, end - start, readable: text.count - start, &output)
        }
    }

    /// Appends the tokens of a piece, of which `readable` bytes from its start on may be read.
    @inline(__always)
    mutating func encodePiece(
        _ piece: UnsafePointer<UInt8>, _ length: Int, readable: Int, _ output: inout [Int32]
    ) {
        guard length <= PieceCache.pieceLimit else {
            encodeUncached(piece, length, &output)
            return
        }
        let key = PieceCache.key(piece, length, readable: readable)
        guard let (tokens, count) = cache.tokens(of: key) else {
            let first = output.count
            encodeUncached(piece, length, &output)
            if (1...PieceCache.tokenLimit).contains(output.count - first) {
                cache.insert(output[first...], for: key)
            }
            return
        }
        output.append(tokens[0])
        if count > 1 { for index in 1..<count { output.append(tokens[index]) } }
    }

    @inline(never)
    private mutating func encodeUncached(_ piece: UnsafePointer<UInt8>, _ length: Int, _ output: inout [Int32]) {
        if tokenizer.ignoresMerges, let token = tokenizer.table.id(of: piece, length) {
            output.append(token)
        } else {
            output += merger.encode(piece, length)
        }
    }
}

/// What `ranges`, in order and apart, have in common with `bounds`, counted from its start.
func clipped(_ ranges: [Range<Int>], to bounds: Range<Int>) -> [Range<Int>] {
    ranges.compactMap { range in
        let common = range.clamped(to: bounds)
        return common.isEmpty ? nil : common.lowerBound - bounds.lowerBound..<common.upperBound - bounds.lowerBound
    }
}

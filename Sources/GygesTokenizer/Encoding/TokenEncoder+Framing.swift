/// Framed tokens of one text or two.
extension TokenEncoder {
    /// The tokens of a text, or of two that belong together, with where each came from.
    ///
    /// - Throws: ``TokenizerError`` if a text is longer than ``Tokenizer/textLimit``, or cannot be shortened as asked.
    public mutating func tokens(
        of first: TextInput, and second: TextInput? = nil, options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> EncodedText {
        let texts = try encode(first, second, options)
        var kept = texts.map(\.encoded.ids.indices)
        if let truncation = options.truncation {
            let counts = try keptCounts(texts, truncation, options)
            kept = zip(counts, texts).map { truncation.range(keeping: $0, of: $1.encoded.count) }
        }
        return framed(texts, kept, options)
    }

    /// The tokens of a text, or of two, in as many windows as it takes to have every token of the last text in one.
    ///
    /// All windows have the whole first of two texts, and each but the last is as long as allowed.
    ///
    /// - Parameters:
    ///   - overlap: how many tokens of the last text a window shares with the one before; the reference's `stride`.
    ///   - options: has a truncation, of which only the maximum number of tokens is heeded; without one there is one window.
    /// - Throws: ``TokenizerError`` if a text is longer than ``Tokenizer/textLimit``, or there is no room for what is asked.
    public mutating func windows(
        of first: TextInput, and second: TextInput? = nil, overlap: Int, options: EncodingOptions
    ) throws(TokenizerError) -> [EncodedText] {
        let texts = try encode(first, second, options)
        let count = texts[texts.count - 1].encoded.count
        guard var truncation = options.truncation else {
            return [framed(texts, texts.map(\.encoded.ids.indices), options)]
        }
        truncation.strategy = second == nil ? .onlyFirst : .onlySecond
        let added = options.addsFrame ? tokenizer.frame.addedCount(isPair: second != nil) : 0
        let room = truncation.maximumTokenCount - added - (second == nil ? 0 : texts[0].encoded.count)
        guard room > 0 else {
            throw .noRoomForText(limit: truncation.maximumTokenCount, added: truncation.maximumTokenCount - room)
        }
        guard overlap >= 0, overlap < room else { throw .overlapTooGreat(overlap: overlap, room: room) }
        var windows: [EncodedText] = []
        var start = 0
        repeat {
            let end = min(start + room, count)
            var kept = texts.map(\.encoded.ids.indices)
            kept[kept.count - 1] = start..<end
            windows.append(framed(texts, kept, options))
            if end == count { return windows }
            start += room - overlap
        } while true
    }

    /// The framed tokens of a text, or of two, without where they came from; the same as ``tokens(of:and:options:)`` gives, sooner.
    public mutating func ids(
        of first: String, and second: String? = nil, options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> [Int32] {
        // The fast path knows the file's prefix space alone.
        if let asked = options.addsPrefixSpace, asked != tokenizer.preTokenizer.addsPrefixSpace {
            return try tokens(of: .text(first), and: second.map(TextInput.text), options: options).ids
        }
        var texts = [try encode(first, specialTokens: options.specialTokens)]
        if let second { texts.append(try encode(second, specialTokens: options.specialTokens)) }
        let added = options.addsFrame ? tokenizer.frame.addedCount(isPair: texts.count == 2) : 0
        if let truncation = options.truncation {
            let counts = try truncation.keptCounts(
                first: texts[0].count, second: texts.count == 2 ? texts[1].count : nil, added: added)
            for (index, count) in [counts.first, counts.second].prefix(texts.count).enumerated() {
                texts[index] = Array(texts[index][truncation.range(keeping: count, of: texts[index].count)])
            }
        }
        guard options.addsFrame else { return texts.flatMap(\.self) }
        return tokenizer.frame.parts(isPair: texts.count == 2).flatMap { part in
            switch part {
            case .token(let id): [id]
            case .first: texts[0]
            case .second: texts[1]
            }
        }
    }

    // MARK: Steps

    /// A text's tokens without a frame.
    private struct Unframed {
        var encoded = EncodedText()
        /// The origins of tokens that have another where what precedes them is cut off; see ``trimmed(_:of:_:isFirst:_:_:)``.
        var originsAtFront: [Int: TokenOrigin] = [:]
    }

    private mutating func encode(
        _ first: TextInput, _ second: TextInput?, _ options: EncodingOptions
    ) throws(TokenizerError) -> [Unframed] {
        var texts = [try unframed(first, 0, options)]
        if let second { texts.append(try unframed(second, 1, options)) }
        return texts
    }

    private func keptCounts(
        _ texts: [Unframed], _ truncation: Truncation, _ options: EncodingOptions
    ) throws(TokenizerError) -> [Int] {
        let counts = try truncation.keptCounts(
            first: texts[0].encoded.count, second: texts.count == 2 ? texts[1].encoded.count : nil,
            added: options.addsFrame ? tokenizer.frame.addedCount(isPair: texts.count == 2) : 0)
        return texts.count == 2 ? [counts.first, counts.second] : [counts.first]
    }

    /// Puts the frame around what is kept of each text.
    private func framed(_ texts: [Unframed], _ kept: [Range<Int>], _ options: EncodingOptions) -> EncodedText {
        let isPair = texts.count == 2
        var result = EncodedText()
        result.isTruncated = zip(texts, kept).contains { $0.encoded.count != $1.count }
        let frame = zip(tokenizer.frame.parts(isPair: isPair), tokenizer.frame.segments(isPair: isPair))
        for (part, segment) in frame where options.addsFrame || part.token == nil {
            defer { while result.segments.count < result.ids.count { result.segments.append(segment) } }
            switch part {
            case .token(let id):
                result.ids.append(id)
                result.origins.append(.frame)
            case .first, .second:
                let (text, kept) = part == .first ? (texts[0], kept[0]) : (texts[1], kept[1])
                let start = result.count
                result.ids += text.encoded.ids[kept]
                result.origins += text.encoded.origins[kept]
                if let origin = text.originsAtFront[kept.lowerBound], !kept.isEmpty { result.origins[start] = origin }
            }
        }
        return result
    }

    /// The tokens of a text without a frame.
    private mutating func unframed(
        _ input: TextInput, _ number: Int, _ options: EncodingOptions
    ) throws(TokenizerError) -> Unframed {
        let permission: AddedTokenMatcher.Permission = options.specialTokens == .recognise ? .all : .whiteSpaceOnly
        let prefixSpace = options.addsPrefixSpace ?? tokenizer.preTokenizer.addsPrefixSpace
        let (texts, isWords) =
            switch input {
            case .text(let text): ([text], false)
            case .words(let words): (words, true)
            }
        var result = Unframed()
        var traced: [TracedToken] = []
        for (index, text) in texts.enumerated() {
            var text = text
            try check(text.utf8.count)
            traced.removeAll(keepingCapacity: true)
            text.withUTF8 { bytes in
                trace(bytes, permission, prefixSpace: prefixSpace, to: &traced)
                var cursor = ScalarCursor(bytes)
                for token in traced {
                    let scalars = cursor.scalar(at: token.bytes.lowerBound)..<cursor.scalar(at: token.bytes.upperBound)
                    var origin = TokenOrigin(
                        text: number, word: isWords ? index : token.piece, scalars: scalars, bytes: token.bytes)
                    if let trimming = tokenizer.frame.trimming {
                        let front = trimmed(origin, of: token, trimming, isFirst: true, bytes, &cursor)
                        origin = trimmed(origin, of: token, trimming, isFirst: false, bytes, &cursor)
                        if front != origin { result.originsAtFront[result.encoded.count] = front }
                    }
                    result.encoded.ids.append(token.id)
                    result.encoded.origins.append(origin)
                }
            }
        }
        return result
    }
}

extension Tokenizer {
    /// The tokens of a text, or of two that belong together, with where each came from; see
    /// ``TokenEncoder/tokens(of:and:options:)``, which is faster for many texts in a row.
    public func tokens(
        of first: TextInput, and second: TextInput? = nil, options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> EncodedText {
        var encoder = TokenEncoder(self, expectedByteCount: 1 << 12)
        return try encoder.tokens(of: first, and: second, options: options)
    }
}

/// Places without the white space at their ends.
extension TokenEncoder {
    /// A token's origin without the white space at its ends, as the reference gives it (`byte_level.rs`, `process_offsets`): a
    /// place of white space alone becomes empty.
    ///
    /// - Parameter isFirst: whether no token of the text precedes this one. One space in front of the first is taken for one
    ///   that was put there, and keeps its place if the file says so.
    func trimmed(
        _ origin: TokenOrigin, of token: TracedToken, _ trimming: OffsetTrimming, isFirst: Bool,
        _ text: UnsafeBufferPointer<UInt8>, _ cursor: inout ScalarCursor
    ) -> TokenOrigin {
        // An added token is looked at as it stands in the text, any other as the bytes that it stands for.
        let bytes =
            token.isAdded
            ? UnsafeBufferPointer(rebasing: text[token.bytes]) : tokenizer.table.bytes(of: Int(token.id))
        var (leading, trailing) = spaceCounts(bytes, isAdded: token.isAdded)
        guard leading > 0 || trailing > 0 else { return origin }
        var (lower, upper) = (origin.scalars.lowerBound, origin.scalars.upperBound)
        if leading > 0 {
            if trimming.addsPrefixSpace, leading == 1, isFirst || lower == 0 { leading = 0 }
            lower = min(lower + leading, upper)
        }
        if trailing > 0, upper >= trailing { upper = max(upper - trailing, lower) }
        let start = cursor.byte(at: lower)
        return TokenOrigin(
            text: origin.text, word: origin.word, scalars: lower..<upper, bytes: start..<cursor.byte(at: upper))
    }

    /// How many characters of white space stand at the beginning and the end of a token.
    private func spaceCounts(_ bytes: UnsafeBufferPointer<UInt8>, isAdded: Bool) -> (leading: Int, trailing: Int) {
        // In the byte alphabet, the space alone is seen as white space.
        guard isAdded, let base = bytes.baseAddress else {
            return (
                bytes.prefix { $0 == UInt8(ascii: " ") }.count,
                bytes.reversed().prefix { $0 == UInt8(ascii: " ") }.count
            )
        }
        let classes = UnicodeClasses.shared.view
        var isSpace: [Bool] = []
        var index = 0
        while index < bytes.count {
            let (codePoint, width) = decodeScalar(base + index)
            isSpace.append(classes[codePoint].contains(.space))
            index += width
        }
        return (isSpace.prefix { $0 }.count, isSpace.reversed().prefix { $0 }.count)
    }
}

/// Converts between places in bytes and in scalars, quickly for places near the last.
struct ScalarCursor {
    private let text: UnsafeBufferPointer<UInt8>
    private var byte = 0
    private var scalar = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// The number of the scalar that begins at a byte.
    mutating func scalar(at target: Int) -> Int {
        while byte < target { forward() }
        while byte > target { back() }
        return scalar
    }

    /// Where a scalar begins.
    mutating func byte(at target: Int) -> Int {
        while scalar < target { forward() }
        while scalar > target { back() }
        return byte
    }

    private mutating func forward() {
        repeat { byte += 1 } while byte < text.count && text[byte] & 0xC0 == 0x80
        scalar += 1
    }

    private mutating func back() {
        repeat { byte -= 1 } while text[byte] & 0xC0 == 0x80
        scalar -= 1
    }
}

/// What becomes of special tokens spelled out in text.
public enum SpecialTokens: Sendable {
    /// They are text like any other. Added tokens are found only if they stand for white space.
    case asText
    /// They become the special tokens that they spell. Only for text that nobody outside can write to.
    case recognise
}

extension Tokenizer {
    /// The maximum length of a text in bytes of UTF-8: positions are kept in 31 bits.
    public static let textLimit = Int(Int32.max)

    /// Encodes a text.
    ///
    /// For many texts in a row, a ``TokenEncoder`` is faster: it remembers pieces from one text to the next.
    ///
    /// - Parameters:
    ///   - specialTokens: what becomes of special tokens spelled out in the text.
    ///   - addsBeginning: whether ``beginningTokens`` come first.
    ///   - addsEnd: whether ``endTokens`` come last.
    public func encode(
        _ text: String, specialTokens: SpecialTokens = .asText, addsBeginning: Bool = false, addsEnd: Bool = false
    ) throws(TokenizerError) -> [Int32] {
        var encoder = TokenEncoder(self, expectedByteCount: text.utf8.count)
        return try encoder.encode(
            text, specialTokens: specialTokens, addsBeginning: addsBeginning, addsEnd: addsEnd)
    }

    /// Encodes segments as one text, in which only trusted ones produce special tokens.
    ///
    /// Where one segment meets the next the text is not cut: the tokens are those of the joined text unless an untrusted
    /// segment takes part in what looks like an added token.
    public func encode(segments: [TextSegment], addsBeginning: Bool = false) throws(TokenizerError) -> [Int32] {
        var encoder = TokenEncoder(self, expectedByteCount: segments.reduce(0) { $0 + $1.text.utf8.count })
        return try encoder.encode(segments: segments, addsBeginning: addsBeginning)
    }
}

import GygesTokenizer

/// What becomes of texts with more tokens than may be read.
public enum TextTruncation: String, Sendable, CaseIterable {
    /// Their end is left out.
    case end
    /// Their start is.
    case start
    /// They are refused.
    case refuse
}

/// How texts become tokens.
public struct TextOptions: Sendable {
    /// The most tokens of a text; `nil` for as many as the model reads.
    public var maximumLength: Int?
    /// What becomes of longer ones.
    public var truncation: TextTruncation

    /// Creates options.
    public init(maximumLength: Int? = nil, truncation: TextTruncation = .end) {
        self.maximumLength = maximumLength
        self.truncation = truncation
    }
}

extension TextEncoder {
    /// The tokens of texts, each with the model's beginning and end.
    ///
    /// Special tokens spelled out in a text are recognised, as the models' own tools do.
    /// - Throws: ``EncoderError``
    public func tokens(of texts: [String], options: TextOptions = .init()) throws -> [[Int32]] {
        try encoded(texts.map { ($0, nil) }, options)
    }

    /// The tokens of pairs of texts, framed as the model expects, of which the longer one is cut first.
    ///
    /// - Throws: ``EncoderError``
    public func tokens(ofPairs pairs: [(String, String)], options: TextOptions = .init()) throws -> [[Int32]] {
        try encoded(pairs.map { ($0, $1) }, options)
    }

    private func encoded(_ texts: [(String, String?)], _ options: TextOptions) throws(EncoderError) -> [[Int32]] {
        let limit = min(options.maximumLength ?? contextLimit, contextLimit)
        let truncation = Truncation(maximumTokenCount: limit, side: options.truncation == .start ? .beginning : .end)
        let encoding = EncodingOptions(
            specialTokens: .recognise, truncation: options.truncation == .refuse ? nil : truncation)
        // What remains of the limit must hold a token of a text.
        guard limit > tokenizer.beginningTokens.count + tokenizer.endTokens.count else { throw .limitTooSmall(limit) }
        var encoder = TokenEncoder(
            tokenizer, expectedByteCount: texts.reduce(0) { $0 + $1.0.utf8.count + ($1.1?.utf8.count ?? 0) })
        var result: [[Int32]] = []
        result.reserveCapacity(texts.count)
        for (index, (first, second)) in texts.enumerated() {
            let tokens: [Int32]
            do throws(TokenizerError) {
                tokens = try encoder.ids(of: first, and: second, options: encoding)
            } catch .noRoomForText {
                throw .limitTooSmall(limit)
            } catch {
                throw .badText(index: index, error.description)
            }
            guard tokens.count <= limit else {
                throw .textTooLong(index: index, tokenCount: tokens.count, limit: limit)
            }
            result.append(tokens)
        }
        return result
    }
}

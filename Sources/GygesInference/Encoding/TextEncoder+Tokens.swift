import GygesFiles
import GygesText

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
        try texts.enumerated().map { index, text in
            try framed([try encoded(text, index)], index: index, options: options)
        }
    }

    /// The tokens of pairs of texts, the model's separator between them.
    ///
    /// - Throws: ``EncoderError``
    public func tokens(ofPairs pairs: [(String, String)], options: TextOptions = .init()) throws -> [[Int32]] {
        try pairs.enumerated().map { index, pair in
            try framed([try encoded(pair.0, index), try encoded(pair.1, index)], index: index, options: options)
        }
    }

    private func encoded(_ text: String, _ index: Int) throws(EncoderError) -> [Int32] {
        do throws(TokenizerError) { return try tokenizer.encode(text, specialTokens: .recognise) } catch {
            throw .badText(index: index, error.description)
        }
    }

    /// `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]`, each text cut so that all fit: the longer one first.
    private func framed(
        _ parts: [[Int32]], index: Int, options: TextOptions
    ) throws(EncoderError) -> [Int32] {
        let beginning =
            tokenizer.beginningTokens.isEmpty
            ? configuration.tokens.beginning.map { [$0] } ?? [] : tokenizer.beginningTokens
        let end = tokenizer.endTokens.isEmpty ? configuration.tokens.separator.map { [$0] } ?? [] : tokenizer.endTokens
        let limit = min(options.maximumLength ?? contextLimit, contextLimit)
        let room = limit - beginning.count - parts.count * end.count
        guard room > 0 else { throw .limitTooSmall(limit) }
        var lengths = parts.map(\.count)
        let length = lengths.reduce(0, +)
        if length > room {
            if options.truncation == .refuse {
                throw .textTooLong(index: index, tokenCount: length + limit - room, limit: limit)
            }
            // As the reference's longest_first: tokens go from the longer text until both are as long.
            if lengths.count == 2 {
                let shorter = min(lengths[0], lengths[1], room / 2)
                lengths = lengths[0] <= lengths[1] ? [shorter, room - shorter] : [room - shorter, shorter]
            } else {
                lengths = [room]
            }
        }
        var tokens = beginning
        for (part, length) in zip(parts, lengths) {
            tokens += options.truncation == .start ? part.suffix(length) : part.prefix(length)
            tokens += end
        }
        return tokens
    }
}

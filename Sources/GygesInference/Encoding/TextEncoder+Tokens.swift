import GygesCheckpoints
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
    /// What becomes of longer ones; `nil` for what the tokenizer's configuration says, or to leave out their end.
    public var truncation: TextTruncation?

    /// Creates options.
    public init(maximumLength: Int? = nil, truncation: TextTruncation? = nil) {
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
        try readTexts(of: texts, options: options).map(\.tokens)
    }

    /// The tokens of pairs of texts, framed as the model expects, of which the longer one is cut first.
    ///
    /// - Throws: ``EncoderError``
    public func tokens(ofPairs pairs: [(String, String)], options: TextOptions = .init()) throws -> [[Int32]] {
        try readTexts(ofPairs: pairs, options: options).map(\.tokens)
    }

    /// Texts as the runner reads them; see ``tokens(of:options:)``.
    func readTexts(of texts: [String], options: TextOptions) throws(EncoderError) -> [EncoderText] {
        try encoded(texts.map { ($0, nil) }, options)
    }

    /// Pairs of texts as the runner reads them; see ``tokens(ofPairs:options:)``.
    func readTexts(
        ofPairs pairs: [(String, String)], options: TextOptions, shortening: Truncation.Strategy = .longestFirst
    ) throws(EncoderError) -> [EncoderText] {
        try encoded(pairs.map { ($0, $1) }, options, shortening)
    }

    /// What becomes of texts that are too long.
    func truncation(_ options: TextOptions) -> TextTruncation {
        if let choice = options.truncation { return choice }
        // A table's library reads tokenizer.json alone.
        let stated = configuration.readsTextAlone ? nil : tokenizerSettings.truncatesBeginning
        return stated ?? (tokenizer.truncation?.side == .beginning) ? .start : .end
    }

    private func encoded(
        _ texts: [(String, String?)], _ options: TextOptions, _ shortening: Truncation.Strategy = .longestFirst
    ) throws(EncoderError) -> [EncoderText] {
        let limit = min(options.maximumLength ?? contextLimit, contextLimit)
        let choice = truncation(options)
        let truncation = Truncation(
            maximumTokenCount: limit, strategy: shortening, side: choice == .start ? .beginning : .end)
        let isFramed = !configuration.readsTextAlone
        let encoding = EncodingOptions(
            specialTokens: .recognise, addsFrame: isFramed, truncation: choice == .refuse ? nil : truncation)
        // What remains of the limit must hold a token of a text.
        let frameCount = isFramed ? tokenizer.beginningTokens.count + tokenizer.endTokens.count : 0
        guard limit > frameCount else { throw .limitTooSmall(limit) }
        var encoder = TokenEncoder(
            tokenizer, expectedByteCount: texts.reduce(0) { $0 + $1.0.utf8.count + ($1.1?.utf8.count ?? 0) })
        var result: [EncoderText] = []
        result.reserveCapacity(texts.count)
        for (index, (first, second)) in texts.enumerated() {
            let text: EncoderText
            do throws(TokenizerError) {
                if let second, configuration.segmentCount > 1 {
                    text = EncoderText(try encoder.tokens(of: .text(first), and: .text(second), options: encoding))
                } else {
                    text = EncoderText(tokens: try encoder.ids(of: first, and: second, options: encoding))
                }
            } catch .noRoomForText {
                throw .limitTooSmall(limit)
            } catch {
                throw .badText(index: index, error.description)
            }
            guard text.tokens.count <= limit else {
                throw .textTooLong(index: index, tokenCount: text.tokens.count, limit: limit)
            }
            result.append(text)
        }
        return result
    }
}

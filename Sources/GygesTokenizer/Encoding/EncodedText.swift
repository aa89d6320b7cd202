/// Tokens of one text or two, framed as the model expects, and where each came from.
public struct EncodedText: Sendable, Equatable {
    /// The tokens.
    public var ids: [Int32] = []
    /// Where each of ``ids`` came from.
    public var origins: [TokenOrigin] = []
    /// The segment of each of ``ids``: 0 or 1, for the first text or the second, as BERT's kind of model has learned to tell
    /// them apart (`token_type_ids`).
    public var segments: [UInt8] = []
    /// Whether tokens were left out to keep to a limit.
    public var isTruncated = false

    /// Creates an encoding without tokens.
    public init() {}

    /// The number of tokens.
    public var count: Int { ids.count }

    /// The indices of the tokens that come from a text (0 the first, 1 the second).
    public func indices(ofText text: Int) -> [Int] { origins.indices.filter { origins[$0].text == text } }
}

/// Where a token came from.
///
/// Places are those that the Python package `tokenizers` gives: they cover whole scalars, so that the tokens that make up one
/// scalar all have its place; a scalar that was composed has the place of the first of those that it was composed
/// from; and an added token that strips white space covers it. White space in front of a word belongs to the word's
/// first token, unless the file trims it (`trim_offsets`), which ModernBERT's does not.
public struct TokenOrigin: Sendable, Equatable {
    // 24 bytes a token: a text may have millions. -1 is none; places fit because ``Tokenizer/textLimit`` does.
    private let textNumber: Int8
    private let wordNumber: Int32
    private let scalarBounds: SIMD2<Int32>
    private let byteBounds: SIMD2<Int32>

    /// Which text: 0 the first, 1 the second; `nil` for what frames them.
    public var text: Int? { textNumber < 0 ? nil : Int(textNumber) }
    /// Which word of the text: of words given one by one its number, otherwise the number of the piece that the
    /// pre-tokenizer cut, added tokens counting as one each.
    public var word: Int? { wordNumber < 0 ? nil : Int(wordNumber) }
    /// The place in Unicode scalars of the text, or, of words given one by one, of the word.
    public var scalars: Range<Int> { Int(scalarBounds.x)..<Int(scalarBounds.y) }
    /// The place in bytes of UTF-8 of the text, or of the word.
    public var bytes: Range<Int> { Int(byteBounds.x)..<Int(byteBounds.y) }

    /// Creates an origin; numbers of 31 bits are kept.
    public init(text: Int?, word: Int?, scalars: Range<Int>, bytes: Range<Int>) {
        textNumber = Int8(clamping: text ?? -1)
        wordNumber = Int32(clamping: word ?? -1)
        scalarBounds = SIMD2(Int32(clamping: scalars.lowerBound), Int32(clamping: scalars.upperBound))
        byteBounds = SIMD2(Int32(clamping: bytes.lowerBound), Int32(clamping: bytes.upperBound))
    }

    /// What frames texts comes from nowhere.
    static let frame = TokenOrigin(text: nil, word: nil, scalars: 0..<0, bytes: 0..<0)

    /// Whether the token frames texts and comes from none.
    public var isFrame: Bool { textNumber < 0 }
}

/// A text to encode.
public enum TextInput: Sendable, Equatable, ExpressibleByStringLiteral {
    /// A text as it stands.
    case text(String)
    /// Words one by one, as tagging wants them; each is encoded by itself.
    case words([String])

    /// A text as it stands.
    public init(stringLiteral value: String) { self = .text(value) }
}

/// How texts are encoded.
public struct EncodingOptions: Sendable, Equatable {
    /// What becomes of special tokens spelled out in the texts.
    ///
    /// ``SpecialTokens/recognise`` is what the Python package `tokenizers` does and what a text needs in which somebody wrote
    /// `[MASK]` for the model to fill. It also lets a text end itself by `[SEP]`; text from outside should be encoded
    /// ``SpecialTokens/asText``.
    public var specialTokens: SpecialTokens
    /// Whether the model's frame is put around the texts, such as `[CLS]` and `[SEP]`.
    public var addsFrame: Bool
    /// Whether a space is put before a text, or before each word of words, that does not begin with one; `nil` does what the
    /// tokenizer's file says.
    ///
    /// Models with a byte-level vocabulary have seen nearly all words behind a space. Words that come one by one should get one,
    /// or tagging suffers.
    public var addsPrefixSpace: Bool?
    /// How texts that are too long are shortened; `nil` leaves them.
    public var truncation: Truncation?

    /// Creates options.
    public init(
        specialTokens: SpecialTokens = .asText, addsFrame: Bool = true, addsPrefixSpace: Bool? = nil,
        truncation: Truncation? = nil
    ) {
        self.specialTokens = specialTokens
        self.addsFrame = addsFrame
        self.addsPrefixSpace = addsPrefixSpace
        self.truncation = truncation
    }
}

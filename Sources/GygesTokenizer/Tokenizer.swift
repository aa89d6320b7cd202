/// Turns text into the tokens of a model and back, exactly as the model's own tokenizer does.
///
/// Covers byte-level byte-pair encodings (Qwen2.5, Llama 3, GPT-2, SmolLM2, OLMo, ModernBERT), SentencePiece's pairs (Llama 2,
/// Mistral 7B, mmBERT) and unigram models (XLM-R), and WordPiece (BERT, MiniLM), read from `tokenizer.json`, from `vocab.txt`, or
/// from the metadata of a GGUF file. The reference for every detail is the Python package `tokenizers`.
///
/// Encoding goes through the reference's steps: added tokens that are found in raw text cut it; what lies between is
/// normalised and cut at added tokens found in normalised text; the rest is cut into pieces (``PreTokenizer``), and each
/// piece is encoded by itself.
public final class Tokenizer: Sendable {
    /// One more than the largest number of a token. A model may have more rows; they are padding and mean nothing.
    public let vocabularyCount: Int
    /// The tokens that the model expects before a text, such as `<|begin_of_text|>` or `[CLS]`; empty for most.
    public let beginningTokens: [Int32]
    /// The tokens that the model expects after a text, such as `[SEP]`; empty for most.
    public let endTokens: [Int32]
    /// The token declared as beginning a text, whether or not it is to be added.
    public var beginningOfText: Int32? { frame.beginningOfText }
    /// The token declared as ending a text or a turn.
    public var endOfText: Int32? { frame.endOfText }
    /// The token that stands for one to be guessed, such as `[MASK]`.
    public var maskToken: Int32? { frame.mask }

    /// How the file says that texts are shortened (`truncation`). Encoding shortens by its options alone; callers that want the file's way
    /// pass it on.
    public let truncation: Truncation?

    /// What the model expects around texts.
    let frame: TokenFrame
    /// The bytes of every token; for the rooms of this package that walk over all of them.
    package let table: TokenTable
    let merger: PieceMerger
    let preTokenizer: PreTokenizer
    /// What becomes of text before it is cut into pieces.
    let normalizer: TextNormalizer
    /// What turns pieces into tokens, unless byte-level pairs do (``merger``).
    let pieceModel: (any PieceModel)?
    /// The tokens as they are spelled, where text is not spelled in bytes.
    let spellings: TokenTable?
    /// How spellings become text.
    let decoding: TokenDecoding
    /// Whether tokens are byte-level pairs of text that is at most composed before it is cut by one pattern.
    let isPlain: Bool
    /// Whether a piece that is a token as a whole is not taken apart.
    let ignoresMerges: Bool
    /// The added tokens found in raw text.
    let rawMatcher: AddedTokenMatcher
    /// The added tokens found in normalised text.
    let normalizedMatcher: AddedTokenMatcher
    /// What kind of token each is.
    let kinds: FrozenBuffer<Kind.RawValue>

    /// What a token's number stands for.
    package struct Kind: OptionSet {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// There is a token with this number.
        package static let defined = Kind(rawValue: 1)
        /// Decoding may leave it out, and text from users never produces it.
        package static let special = Kind(rawValue: 2)
    }

    init(_ parts: TokenizerDefinition.Parts) {
        let definition = parts.definition
        table = parts.table
        merger = parts.merger
        kinds = parts.kinds
        preTokenizer = definition.preTokenizer
        normalizer = definition.normalizer
        pieceModel = parts.pieceModel
        spellings = parts.spellings
        decoding = definition.decoding
        isPlain = parts.pieceModel == nil && normalizer.isPlain && preTokenizer.steps.isEmpty
        ignoresMerges = definition.ignoresMerges
        vocabularyCount = parts.table.count
        frame = definition.frame
        truncation = definition.truncation
        beginningTokens = definition.frame.prefix
        endTokens = definition.frame.suffix
        let addedTokens = definition.addedTokens
        rawMatcher = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized }, sought: definition.sought)
        normalizedMatcher = AddedTokenMatcher(addedTokens.filter(\.isNormalized), sought: definition.sought)
    }

    /// The same tokenizer with another frame.
    private init(_ other: Tokenizer, frame: TokenFrame) {
        self.frame = frame
        truncation = other.truncation
        table = other.table
        merger = other.merger
        kinds = other.kinds
        preTokenizer = other.preTokenizer
        normalizer = other.normalizer
        pieceModel = other.pieceModel
        spellings = other.spellings
        decoding = other.decoding
        isPlain = other.isPlain
        ignoresMerges = other.ignoresMerges
        vocabularyCount = other.vocabularyCount
        beginningTokens = frame.prefix
        endTokens = frame.suffix
        rawMatcher = other.rawMatcher
        normalizedMatcher = other.normalizedMatcher
    }

    /// This tokenizer with a frame, if its file gives it none: a beginning, and a separator behind each of two texts.
    ///
    /// Tokens that the vocabulary lacks are left out.
    public func withDefaultFrame(beginning: Int32?, separator: Int32?) -> Tokenizer {
        guard frame.single == [.first] else { return self }
        func part(_ id: Int32?) -> [TokenFrame.Part] {
            id.flatMap { kind(of: $0).isEmpty ? nil : [.token($0)] } ?? []
        }
        var frame = frame
        frame.single = part(beginning) + [.first] + part(separator)
        frame.pair = frame.single + [.second] + part(separator)
        return frame.single == [.first] ? self : Tokenizer(self, frame: frame)
    }

    /// The token spelled `token`: an added token by its content, any other by the bytes that it stands for.
    public func id(of token: String) -> Int32? {
        let spelling = Array(token.utf8)
        for added in rawMatcher.tokens where added.content.utf8.elementsEqual(spelling) { return added.id }
        for added in normalizedMatcher.tokens where added.content.utf8.elementsEqual(spelling) { return added.id }
        return spelling.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.flatMap { (spellings ?? table).id(of: $0, bytes.count) }
        }
    }

    /// Whether `id` is a special token, one that marks structure instead of standing for text.
    public func isSpecial(_ id: Int32) -> Bool { kind(of: id).contains(.special) }

    /// The special tokens in the order of their numbers.
    public var specialTokens: [(id: Int32, content: String)] {
        (rawMatcher.tokens + normalizedMatcher.tokens).filter(\.isSpecial).map { ($0.id, $0.content) }
            .sorted { $0.id < $1.id }
    }

    /// What tokens that were added to the vocabulary and are not special spell, but for white space: tokens that structure a text, such as
    /// `<tool_call>`, and that decoding keeps.
    public var plainAddedTokens: [String] {
        (rawMatcher.tokens + normalizedMatcher.tokens)
            .filter { !$0.isSpecial && !$0.isWhiteSpace }.map(\.content)
    }

    /// What kind of token `id` is; empty if there is none.
    package func kind(of id: Int32) -> Kind {
        guard id >= 0, Int(id) < vocabularyCount else { return [] }
        return Kind(rawValue: kinds.base[Int(id)])
    }
}

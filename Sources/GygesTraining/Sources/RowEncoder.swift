import GygesFiles
public import GygesTokenizer

/// What is put behind a text, so that a model learns to stop.
public enum TextEnding: Sendable, Equatable {
    /// The token that the tokenizer declares as ending a text.
    case declared
    /// A token by its number.
    case token(Int32)
    /// Nothing: texts that go on elsewhere.
    case nothing
}

/// A row as a model is to learn it.
public struct EncodedRow: Sendable, Equatable {
    /// The document.
    public var document: Document
    /// How many of its tokens are text of prompt and answer in one, and not learned therefore.
    public var straddlingCount = 0
    /// Whether its text was longer than the model is given, and lost its end.
    public var isTruncated = false
}

/// Turns rows of training data into documents.
public struct RowEncoder: ~Copyable {
    private let tokenizer: Tokenizer
    private let endTokens: [Int32]
    private let check: DocumentCheck
    private var encoder: TokenEncoder
    private var chats: ChatEncoder?
    /// Makes ``chats`` when the first conversation is met.
    private let makeChats: (() throws -> ChatEncoder)?
    /// What reads rows with labels, where they are learned.
    private let labels: LabelReader?

    /// An encoder of rows.
    ///
    /// - Parameters:
    ///   - chats: What encodes conversations; `nil` refuses them.
    ///   - ending: What is put behind texts, but where the model expects tokens around every text (`[CLS]`, `[SEP]`).
    /// - Throws: ``SettingsError`` if texts would end with a token that there is not.
    public init(
        _ tokenizer: Tokenizer, chats: consuming ChatEncoder? = nil, ending: TextEnding = .declared
    ) throws(SettingsError) {
        try self.init(tokenizer, ending, chats, makeChats: nil, labels: nil)
    }

    /// An encoder of rows with labels, and no others.
    init(_ tokenizer: Tokenizer, labels: LabelReader) throws(SettingsError) {
        try self.init(tokenizer, .nothing, nil, makeChats: nil, labels: labels)
    }

    /// An encoder of rows that looks at a model's template when it meets a conversation, and not before: other rows need none.
    ///
    /// - Parameter chats: What encodes conversations; `nil` refuses them. What it throws is thrown by ``encode(_:)``.
    /// - Throws: ``SettingsError`` if texts would end with a token that there is not.
    public init(
        _ tokenizer: Tokenizer, ending: TextEnding, makingChats chats: (() throws -> ChatEncoder)?
    ) throws(SettingsError) {
        try self.init(tokenizer, ending, nil, makeChats: chats, labels: nil)
    }

    private init(
        _ tokenizer: Tokenizer, _ ending: TextEnding, _ chats: consuming ChatEncoder?,
        makeChats: (() throws -> ChatEncoder)?, labels: LabelReader?
    ) throws(SettingsError) {
        endTokens = tokenizer.endTokens.isEmpty ? try Self.tokens(of: ending, tokenizer) : tokenizer.endTokens
        self.tokenizer = tokenizer
        check = DocumentCheck(tokenizer)
        encoder = TokenEncoder(tokenizer)
        self.chats = chats
        self.makeChats = makeChats
        self.labels = labels
    }

    private static func tokens(of ending: TextEnding, _ tokenizer: Tokenizer) throws(SettingsError) -> [Int32] {
        var check = SettingsCheck()
        let token: Int32?
        switch ending {
        case .nothing: return []
        case .token(let id):
            token = id
            check.expect(
                !tokenizer.kind(of: id).isEmpty, "data.text_end",
                "is \(id), which the vocabulary does not have; name another")
        case .declared:
            token = tokenizer.endOfText
            check.expect(
                token != nil, "data.text_end",
                "is not declared by the tokenizer, so that a model would not learn to stop; name a token, or “none”")
        }
        try check.finish()
        return token.map { [$0] } ?? []
    }

    /// The document of a row.
    ///
    /// - Throws: ``RowError``, ``ChatEncoderError``, ``DocumentFault``, `TemplateError` or `TokenizerError` if it cannot be learned from.
    public mutating func encode(_ row: TrainingRow) throws -> EncodedRow {
        if let labels { return try labelled(row, by: labels) }
        let encoded = try encoded(row)
        try check.check(encoded.document)
        return encoded
    }

    private mutating func labelled(_ row: TrainingRow, by labels: LabelReader) throws -> EncodedRow {
        let (document, isTruncated) =
            switch row {
            case .labelled(let text, let pair, let label): try labels.document(text, pair, label, &encoder)
            case .tagged(let words, let tags): try labels.document(words: words, tags: tags, &encoder)
            case .text, .completion, .conversation:
                throw RowError.problem("has no label: give “text” and “label”, or “tokens” and “tags”")
            }
        guard !document.supervised.isEmpty else { throw DocumentFault.nothingSupervised }
        return EncodedRow(document: document, isTruncated: isTruncated)
    }

    private mutating func encoded(_ row: TrainingRow) throws -> EncodedRow {
        switch row {
        case .text(let text): return EncodedRow(document: try framed(text))
        case .completion(let prompt, let completion): return try completed(prompt, completion)
        case .conversation(let messages, let tools, let first):
            if chats == nil, let makeChats { chats = try makeChats() }
            guard let encoding = try chats?.encode(messages, tools: tools, supervisedFrom: first) else {
                throw RowError.problem("is a conversation, and the model has no chat template; name one, or give texts")
            }
            return EncodedRow(document: encoding.document, straddlingCount: encoding.straddlingCount)
        case .labelled(let text, nil, _): return EncodedRow(document: try framed(text))
        case .labelled, .tagged:
            throw RowError.problem(
                "has labels of two texts or of words, and the run learns none; say what it learns (objective)")
        }
    }

    private mutating func framed(_ text: String) throws -> Document {
        var tokens = tokenizer.beginningTokens
        try encoder.append(text, to: &tokens)
        return Document(tokens: tokens + endTokens)
    }

    /// Prompt and completion are tokenised as one text, as a model meets them.
    private mutating func completed(_ prompt: String, _ completion: String) throws -> EncodedRow {
        let (ids, places) = try encoder.placedTokens(ofSegments: [TextSegment(prompt + completion, isTrusted: false)])
        let end = prompt.utf8.count
        let first = places.firstIndex { $0.lowerBound >= end } ?? places.count
        let straddling = first > 0 && places[first - 1].upperBound > end ? 1 : 0
        let tokens = tokenizer.beginningTokens + ids + endTokens
        let begin = tokenizer.beginningTokens.count + first
        let document = Document(tokens: tokens, supervised: begin < tokens.count ? [begin..<tokens.count] : [])
        return EncodedRow(document: document, straddlingCount: straddling)
    }
}

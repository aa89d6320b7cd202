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

/// Turns rows of training data into documents.
public struct RowEncoder: ~Copyable {
    private let tokenizer: Tokenizer
    private let endTokens: [Int32]
    private let check: DocumentCheck
    private var encoder: TokenEncoder
    private var chats: ChatEncoder?
    /// Makes ``chats`` when the first conversation is met.
    private let makeChats: (() throws -> ChatEncoder)?

    /// An encoder of rows.
    ///
    /// - Parameters:
    ///   - chats: What encodes conversations; `nil` refuses them.
    ///   - ending: What is put behind texts, but where the model expects tokens around every text (`[CLS]`, `[SEP]`).
    /// - Throws: ``SettingsError`` if texts would end with a token that there is not.
    public init(
        _ tokenizer: Tokenizer, chats: consuming ChatEncoder? = nil, ending: TextEnding = .declared
    ) throws(SettingsError) {
        try self.init(tokenizer, ending, chats, makeChats: nil)
    }

    /// An encoder of rows that looks at a model's template when it meets a conversation, and not before: other rows need none.
    ///
    /// - Parameter chats: What encodes conversations; `nil` refuses them. What it throws is thrown by ``encode(_:)``.
    /// - Throws: ``SettingsError`` if texts would end with a token that there is not.
    public init(
        _ tokenizer: Tokenizer, ending: TextEnding, makingChats chats: (() throws -> ChatEncoder)?
    ) throws(SettingsError) {
        try self.init(tokenizer, ending, nil, makeChats: chats)
    }

    private init(
        _ tokenizer: Tokenizer, _ ending: TextEnding, _ chats: consuming ChatEncoder?,
        makeChats: (() throws -> ChatEncoder)?
    ) throws(SettingsError) {
        endTokens = tokenizer.endTokens.isEmpty ? try Self.tokens(of: ending, tokenizer) : tokenizer.endTokens
        self.tokenizer = tokenizer
        check = DocumentCheck(tokenizer)
        encoder = TokenEncoder(tokenizer)
        self.chats = chats
        self.makeChats = makeChats
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

    /// The document of a row, and how many of its tokens are text of prompt and answer in one, and not learned therefore.
    ///
    /// - Throws: ``RowError``, ``ChatEncoderError``, ``DocumentFault``, `TemplateError` or `TokenizerError` if it cannot be learned from.
    public mutating func encode(_ row: TrainingRow) throws -> (document: Document, straddlingCount: Int) {
        let encoded = try encoded(row)
        try check.check(encoded.document)
        return encoded
    }

    private mutating func encoded(_ row: TrainingRow) throws -> (document: Document, straddlingCount: Int) {
        switch row {
        case .text(let text): return (try framed(text), 0)
        case .completion(let prompt, let completion): return try completed(prompt, completion)
        case .conversation(let messages, let tools, let first):
            if chats == nil, let makeChats { chats = try makeChats() }
            guard let encoding = try chats?.encode(messages, tools: tools, supervisedFrom: first) else {
                throw RowError.problem("is a conversation, and the model has no chat template; name one, or give texts")
            }
            return (encoding.document, encoding.straddlingCount)
        }
    }

    private mutating func framed(_ text: String) throws -> Document {
        var tokens = tokenizer.beginningTokens
        try encoder.append(text, to: &tokens)
        return Document(tokens: tokens + endTokens)
    }

    /// Prompt and completion are tokenised as one text, as a model meets them.
    private mutating func completed(
        _ prompt: String, _ completion: String
    ) throws -> (document: Document, straddlingCount: Int) {
        let (ids, places) = try encoder.placedTokens(ofSegments: [TextSegment(prompt + completion, isTrusted: false)])
        let end = prompt.utf8.count
        let first = places.firstIndex { $0.lowerBound >= end } ?? places.count
        let straddling = first > 0 && places[first - 1].upperBound > end ? 1 : 0
        let tokens = tokenizer.beginningTokens + ids + endTokens
        let begin = tokenizer.beginningTokens.count + first
        let document = Document(tokens: tokens, supervised: begin < tokens.count ? [begin..<tokens.count] : [])
        return (document, straddling)
    }
}

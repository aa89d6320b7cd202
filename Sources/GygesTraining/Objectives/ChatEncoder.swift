public import GygesFiles
public import GygesTemplates
public import GygesTokenizer

/// Encodes conversations as a model is to learn them: what the assistant says is to be predicted, and nothing else.
///
/// A turn of the assistant begins where the template would let a model begin to speak (the conversation before it, rendered with a
/// generation prompt, is how the whole begins) and ends with the token that ends a turn, which is learned, too; what the template
/// writes behind that token is not. A template with `{% generation %}` blocks says itself what counts. The whole conversation is
/// tokenised once, and a token counts if all of it lies within a turn. A template by which the end of a turn would not be learned is
/// refused.
public struct ChatEncoder: ~Copyable {
    /// A conversation as tokens.
    public struct Encoding: Sendable, Equatable {
        /// The tokens, of which those of the assistant are to be predicted.
        public var document: Document
        /// The tokens that lie partly within a turn and are not to be predicted: text of the prompt and of the answer in one.
        public var straddlingCount: Int
    }

    private let template: ChatTemplate
    private let variables: JSONObject
    private let clock: TemplateClock
    /// The token that ends an assistant's turn; `nil` where the template's own blocks say what counts.
    private var turnEnd: Int32?
    /// What the template writes behind that token at the end of a conversation: UTF-8.
    private var tail: [UInt8] = []
    private var encoder: TokenEncoder

    /// An encoder for a model's template.
    ///
    /// - Parameters:
    ///   - variables: What else the template can name; see ``ChatTemplate/render(messages:tools:addsGenerationPrompt:variables:clock:)``.
    ///   - clock: The time that the template sees, the same for all conversations of a run.
    /// - Throws: ``ChatEncoderError`` if the assistant's turns cannot be told; `TemplateError`; `TokenizerError`.
    public init(
        _ template: ChatTemplate, for tokenizer: Tokenizer, variables: JSONObject = JSONObject(),
        clock: TemplateClock = .now
    ) throws {
        self.template = template.recognising(tokenizer)
        self.variables = variables
        self.clock = clock
        encoder = TokenEncoder(tokenizer)
        let question = ChatMessage(role: .user, content: "question")
        let answered = try self.template.render(
            messages: [question, ChatMessage(role: .assistant, content: "answer")], addsGenerationPrompt: false,
            variables: variables, clock: clock)
        guard let generated = answered.generated else { throw ChatEncoderError.generationIsCaptured }
        let (ids, places) = try encoder.placedTokens(ofSegments: answered.segments)
        if let end = generated.map(\.upperBound).max() {
            turnEnd = nil
            let next = places.firstIndex { $0.lowerBound >= end }
            guard next.map({ !tokenizer.isSpecial(ids[$0]) }) ?? true else { throw ChatEncoderError.turnEndNotLearned }
            return
        }
        let prompt = try self.template.render(messages: [question], variables: variables, clock: clock)
        guard answered.text.utf8.starts(with: prompt.text.utf8) else {
            throw ChatEncoderError.turnNotFound(message: 1)
        }
        let start = prompt.text.utf8.count
        let last = ids.indices.last { tokenizer.isSpecial(ids[$0]) && places[$0].lowerBound >= start }
        guard let last else { throw ChatEncoderError.noTurnEnd }
        turnEnd = ids[last]
        tail = Array(answered.text.utf8.dropFirst(places[last].upperBound))
    }

    /// Encodes a conversation.
    ///
    /// - Parameters:
    ///   - messages: At least one is the assistant's.
    ///   - tools: The tools that the assistant is told of.
    ///   - first: The number of the first message whose words are to be predicted if they are the assistant's.
    /// - Throws: ``ChatEncoderError`` if a turn cannot be told or nothing is to be predicted; `TemplateError`; `TokenizerError`.
    public mutating func encode(
        _ messages: [ChatMessage], tools: [JSON] = [], supervisedFrom first: Int = 0
    ) throws -> Encoding {
        let whole = try render(messages[...], tools, addsGenerationPrompt: false)
        let (ids, places) = try encoder.placedTokens(ofSegments: whole.segments)
        let turns = messages.indices.filter { $0 >= first && messages[$0].role == .assistant }
        guard !turns.isEmpty else { throw ChatEncoderError.nothingToLearn }
        var spans: [Range<Int>] = []
        if turnEnd == nil {
            guard let generated = whole.generated else { throw ChatEncoderError.generationIsCaptured }
            guard first == 0 else { throw ChatEncoderError.blocksCannotBeginLater }
            spans = generated
        } else {
            let text = Array(whole.text.utf8)
            for turn in turns {
                let start = try self.start(of: turn, messages, tools, text)
                let ending = zip(ids, places).first { $0 == turnEnd && $1.lowerBound >= start }
                guard let end = ending?.1.upperBound else { throw ChatEncoderError.turnNotEnded(message: turn) }
                try check(text[start..<end], asTurn: turn, messages, tools)
                spans.append(start..<end)
            }
        }
        return try encoding(ids, places, spans)
    }

    /// Where a turn begins: behind all that a model would have been given to go on from.
    private func start(
        of turn: Int, _ messages: [ChatMessage], _ tools: [JSON], _ text: [UInt8]
    ) throws -> Int {
        let prompt = try render(messages[..<turn], tools, addsGenerationPrompt: true).text
        guard text.starts(with: prompt.utf8) else { throw ChatEncoderError.turnNotFound(message: turn) }
        return prompt.utf8.count
    }

    /// Checks that a turn is what it would be if it were the last, or the end of that: templates leave out the thoughts of earlier
    /// turns. If the template did not end it, it would hold what others say.
    private func check(
        _ text: ArraySlice<UInt8>, asTurn turn: Int, _ messages: [ChatMessage], _ tools: [JSON]
    ) throws {
        let last = try render(messages[...turn], tools, addsGenerationPrompt: false).text.utf8
        guard last.reversed().starts(with: (text + tail).reversed()) else {
            throw ChatEncoderError.turnNotEnded(message: turn)
        }
    }

    private func render(
        _ messages: ArraySlice<ChatMessage>, _ tools: [JSON], addsGenerationPrompt: Bool
    ) throws(TemplateError) -> RenderedPrompt {
        try template.render(
            messages: Array(messages), tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: variables,
            clock: clock)
    }

    /// The tokens whose places lie within one of some spans of the text.
    private func encoding(
        _ ids: [Int32], _ places: [Range<Int>], _ spans: [Range<Int>]
    ) throws(ChatEncoderError) -> Encoding {
        var supervised: [Range<Int>] = []
        var straddling = 0
        let spans = spans.sorted { $0.lowerBound < $1.lowerBound }
        var next = 0
        for (index, place) in places.enumerated() {
            while next < spans.count, spans[next].upperBound <= place.lowerBound { next += 1 }
            guard next < spans.count, spans[next].overlaps(place) else { continue }
            guard spans[next].lowerBound <= place.lowerBound, place.upperBound <= spans[next].upperBound else {
                straddling += 1
                continue
            }
            if let last = supervised.last, last.upperBound == index {
                supervised[supervised.count - 1] = last.lowerBound..<index + 1
            } else {
                supervised.append(index..<index + 1)
            }
        }
        let document = Document(tokens: ids, supervised: supervised)
        guard document.supervisedCount > 0 else { throw .nothingToLearn }
        return Encoding(document: document, straddlingCount: straddling)
    }
}

/// Why the assistant's words cannot be told from the rest of a conversation.
public enum ChatEncoderError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the template writes before a turn is not what it writes when the model is to speak there.
    case turnNotFound(message: Int)
    /// The token that ends a turn does not follow.
    case turnNotEnded(message: Int)
    /// The template ends the assistant's turn with no special token.
    case noTurnEnd
    /// `{% generation %}` stands within a macro or a block that is captured.
    case generationIsCaptured
    /// The template's `{% generation %}` blocks end before the token that ends the turn.
    case turnEndNotLearned
    /// A template's own blocks were to count from some message on.
    case blocksCannotBeginLater
    /// No token is the assistant's.
    case nothingToLearn

    /// The problem and what to do.
    public var description: String {
        switch self {
        case .turnNotFound(let message):
            "The template writes the conversation before message \(message) otherwise once the assistant has answered, so that the "
                + "model would learn from a prompt that it never gets. Leave out earlier turns' reasoning, end the "
                + "conversation with that message, or use a template with {% generation %} blocks."
        case .turnNotEnded(let message):
            "The template does not end message \(message) with the token that ends other turns. Use a template that does, or one "
                + "with {% generation %} blocks."
        case .noTurnEnd:
            "The template ends the assistant's turns with no special token, so that a model would not learn to stop. Use a "
                + "template that writes one."
        case .generationIsCaptured:
            "The template has {% generation %} within a macro, or a block whose text it works on, so that what was generated cannot be "
                + "followed. Move it to where the text is written."
        case .turnEndNotLearned:
            "The template's {% generation %} blocks leave out the token that ends the turn, so that a model would not learn to stop. "
                + "Move the end of the block behind it."
        case .blocksCannotBeginLater:
            "The template's {% generation %} blocks say what is learned, and a prompt of the row has words of the assistant's, too. Use "
                + "a template without such blocks, or rows of messages."
        case .nothingToLearn:
            "Nothing in it is the assistant's, so that nothing would be learned. Give it an answer, or leave it out."
        }
    }
}

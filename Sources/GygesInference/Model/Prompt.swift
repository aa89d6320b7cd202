public import GygesFiles
public import GygesTemplates
import GygesTokenizer

/// Everything that the tokens of one request follow from, apart from the model.
public struct Prompt: Sendable {
    /// What is asked.
    public enum Content: Sendable {
        /// A message of the user, or, of a plain prompt, a text to continue.
        case text(String)
        /// A conversation.
        case messages([ChatMessage])
    }

    /// What is asked.
    public var content: Content
    /// The system message of what has none.
    public var system: String?
    /// What the answer begins with.
    public var responsePrefix = ""
    /// What follows the text that is filled in: the text of ``content`` is what precedes it.
    public var suffix: String?
    /// Whether a text is continued as it stands, without the chat template.
    public var isPlain = false
    /// Whether special tokens spelled out in a plain text, in a response prefix, and around a text to fill in, are meant. What
    /// messages say stays text.
    public var recognisesSpecialTokens = false
    /// The tools' JSON schemas.
    public var tools: [JSON] = []
    /// What else the template can name.
    public var variables = JSONObject()

    /// Creates a prompt of the user's.
    public init(_ content: Content) { self.content = content }
}

extension LanguageModel {
    /// The tokens of a prompt, ready for the answer to go on.
    ///
    /// - Throws: ``EngineError/invalidRequest(_:)`` if parts of the prompt exclude each other, or the model cannot fill in;
    ///   `TemplateError` if it has no template or the template refuses; `TokenizerError`.
    public func tokens(of prompt: Prompt) throws -> [Int32] {
        let special: SpecialTokens = prompt.recognisesSpecialTokens ? .recognise : .asText
        if let suffix = prompt.suffix {
            guard case .text(let text) = prompt.content, prompt.responsePrefix.isEmpty, prompt.system == nil,
                prompt.tools.isEmpty
            else {
                throw EngineError.invalidRequest(
                    "What is filled in lies between two plain texts: leave out messages, tools, a system message and a response prefix."
                )
            }
            return try fillInTheMiddle().tokens(between: text, and: suffix, tokenizer, special)
        }
        guard !prompt.isPlain else {
            guard case .text(let text) = prompt.content, prompt.system == nil, prompt.tools.isEmpty else {
                throw EngineError.invalidRequest(
                    "A plain text has neither messages, tools nor a system message. Leave them out, or use the chat template."
                )
            }
            return try tokenizer.encode(text + prompt.responsePrefix, specialTokens: special, addsBeginning: true)
        }
        return try tokens(
            of: prompt.messages, tools: prompt.tools, prefill: prompt.responsePrefix,
            trustsPrefill: prompt.recognisesSpecialTokens, variables: prompt.variables)
    }

    /// The tokens that end the answer to a prompt.
    public func stopTokens(for prompt: Prompt) -> Set<Int32> {
        prompt.suffix == nil ? stopTokens : stopTokens.union(fillTokens?.ends ?? [])
    }

    private func fillInTheMiddle() throws(EngineError) -> FillTokens {
        guard let fillTokens else {
            throw .invalidRequest(
                "The model has no tokens to fill in the middle of a text with. Use one that was trained to, such as a Qwen2.5-Coder."
            )
        }
        return fillTokens
    }
}

extension Prompt {
    /// The conversation that the template is given.
    fileprivate var messages: [ChatMessage] {
        let messages: [ChatMessage] =
            switch content {
            case .text(let text): [ChatMessage(role: .user, content: text)]
            case .messages(let messages): messages
            }
        guard let system, messages.first?.role != .system else { return messages }
        return [ChatMessage(role: .system, content: system)] + messages
    }
}

import GygesFiles
public import GygesTemplates
public import GygesTokenizer

/// Turns prompts into a model's tokens: with the model's chat template, or as plain text to continue.
///
/// Needs no weights, so that prompts can be counted and cut without loading a model.
public struct PromptEncoder: Sendable {
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// The chat template; `nil` if prompts are plain text.
    public let template: ChatTemplate?
    /// What the template can name.
    private let variables: JSONObject

    /// The encoder of a model that need not be loaded.
    ///
    /// - Parameters:
    ///   - path: A GGUF file or a Hugging Face folder.
    ///   - isPlain: Whether prompts are plain text even if the model has a template.
    ///   - text: What the files may leave open.
    /// - Throws: ``FileError`` if its files cannot be read; `TemplateError` if a template is wanted and there is none.
    public init(path: String, isPlain: Bool = false, text: ModelTextOptions = .init()) throws {
        tokenizer = try Tokenizer(path: path, preTokenizer: text.preTokenizer)
        let model = isPlain ? nil : try ModelTemplate(path: path, text: text)
        template = model?.template
        variables = model?.variables ?? JSONObject()
    }

    /// The encoder of a loaded model.
    ///
    /// - Throws: `TemplateError` if a template is wanted and the model has none.
    public init(_ model: LanguageModel, isPlain: Bool = false) throws(TemplateError) {
        tokenizer = model.tokenizer
        template = isPlain ? nil : model.chatTemplate
        variables = model.templateVariables
        guard isPlain || template != nil else { throw noTemplate(model.path) }
    }

    /// The tokens of one question, ready for the answer to go on.
    ///
    /// - Parameters:
    ///   - text: What is asked: one message of the user, or plain text.
    ///   - responsePrefix: What the answer begins with, after plain text with its space. In a template, where an answer
    ///     begins with a word, spaces at its beginning are left out.
    /// - Throws: `TemplateError` if the template refuses; `TokenizerError`.
    public func tokens(of text: String, responsePrefix: String) throws -> [Int32] {
        guard let template else { return try tokenizer.encode(text + responsePrefix, addsBeginning: true) }
        let message = ChatMessage(role: "user", content: text)
        var segments = try template.render(messages: [message], variables: variables).segments
        segments.append(TextSegment(String(responsePrefix.drop { $0 == " " }), isTrusted: false))
        return try tokenizer.encode(segments: segments)
    }
}

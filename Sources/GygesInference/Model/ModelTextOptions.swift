/// What a model's files may leave open about its text.
public struct ModelTextOptions: Sendable, Equatable {
    /// How a GGUF file's text is cut into pieces, if the file does not say; one of `Tokenizer.preTokenizerNames`.
    public var preTokenizer: String?
    /// Which of several chat templates is taken; `nil` takes `default`, and `tool_use` where there are tools.
    public var templateName: String?

    /// Creates options.
    public init(preTokenizer: String? = nil, templateName: String? = nil) {
        self.preTokenizer = preTokenizer
        self.templateName = templateName
    }
}

public import GygesFiles
public import GygesTemplates

/// What `POST /tokenize` is sent, in vLLM's, llama-server's and text-embeddings-inference's words.
public struct TokenizeRequest: Sendable, Equatable {
    /// What is tokenised.
    public enum Input: Sendable, Equatable {
        /// A text (`prompt`, `content` or `inputs`).
        case text(String)
        /// A conversation (`messages`).
        case messages([ChatMessage], addsGenerationPrompt: Bool)
    }

    /// The model's name; `nil` for the server's first.
    public var model: String?
    /// What is tokenised.
    public var input: Input
    /// Whether the tokens come first that a text begins with; `nil` for the server's default.
    public var addsSpecialTokens: Bool?

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.text("model")
        let (prompt, content, inputs) = (
            try reader.text("prompt"), try reader.text("content"), try reader.text("inputs")
        )
        if let text = prompt ?? content ?? inputs {
            input = .text(text)
        } else if reader.value("messages") != nil {
            input = .messages(
                try ChatRequest.messages(&reader),
                addsGenerationPrompt: try reader.truth("add_generation_prompt") ?? true)
        } else {
            throw .invalid("prompt", "“prompt” is missing.")
        }
        addsSpecialTokens = try reader.truth("add_special_tokens")
        reader.skip("return_token_strs", "with_pieces")
        try reader.finish()
    }
}

/// What `POST /detokenize` is sent.
public struct DetokenizeRequest: Sendable, Equatable {
    /// The model's name; `nil` for the server's first.
    public var model: String?
    /// The tokens.
    public var tokens: [Int32]

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.text("model")
        let elements = try reader.required(reader.array("tokens"), "tokens")
        var tokens: [Int32] = []
        for element in elements {
            guard let token = element.integer.flatMap({ Int32(exactly: $0) }), token >= 0 else {
                throw reader.mismatch("tokens", "an array of tokens' numbers", .array(elements))
            }
            tokens.append(token)
        }
        self.tokens = tokens
        try reader.finish()
    }
}

/// What `POST /apply-template` is sent, as llama-server has it: a conversation whose text is wanted.
public struct TemplateRequest: Sendable, Equatable {
    /// The model's name; `nil` for the server's first decoder.
    public var model: String?
    /// The conversation.
    public var messages: [ChatMessage]
    /// The tools that the template shows.
    public var tools: [JSON]
    /// Whether the text ends where the assistant goes on.
    public var addsGenerationPrompt: Bool
    /// What the template can name besides.
    public var variables: JSONObject

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.text("model")
        messages = try ChatRequest.messages(&reader)
        tools = try ChatRequest.tools(&reader)
        addsGenerationPrompt = try reader.truth("add_generation_prompt") ?? true
        variables = try reader.object("chat_template_kwargs") ?? JSONObject()
        try reader.finish()
    }
}

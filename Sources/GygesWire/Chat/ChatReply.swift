public import GygesFiles

/// What `POST /v1/chat/completions` answers.
public struct ChatReply: Sendable, Equatable {
    /// One of the answers.
    public struct Choice: Sendable, Equatable {
        /// Which of several it is, from 0.
        public var index: Int
        /// The assistant's text; empty where the server sent none.
        public var content: String
        /// The reasoning that the server separated from the text (`reasoning_content`, or `reasoning`).
        public var reasoning: String?
        /// The assistant's refusal, where the server separates it from the text.
        public var refusal: String?
        /// The tools that the assistant calls.
        public var toolCalls: [ToolCall]
        /// Why the answer ended; `nil` if the server did not say.
        public var finishReason: String?
        /// The stop string that was found (vLLM's `stop_reason`).
        public var stopString: String?
        /// The answer's tokens and their log-probabilities, if they were asked for and the server gives them.
        public var tokens: [ScoredToken]?

        /// Creates an answer.
        public init(
            index: Int = 0, content: String, reasoning: String? = nil, refusal: String? = nil,
            toolCalls: [ToolCall] = [], finishReason: String? = nil, stopString: String? = nil,
            tokens: [ScoredToken]? = nil
        ) {
            self.index = index
            self.content = content
            self.reasoning = reasoning
            self.refusal = refusal
            self.toolCalls = toolCalls
            self.finishReason = finishReason
            self.stopString = stopString
            self.tokens = tokens
        }
    }

    /// Name, time, model and counts of tokens.
    public var head: ReplyHead
    /// The answers; never empty.
    public var choices: [Choice]
    /// The prompt's tokens and their log-probabilities, if they were asked for and the server gives them (vLLM).
    public var promptLogProbabilities: [ScoredToken]?

    /// Creates a reply.
    public init(head: ReplyHead, choices: [Choice], promptLogProbabilities: [ScoredToken]? = nil) {
        self.head = head
        self.choices = choices
        self.promptLogProbabilities = promptLogProbabilities
    }

    /// Reads a reply.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: `FileError` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        head = try ReplyHead(root)
        let elements = try root.required("choices")
        choices = try elements.elements().reading { value throws(FileError) in try Choice(value) }
        guard !choices.isEmpty else { throw elements.fault("there is no choice") }
        let whole = try root.optional("prompt_logprobs")
        let own = try elements.elements().first?.optional("prompt_logprobs")
        promptLogProbabilities = try (whole ?? own).map { value throws(FileError) in
            try ScoredToken.promptList(value)
        }
    }

    /// The reply's body.
    public var json: JSON {
        var body = head.body("chat.completion", choices: choices.map(\.json))
        body["prompt_logprobs"] = promptLogProbabilities.map(ScoredToken.promptJSON)
        return .object(body)
    }
}

extension ChatReply.Choice {
    fileprivate init(_ value: JSONField) throws(FileError) {
        index = try value.optional("index")?.count() ?? 0
        let message = try value.required("message")
        content = try message.optional("content")?.flattenedText() ?? ""
        let separated = try message.optional("reasoning_content")
        let named = try message.optional("reasoning")
        reasoning = try (separated ?? named)?.text()
        refusal = try message.optional("refusal")?.text()
        toolCalls =
            try message.optional("tool_calls")?.elements().reading { call throws(FileError) in
                try ToolCall(call)
            } ?? []
        finishReason = try value.optional("finish_reason")?.text()
        // vLLM puts a token's number there if a token ended the answer.
        stopString = try value.optional("stop_reason")?.json.string
        tokens = try value.optional("logprobs")?.optional("content").map { list throws(FileError) in
            try ScoredToken.contentList(list)
        }
    }

    fileprivate var json: JSON {
        var message = JSONObject([("role", "assistant")])
        // A call of a tool without words has no content; everything else has, if only an empty one.
        message["content"] = content.isEmpty && !toolCalls.isEmpty ? .null : .string(content)
        message["reasoning_content"] = reasoning.map(JSON.string)
        message["refusal"] = refusal.map(JSON.string) ?? .null
        if !toolCalls.isEmpty { message["tool_calls"] = .array(toolCalls.map(\.json)) }
        var choice = JSONObject([("index", .integer(index)), ("message", .object(message))])
        choice["logprobs"] = tokens.map(ScoredToken.contentJSON) ?? .null
        choice["finish_reason"] = finishReason.map(JSON.string) ?? .null
        choice["stop_reason"] = stopString.map(JSON.string)
        return .object(choice)
    }
}

extension JSONField {
    /// A text, or the texts of an array of parts.
    fileprivate func flattenedText() throws(FileError) -> String {
        guard json.array != nil else { return try text() }
        var whole = ""
        for part in try elements() { whole += try part.optional("text")?.text() ?? "" }
        return whole
    }
}

/// What to do where a reply is not of the API's form.
let wrongAPIRemedy = "Check that the address is that of an API in OpenAI's form, with its version: http://host:port/v1."

public import GygesFiles

/// What `POST /v1/chat/completions` is sent.
///
/// Members at their defaults are left out, so that servers of the plain API accept the request; those that only some
/// servers know are marked.
public struct ChatRequest: Sendable, Equatable {
    /// One message of the conversation.
    public struct Message: Sendable, Equatable {
        /// `system`, `user` or `assistant`.
        public var role: String
        /// The text.
        public var content: String

        /// Creates a message.
        public init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// The form of the answer.
    public enum ResponseFormat: Sendable, Equatable {
        /// Any JSON object.
        case jsonObject
        /// JSON after a schema, which the server must keep to.
        case jsonSchema(name: String, schema: JSON)
    }

    /// What the greatest length is called: newer models of OpenAI's refuse the older name.
    public enum LengthMember: String, Sendable, Codable, CaseIterable {
        case maximumTokens = "max_tokens"
        case maximumCompletionTokens = "max_completion_tokens"
    }

    /// The model's name.
    public var model: String
    /// The conversation.
    public var messages: [Message]
    /// Divides the logits; `nil` for the server's default.
    public var temperature: Double?
    /// The share of probability that is kept; `nil` for the server's default.
    public var topP: Double?
    /// So many most probable tokens are kept (vLLM, llama-server); `nil` leaves it out.
    public var topK: Int?
    /// The answer's greatest length in tokens.
    public var maximumTokens: Int?
    /// What that is called.
    public var lengthMember: LengthMember
    /// Seeds the server's random numbers, if it has a seed.
    public var seed: Int?
    /// Strings that end the answer.
    public var stop: [String]
    /// The form of the answer; `nil` for free text.
    public var responseFormat: ResponseFormat?
    /// Whether the last message, the assistant's, is to be continued instead of answered (vLLM).
    public var continuesLastMessage: Bool
    /// How many alternatives the reply lists for each token of the prompt; 0 lists only the token itself (vLLM).
    public var promptLogProbabilities: Int?

    /// Creates a request.
    public init(
        model: String, messages: [Message], temperature: Double? = nil, topP: Double? = nil, topK: Int? = nil,
        maximumTokens: Int? = nil, lengthMember: LengthMember = .maximumTokens, seed: Int? = nil, stop: [String] = [],
        responseFormat: ResponseFormat? = nil, continuesLastMessage: Bool = false, promptLogProbabilities: Int? = nil
    ) {
        self.model = model
        self.messages = messages
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.maximumTokens = maximumTokens
        self.lengthMember = lengthMember
        self.seed = seed
        self.stop = stop
        self.responseFormat = responseFormat
        self.continuesLastMessage = continuesLastMessage
        self.promptLogProbabilities = promptLogProbabilities
    }

    /// The request's body.
    public var json: JSON {
        var body = JSONObject([
            ("model", .string(model)),
            (
                "messages",
                .array(messages.map { ["role": .string($0.role), "content": .string($0.content)] })
            ),
        ])
        body["temperature"] = temperature.map(JSON.double)
        body["top_p"] = topP.map(JSON.double)
        body["top_k"] = topK.map(JSON.integer)
        body[lengthMember.rawValue] = maximumTokens.map(JSON.integer)
        body["seed"] = seed.map(JSON.integer)
        if !stop.isEmpty { body["stop"] = .array(stop.map(JSON.string)) }
        body["response_format"] = responseFormat?.json
        if continuesLastMessage {
            body["continue_final_message"] = true
            body["add_generation_prompt"] = false
        }
        body["prompt_logprobs"] = promptLogProbabilities.map(JSON.integer)
        return .object(body)
    }
}

extension ChatRequest.ResponseFormat {
    /// The member's value.
    public var json: JSON {
        switch self {
        case .jsonObject: ["type": "json_object"]
        case .jsonSchema(let name, let schema):
            [
                "type": "json_schema",
                "json_schema": ["name": .string(name), "strict": true, "schema": schema],
            ]
        }
    }
}

public import GygesFiles
public import GygesTemplates

/// What `POST /v1/chat/completions` is sent.
///
/// Members at their defaults are left out, so that servers of the plain API accept the request; those that only some
/// servers know are marked.
public struct ChatRequest: Sendable, Equatable {
    /// The form of the answer.
    public enum ResponseFormat: Sendable, Equatable {
        /// Any JSON object.
        case jsonObject
        /// JSON after a schema, which the server must keep to.
        case jsonSchema(name: String, schema: JSON)
    }

    /// Whether and which tools the answer calls.
    public enum ToolChoice: Sendable, Equatable {
        /// None.
        case none
        /// As the model decides.
        case automatic
        /// At least one.
        case required
        /// This one.
        case function(String)
    }

    /// The model's name.
    public var model: String
    /// The conversation.
    public var messages: [ChatMessage]
    /// How tokens are drawn, when the answer ends, and how it is sent.
    public var settings: GenerationSettings
    /// The form of the answer; `nil` for free text.
    public var responseFormat: ResponseFormat?
    /// The tools that the answer may call, as JSON objects of type `function`.
    public var tools: [JSON]
    /// Whether and which tools the answer calls; `nil` for the server's default.
    public var toolChoice: ToolChoice?
    /// Whether the answer may call several tools at once; `nil` for the server's default.
    public var callsToolsInParallel: Bool?
    /// How many alternatives the reply lists for each token of the answer; 0 lists only the token itself, `nil` nothing.
    public var logProbabilities: Int?
    /// Whether the last message, the assistant's, is to be continued instead of answered (vLLM).
    public var continuesLastMessage: Bool
    /// How many alternatives the reply lists for each token of the prompt; 0 lists only the token itself (vLLM).
    public var promptLogProbabilities: Int?

    /// Creates a request.
    public init(
        model: String, messages: [ChatMessage], settings: GenerationSettings = .init(),
        responseFormat: ResponseFormat? = nil, tools: [JSON] = [], toolChoice: ToolChoice? = nil,
        callsToolsInParallel: Bool? = nil, logProbabilities: Int? = nil, continuesLastMessage: Bool = false,
        promptLogProbabilities: Int? = nil
    ) {
        self.model = model
        self.messages = messages
        self.settings = settings
        self.responseFormat = responseFormat
        self.tools = tools
        self.toolChoice = toolChoice
        self.callsToolsInParallel = callsToolsInParallel
        self.logProbabilities = logProbabilities
        self.continuesLastMessage = continuesLastMessage
        self.promptLogProbabilities = promptLogProbabilities
    }

    /// The request's body.
    public var json: JSON {
        var body = JSONObject([
            ("model", .string(model)), ("messages", .array(messages.map { .object($0.fields) })),
        ])
        settings.write(to: &body)
        body["response_format"] = responseFormat?.json
        if !tools.isEmpty { body["tools"] = .array(tools) }
        body["tool_choice"] = toolChoice?.json
        body["parallel_tool_calls"] = callsToolsInParallel.map(JSON.bool)
        if let logProbabilities {
            body["logprobs"] = true
            if logProbabilities > 0 { body["top_logprobs"] = .integer(logProbabilities) }
        }
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

extension ChatRequest.ToolChoice {
    /// The member's value.
    public var json: JSON {
        switch self {
        case .none: "none"
        case .automatic: "auto"
        case .required: "required"
        case .function(let name): ["type": "function", "function": ["name": .string(name)]]
        }
    }
}

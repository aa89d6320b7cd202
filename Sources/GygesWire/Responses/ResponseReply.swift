public import GygesFiles

/// What `POST /v1/responses` answers, whole or so far: what came of a request, beside what the request said.
public struct ResponseReply: Sendable {
    /// How a response stands.
    public enum Status: Sendable, Equatable {
        /// It is being made.
        case inProgress
        /// It is whole.
        case completed
        /// It might be no longer.
        case cut
        /// It could not be made, for this reason.
        case failed(ErrorReply)
    }

    /// The request.
    public var asked: ResponseRequest
    /// Name, time and model; and how many tokens were used, once that is known.
    public var head: ReplyHead
    /// What tokens were drawn by, as the server filled in what the request did not say.
    public var drawnBy: (temperature: Double, topP: Double)

    /// Creates a reply.
    public init(asked: ResponseRequest, head: ReplyHead, drawnBy: (temperature: Double, topP: Double)) {
        self.asked = asked
        self.head = head
        self.drawnBy = drawnBy
    }

    /// The reply's body.
    public func json(_ status: Status, output: [JSON]) -> JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        let chat = asked.chat
        var failure = JSON.null
        var name = "completed"
        switch status {
        case .inProgress: name = "in_progress"
        case .completed: break
        case .cut: name = "incomplete"
        case .failed(let reply):
            name = "failed"
            failure = [
                "code": reply.type == "rate_limit_error" ? "rate_limit_exceeded" : "server_error",
                "message": .string(reply.message),
            ]
        }
        var body = JSONObject()
        body["id"] = text(head.id)
        body["object"] = "response"
        body["created_at"] = .integer(head.created ?? 0)
        body["status"] = .string(name)
        body["background"] = false
        body["error"] = failure
        body["incomplete_details"] = status == .cut ? ["reason": "max_output_tokens"] : .null
        body["instructions"] = text(asked.instructions)
        body["max_output_tokens"] = chat.settings.maximumTokens.map(JSON.integer) ?? .null
        body["metadata"] = .object(asked.metadata)
        body["model"] = text(head.model)
        body["output"] = .array(output)
        body["parallel_tool_calls"] = .bool(chat.callsToolsInParallel ?? true)
        body["previous_response_id"] = .null
        body["reasoning"] = ["effort": .null, "summary": .null]
        body["store"] = false
        body["temperature"] = .double(drawnBy.temperature)
        body["text"] = ["format": format]
        body["tool_choice"] = choice
        body["tools"] = .array(asked.tools)
        body["top_logprobs"] = .integer(chat.logProbabilities ?? 0)
        body["top_p"] = .double(drawnBy.topP)
        body["truncation"] = "disabled"
        body["usage"] = head.usage?.responseJSON ?? .null
        return .object(body)
    }

    private var format: JSON {
        switch asked.chat.responseFormat {
        case nil: ["type": "text"]
        case .jsonObject: ["type": "json_object"]
        case .jsonSchema(let name, let schema):
            ["type": "json_schema", "name": .string(name), "strict": true, "schema": schema]
        }
    }

    private var choice: JSON {
        switch asked.chat.toolChoice {
        case .function(let name)?: ["type": "function", "name": .string(name)]
        case let choice?: choice.json
        case nil: "auto"
        }
    }
}

extension Usage {
    /// The counts as responses carry them. No tokens of reasoning are told apart.
    fileprivate var responseJSON: JSON {
        [
            "input_tokens": .integer(promptTokens),
            "input_tokens_details": ["cached_tokens": .integer(cachedTokens ?? 0), "cache_write_tokens": 0],
            "output_tokens": .integer(completionTokens), "output_tokens_details": ["reasoning_tokens": 0],
            "total_tokens": .integer(totalTokens),
        ]
    }
}

public import GygesFiles

/// A piece of a chat's answer as it is streamed.
///
/// The first of a choice names the role, the last says why it ended; id, time and model are the same in all. Counts of tokens come
/// last, in a piece without choices.
public struct ChatChunk: Sendable, Equatable {
    /// What a piece adds to one of the answers.
    public struct Choice: Sendable, Equatable {
        /// Which of several answers it belongs to, from 0.
        public var index: Int
        /// Who speaks, in the first piece.
        public var role: String?
        /// What the text goes on with.
        public var content: String?
        /// What the reasoning goes on with.
        public var reasoning: String?
        /// What calls of tools begin or go on with.
        public var toolCalls: [ToolCallPiece]
        /// The tokens of the piece and their log-probabilities, if they were asked for.
        public var tokens: [ScoredToken]?
        /// Why the answer ended, in the last piece.
        public var finishReason: String?

        /// Creates a piece.
        public init(
            index: Int = 0, role: String? = nil, content: String? = nil, reasoning: String? = nil,
            toolCalls: [ToolCallPiece] = [], tokens: [ScoredToken]? = nil, finishReason: String? = nil
        ) {
            self.index = index
            self.role = role
            self.content = content
            self.reasoning = reasoning
            self.toolCalls = toolCalls
            self.tokens = tokens
            self.finishReason = finishReason
        }
    }

    /// A piece of a call: the first has id and name, the others arguments alone.
    public struct ToolCallPiece: Sendable, Equatable {
        /// Which of several calls it belongs to, from 0.
        public var index: Int
        /// The call's id, in its first piece.
        public var id: String?
        /// The function's name, in its first piece.
        public var name: String?
        /// What the arguments go on with.
        public var arguments: String

        /// Creates a piece.
        public init(index: Int, id: String? = nil, name: String? = nil, arguments: String) {
            self.index = index
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    /// Name, time, model and counts of tokens.
    public var head: ReplyHead
    /// What is added.
    public var choices: [Choice]

    /// Creates a piece.
    public init(head: ReplyHead, choices: [Choice]) {
        self.head = head
        self.choices = choices
    }

    /// Reads a piece.
    ///
    /// - Parameter source: names the answer in errors.
    /// - Throws: `FileError` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        head = try ReplyHead(root)
        choices = try root.required("choices").elements().reading { value throws(FileError) in try Choice(value) }
    }

    /// The piece as an event's data.
    public var json: JSON { .object(head.body("chat.completion.chunk", choices: choices.map(\.json))) }
}

extension ChatChunk.Choice {
    fileprivate init(_ value: JSONField) throws(FileError) {
        index = try value.optional("index")?.count() ?? 0
        let delta = try value.required("delta")
        role = try delta.optional("role")?.text()
        content = try delta.optional("content")?.text()
        let separated = try delta.optional("reasoning_content")
        let named = try delta.optional("reasoning")
        reasoning = try (separated ?? named)?.text()
        toolCalls =
            try delta.optional("tool_calls")?.elements().reading { call throws(FileError) in
                let function = try call.optional("function")
                return ChatChunk.ToolCallPiece(
                    index: try call.optional("index")?.count() ?? 0, id: try call.optional("id")?.text(),
                    name: try function?.optional("name")?.text(),
                    arguments: try function?.optional("arguments")?.text() ?? "")
            } ?? []
        tokens = try value.optional("logprobs")?.optional("content").map { list throws(FileError) in
            try ScoredToken.contentList(list)
        }
        finishReason = try value.optional("finish_reason")?.text()
    }

    fileprivate var json: JSON {
        var delta = JSONObject()
        delta["role"] = role.map(JSON.string)
        delta["content"] = content.map(JSON.string)
        delta["reasoning_content"] = reasoning.map(JSON.string)
        if !toolCalls.isEmpty {
            delta["tool_calls"] = .array(
                toolCalls.map { call in
                    var function = JSONObject()
                    function["name"] = call.name.map(JSON.string)
                    function["arguments"] = .string(call.arguments)
                    var object = JSONObject([("index", .integer(call.index))])
                    object["id"] = call.id.map(JSON.string)
                    if call.id != nil { object["type"] = "function" }
                    object["function"] = .object(function)
                    return .object(object)
                })
        }
        var choice = JSONObject([("index", .integer(index)), ("delta", .object(delta))])
        choice["logprobs"] = tokens.map(ScoredToken.contentJSON)
        choice["finish_reason"] = finishReason.map(JSON.string) ?? .null
        return .object(choice)
    }
}

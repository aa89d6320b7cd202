public import GygesFiles
import GygesTemplates

extension ChatRequest {
    /// The most messages, tools and alternatives of a token that a request may have.
    static let (messageLimit, toolLimit, alternativeLimit) = (10_000, 128, 20)

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown, of another type or beyond its bounds.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.required(reader.text("model"), "model")
        messages = try Self.messages(&reader)
        settings = try GenerationSettings(&reader)
        responseFormat = try Self.responseFormat(&reader)
        tools = try Self.tools(&reader)
        toolChoice = try Self.toolChoice(&reader, among: tools)
        callsToolsInParallel = try reader.truth("parallel_tool_calls")
        logProbabilities = try Self.logProbabilities(&reader)
        continuesLastMessage = try Self.continuesLastMessage(&reader, messages)
        promptLogProbabilities = try reader.integer("prompt_logprobs", in: 0...Self.alternativeLimit)
        try reader.finish()
    }

    static func messages(_ reader: inout RequestReader) throws(ErrorReply) -> [ChatMessage] {
        let elements = try reader.required(reader.array("messages"), "messages")
        guard (1...messageLimit).contains(elements.count) else {
            throw .invalid("messages", "“messages” must be 1 to \(messageLimit) messages, not \(elements.count).")
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            messages.append(try ChatMessage(request: element, place: "messages[\(index)]"))
        }
        return messages
    }

    static func responseFormat(_ reader: inout RequestReader) throws(ErrorReply) -> ResponseFormat? {
        guard var format = try reader.reader("response_format") else { return nil }
        let type = try format.required(format.text("type"), "type")
        let result: ResponseFormat?
        switch type {
        case "text": result = nil
        case "json_object": result = .jsonObject
        case "json_schema":
            guard var schema = try format.reader("json_schema") else {
                throw .invalid(format.path("json_schema"), "“\(format.path("json_schema"))” is missing.")
            }
            // Whether a schema is kept to is no choice here: it always is.
            schema.skip("strict", "description")
            let name = try schema.text("name") ?? "answer"
            result = .jsonSchema(name: name, schema: try schema.required(schema.value("schema"), "schema"))
            try schema.finish()
        default:
            throw format.mismatch("type", "“text”, “json_object” or “json_schema”", .string(type))
        }
        try format.finish()
        return result
    }

    static func tools(_ reader: inout RequestReader) throws(ErrorReply) -> [JSON] {
        let tools = try reader.array("tools") ?? []
        guard tools.count <= toolLimit else {
            throw .invalid("tools", "“tools” must be at most \(toolLimit) tools, not \(tools.count).")
        }
        for (index, tool) in tools.enumerated() {
            var tool = try RequestReader(tool, place: "tools[\(index)]")
            let type = try tool.required(tool.text("type"), "type")
            guard type == "function" else { throw tool.mismatch("type", "“function”", .string(type)) }
            guard var function = try tool.reader("function") else {
                throw .invalid(tool.path("function"), "“\(tool.path("function"))” is missing.")
            }
            _ = try function.required(function.text("name"), "name")
            _ = try function.text("description")
            _ = try function.reader("parameters")
            _ = try function.truth("strict")
            try function.finish()
            try tool.finish()
        }
        return tools
    }

    private static func toolChoice(
        _ reader: inout RequestReader, among tools: [JSON]
    ) throws(ErrorReply) -> ToolChoice? {
        guard let value = reader.value("tool_choice") else { return nil }
        switch value.string {
        case "none": return ToolChoice.none
        case "auto": return .automatic
        case "required" where !tools.isEmpty: return .required
        default: break
        }
        guard let name = value["function"]?["name"]?.string, value["type"]?.string == "function" else {
            throw reader.mismatch(
                "tool_choice",
                "“none”, “auto”, with tools “required”, or a function's name as {\"type\": \"function\", \"function\": {\"name\": …}}",
                value)
        }
        guard tools.contains(where: { $0["function"]?["name"]?.string == name }) else {
            throw .invalid("tool_choice", "“tool_choice” names “\(name.shown(limit: 80))”, which is none of the tools.")
        }
        return .function(name)
    }

    private static func logProbabilities(_ reader: inout RequestReader) throws(ErrorReply) -> Int? {
        let isWanted = try reader.truth("logprobs") ?? false
        let count = try reader.integer("top_logprobs", in: 0...alternativeLimit)
        guard isWanted else {
            guard count ?? 0 == 0 else {
                throw .invalid("top_logprobs", "“top_logprobs” is for requests with “logprobs”.")
            }
            return nil
        }
        return count ?? 0
    }

    private static func continuesLastMessage(
        _ reader: inout RequestReader, _ messages: [ChatMessage]
    ) throws(ErrorReply) -> Bool {
        let continues = try reader.truth("continue_final_message") ?? false
        let begins = try reader.truth("add_generation_prompt") ?? !continues
        guard continues != begins else {
            throw .invalid(
                "add_generation_prompt",
                "“add_generation_prompt” and “continue_final_message” exclude each other, and one must be.")
        }
        guard !continues || messages.last?.role == .assistant else {
            throw .invalid(
                "continue_final_message", "The last message is not the assistant's, which could be continued.")
        }
        return continues
    }
}

extension ChatMessage {
    /// Reads a message of a request: texts in parts are joined, a `developer` speaks as `system`, and what a call of a tool must
    /// have is there.
    ///
    /// - Throws: ``ErrorReply`` naming the member at fault.
    init(request json: JSON, place: String) throws(ErrorReply) {
        var reader = try RequestReader(json, place: place)
        let role = try Self.role(&reader)
        var fields = JSONObject([("role", .string(role.rawValue))])
        let content = try Self.content(&reader)
        let calls = try Self.toolCalls(&reader)
        let refusal = try reader.text("refusal")
        guard content != nil || (role == .assistant && (!calls.isEmpty || refusal != nil)) else {
            throw .invalid(reader.path("content"), "“\(reader.path("content"))” is missing.")
        }
        guard calls.isEmpty || role == .assistant else {
            throw .invalid(
                reader.path("tool_calls"), "“\(reader.path("tool_calls"))” is for messages of the assistant.")
        }
        fields["content"] = content.map(JSON.string) ?? .null
        fields["refusal"] = refusal.map(JSON.string)
        fields["reasoning_content"] = try reader.text("reasoning_content").map(JSON.string)
        fields["name"] = try reader.text("name").map(JSON.string)
        if !calls.isEmpty { fields["tool_calls"] = .array(calls.map(\.json)) }
        let call = try reader.text("tool_call_id")
        if role == .tool { _ = try reader.required(call, "tool_call_id") }
        fields["tool_call_id"] = call.map(JSON.string)
        // Replies carry it, and clients send replies back.
        reader.skip("annotations")
        try reader.finish()
        self.init(fields: fields)
    }

    private static func role(_ reader: inout RequestReader) throws(ErrorReply) -> Role {
        let name = try reader.required(reader.text("role"), "role")
        if name == "developer" { return .system }
        let role = Role(rawValue: name)
        guard [.system, .user, .assistant, .tool].contains(role) else {
            throw reader.mismatch("role", "“system”, “user”, “assistant” or “tool”", .string(name))
        }
        return role
    }

    private static func content(_ reader: inout RequestReader) throws(ErrorReply) -> String? {
        guard let value = reader.value("content") else { return nil }
        if let text = value.string { return text }
        guard let parts = value.array else { throw reader.mismatch("content", "a string or an array of parts", value) }
        var whole = ""
        for (index, part) in parts.enumerated() {
            var part = try RequestReader(part, place: "\(reader.path("content"))[\(index)]")
            let type = try part.required(part.text("type"), "type")
            guard type == "text" || type == "input_text" else {
                throw .unsupported(
                    part.path("type"), "A part of type “\(type.shown(limit: 40))” cannot be read here: only “text” can."
                )
            }
            whole += try part.required(part.text("text"), "text")
            try part.finish()
        }
        return whole
    }

    private static func toolCalls(_ reader: inout RequestReader) throws(ErrorReply) -> [ToolCall] {
        var calls: [ToolCall] = []
        for (index, call) in (try reader.array("tool_calls") ?? []).enumerated() {
            calls.append(try ToolCall(request: call, place: "\(reader.path("tool_calls"))[\(index)]"))
        }
        return calls
    }
}

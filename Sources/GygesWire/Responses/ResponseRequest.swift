public import GygesFiles
import GygesTemplates

/// What `POST /v1/responses` is sent, as far as it is about text and functions: a chat in other words, and what its reply repeats.
///
/// Nothing is stored by a server that reads this: whatever builds on an earlier response is refused.
public struct ResponseRequest: Sendable, Equatable {
    /// The same as a chat.
    public var chat: ChatRequest
    /// What the model is told before the conversation.
    public var instructions: String?
    /// The tools in the flat form that they came in.
    public var tools: [JSON]
    /// What the sender notes about the request, for itself.
    public var metadata: JSONObject

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown, of another type, beyond its bounds or beyond what can be done
    ///   here.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        let model = try reader.required(reader.text("model"), "model")
        instructions = try reader.text("instructions")
        var messages = try Self.messages(&reader)
        if let instructions { messages.insert(ChatMessage(role: .system, content: instructions), at: 0) }
        let settings = try Self.settings(&reader)
        tools = try reader.array("tools") ?? []
        let nested = try Self.nested(tools)
        let choice = try Self.toolChoice(&reader, among: nested)
        let scores = try Self.logProbabilities(&reader)
        chat = ChatRequest(
            model: model, messages: messages, settings: settings, responseFormat: try Self.format(&reader),
            tools: nested,
            toolChoice: choice, callsToolsInParallel: try reader.truth("parallel_tool_calls"), logProbabilities: scores)
        metadata = try reader.object("metadata") ?? JSONObject()
        try Self.refuseState(&reader)
        // They say who asks, or what the sender's account keeps; calls of tools that servers make themselves are limited where there are any.
        reader.skip(
            "user", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "max_tool_calls")
        try reader.finish()
    }

    private static func settings(_ reader: inout RequestReader) throws(ErrorReply) -> GenerationSettings {
        var settings = GenerationSettings()
        settings.temperature = try reader.number("temperature", in: 0...100)
        settings.topP = try reader.number("top_p", in: 0...1)
        settings.maximumTokens = try reader.integer("max_output_tokens", in: 1...Int(Int32.max))
        // As vLLM has it: answers can be drawn again.
        settings.seed = try reader.integer("seed", in: .min ... .max)
        settings.isStreamed = try reader.truth("stream") ?? false
        guard var options = try reader.reader("stream_options") else { return settings }
        guard settings.isStreamed else {
            throw .invalid("stream_options", "“stream_options” is for requests with “stream”.")
        }
        options.skip("include_obfuscation")
        try options.finish()
        return settings
    }

    /// Tools as chats have them.
    private static func nested(_ tools: [JSON]) throws(ErrorReply) -> [JSON] {
        guard tools.count <= ChatRequest.toolLimit else {
            throw .invalid("tools", "“tools” must be at most \(ChatRequest.toolLimit) tools, not \(tools.count).")
        }
        var nested: [JSON] = []
        for (index, tool) in tools.enumerated() {
            var tool = try RequestReader(tool, place: "tools[\(index)]")
            let type = try tool.required(tool.text("type"), "type")
            guard type == "function" else {
                throw .unsupported(
                    tool.path("type"),
                    "A tool of type “\(type.shown(limit: 40))” would be the server's own, and it has none: only “function” can be offered."
                )
            }
            var function = JSONObject([("name", .string(try tool.required(tool.text("name"), "name")))])
            function["description"] = try tool.text("description").map(JSON.string)
            function["parameters"] = try tool.object("parameters").map(JSON.object)
            // Whether a schema is kept to is no choice here.
            _ = try tool.truth("strict")
            try tool.finish()
            nested.append(["type": "function", "function": .object(function)])
        }
        return nested
    }

    private static func toolChoice(
        _ reader: inout RequestReader, among tools: [JSON]
    ) throws(ErrorReply) -> ChatRequest.ToolChoice? {
        guard let value = reader.value("tool_choice") else { return nil }
        switch value.string {
        case "none": return ChatRequest.ToolChoice.none
        case "auto": return .automatic
        case "required" where !tools.isEmpty: return .required
        default: break
        }
        guard value["type"]?.string == "function", let name = value["name"]?.string else {
            throw reader.mismatch(
                "tool_choice",
                "“none”, “auto”, with tools “required”, or a function's name as {\"type\": \"function\", \"name\": …}",
                value)
        }
        guard tools.contains(where: { $0["function"]?["name"]?.string == name }) else {
            throw .invalid("tool_choice", "“tool_choice” names “\(name.shown(limit: 80))”, which is none of the tools.")
        }
        return .function(name)
    }

    private static func format(_ reader: inout RequestReader) throws(ErrorReply) -> ChatRequest.ResponseFormat? {
        guard var text = try reader.reader("text") else { return nil }
        if let verbosity = try text.text("verbosity"), verbosity != "medium" {
            throw .unsupported(text.path("verbosity"), "Models here have no “verbosity”: say in words how long to be.")
        }
        let format = try text.reader("format")
        try text.finish()
        guard var format else { return nil }
        let result: ChatRequest.ResponseFormat?
        let type = try format.required(format.text("type"), "type")
        switch type {
        case "text": result = nil
        case "json_object": result = .jsonObject
        case "json_schema":
            // Whether a schema is kept to is no choice here: it always is.
            format.skip("strict", "description")
            let name = try format.text("name") ?? "answer"
            result = .jsonSchema(name: name, schema: try format.required(format.value("schema"), "schema"))
        default: throw format.mismatch("type", "“text”, “json_object” or “json_schema”", .string(type))
        }
        try format.finish()
        return result
    }

    private static func logProbabilities(_ reader: inout RequestReader) throws(ErrorReply) -> Int? {
        let count = try reader.integer("top_logprobs", in: 0...ChatRequest.alternativeLimit)
        var isWanted = false
        for value in try reader.array("include") ?? [] {
            switch value.string {
            case "message.output_text.logprobs": isWanted = true
            // There is no reasoning apart from the text, and so none to be included.
            case "reasoning.encrypted_content": break
            default: throw reader.mismatch("include", "of “message.output_text.logprobs” alone", value)
            }
        }
        guard isWanted || count ?? 0 == 0 else {
            throw .invalid(
                "top_logprobs", "“top_logprobs” is for requests that “include” “message.output_text.logprobs”.")
        }
        return isWanted ? count ?? 0 : nil
    }

    /// What needs a server that keeps responses, or models that reason apart from their text.
    private static func refuseState(_ reader: inout RequestReader) throws(ErrorReply) {
        if try reader.truth("store") == true {
            throw .unsupported("store", "Responses are not stored here: leave “store” out, or let it be false.")
        }
        if try reader.truth("background") == true {
            throw .unsupported(
                "background", "Responses are not stored here to be asked for later: leave “background” out.")
        }
        for name in ["previous_response_id", "conversation", "prompt"] where reader.value(name) != nil {
            throw .unsupported(
                name, "Nothing is stored here that “\(name)” could name: send the whole conversation as “input”.")
        }
        if let truncation = try reader.text("truncation"), truncation != "disabled" {
            throw .unsupported("truncation", "Conversations are not cut here: “truncation” must be “disabled”.")
        }
        if var reasoning = try reader.reader("reasoning") {
            if let effort = try reasoning.text("effort"), effort != "none" {
                throw .unsupported(
                    reasoning.path("effort"), "Models here have no “reasoning.effort”: leave it out, or say “none”.")
            }
            try reasoning.finish()
        }
    }
}

import GygesFiles
import GygesTemplates

extension ResponseRequest {
    /// The conversation that an input is: a text of the user, or items.
    static func messages(_ reader: inout RequestReader) throws(ErrorReply) -> [ChatMessage] {
        let value = try reader.required(reader.value("input"), "input")
        if let text = value.string { return [ChatMessage(role: .user, content: text)] }
        guard let items = value.array, (1...ChatRequest.messageLimit).contains(items.count) else {
            throw reader.mismatch("input", "a text or an array of 1 to \(ChatRequest.messageLimit) items", value)
        }
        var conversation = Conversation()
        for (index, item) in items.enumerated() { try conversation.append(item, place: "input[\(index)]") }
        return conversation.messages
    }

    /// Items as messages: what the assistant said and the calls that it made then are one message.
    private struct Conversation {
        var messages: [ChatMessage] = []
        /// The calls so far, whose results may follow.
        private var calls: Set<ExactString> = []

        mutating func append(_ item: JSON, place: String) throws(ErrorReply) {
            var reader = try RequestReader(item, place: place)
            let type = try reader.text("type") ?? "message"
            // They name the item where items are stored, and say how far it had come.
            reader.skip("id", "status")
            switch type {
            case "message":
                let role = try reader.required(reader.value("role"), "role")
                guard role.string != "tool" else {
                    throw reader.mismatch("role", "“user”, “assistant”, “system” or “developer”", role)
                }
                let content = try reader.required(reader.value("content"), "content")
                reader.skip("phase")
                let message: JSON = ["role": role, "content": try Self.content(content, place: reader.path("content"))]
                messages.append(try ChatMessage(request: message, place: place))
            case "function_call":
                let call = ToolCall(
                    id: try reader.required(reader.text("call_id"), "call_id"),
                    name: try reader.required(reader.text("name"), "name"),
                    arguments: try reader.required(reader.text("arguments"), "arguments"))
                calls.insert(ExactString(call.id))
                append(call)
            case "function_call_output":
                let call = try reader.required(reader.text("call_id"), "call_id")
                guard calls.contains(ExactString(call)) else {
                    throw .invalid(
                        reader.path("call_id"),
                        "“\(call.shown(limit: 80))” names no “function_call” before it in “input”.")
                }
                let output = try reader.required(reader.value("output"), "output")
                reader.skip("name")
                let message: JSON = [
                    "role": "tool", "tool_call_id": .string(call),
                    "content": try Self.content(output, place: reader.path("output")),
                ]
                messages.append(try ChatMessage(request: message, place: place))
            case "item_reference":
                throw .unsupported(
                    reader.path("type"), "Nothing is stored here that could be referred to: send the item.")
            default:
                throw .unsupported(
                    reader.path("type"),
                    "An item of type “\(type.shown(limit: 40))” cannot be read here: only “message”, “function_call” and “function_call_output” can."
                )
            }
            try reader.finish()
        }

        private mutating func append(_ call: ToolCall) {
            var fields = JSONObject([("role", "assistant"), ("content", .null)])
            var earlier: [JSON] = []
            if let last = messages.last, last.role == .assistant {
                fields = last.fields
                earlier = fields["tool_calls"]?.array ?? []
                messages.removeLast()
            }
            fields["tool_calls"] = .array(earlier + [call.json])
            messages.append(ChatMessage(fields: fields))
        }

        /// Parts as chats have them; what an earlier response says of its own texts besides is left out.
        private static func content(_ value: JSON, place: String) throws(ErrorReply) -> JSON {
            guard let parts = value.array else { return value }
            var texts: [JSON] = []
            for (index, part) in parts.enumerated() {
                var reader = try RequestReader(part, place: "\(place)[\(index)]")
                let type = try reader.required(reader.text("type"), "type")
                guard ["input_text", "output_text"].contains(type) else {
                    throw .unsupported(
                        reader.path("type"),
                        "A part of type “\(type.shown(limit: 40))” cannot be read here: only texts can.")
                }
                texts.append(["type": "text", "text": .string(try reader.required(reader.text("text"), "text"))])
                reader.skip("annotations", "logprobs")
                try reader.finish()
            }
            return .array(texts)
        }
    }
}

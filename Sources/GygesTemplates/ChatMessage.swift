public import GygesFiles

/// One message of a conversation, as chat templates and the common chat interfaces know it.
public struct ChatMessage: Sendable, Equatable {
    /// All members: `role`, `content`, `tool_calls`, `tool_call_id`, `name`, …
    public var fields: JSONObject

    /// Creates a message of text.
    public init(role: String, content: String) {
        fields = JSONObject([("role", .string(role)), ("content", .string(content))])
    }

    /// Creates a message from JSON.
    ///
    /// - Throws: ``TemplateError`` if it is not an object with a `role` that is text.
    public init(json: JSON) throws(TemplateError) {
        guard let object = json.object, object["role"]?.string != nil else {
            throw TemplateError(
                .conversation, "a message must be an object with a 'role', not \(json.serialized().prefix(80))")
        }
        fields = object
    }

    /// Who speaks: `system`, `user`, `assistant`, `tool`.
    public var role: String { fields["role"]?.string ?? "" }

    /// The text, if the content is text.
    public var content: String? { fields["content"]?.string }

    /// Whether a tool call's arguments are text, which ``parsed()`` would turn into values.
    var hasTextArguments: Bool {
        fields["tool_calls"]?.array?.contains { ($0["function"] ?? $0)["arguments"]?.string != nil } ?? false
    }

    /// The members with the arguments of tool calls parsed: clients send them as text that holds JSON, while most
    /// templates write them as values (`arguments | tojson`), which would quote the text once more.
    func parsed() throws(TemplateError) -> JSONObject {
        guard let calls = fields["tool_calls"]?.array else { return fields }
        var parsed: [JSON] = []
        for call in calls {
            guard var object = call.object else {
                throw TemplateError(.conversation, "a tool call must be an object, not \(call.serialized().prefix(80))")
            }
            if var function = object["function"]?.object {
                try parseArguments(of: &function)
                object["function"] = .object(function)
            } else {
                try parseArguments(of: &object)
            }
            parsed.append(.object(object))
        }
        var result = fields
        result["tool_calls"] = .array(parsed)
        return result
    }

    private func parseArguments(of function: inout JSONObject) throws(TemplateError) {
        guard let text = function["arguments"]?.string else { return }
        do throws(FileError) {
            function["arguments"] = try JSON(parsing: text, path: "arguments", limits: .init(allowsNonFinite: true))
        } catch {
            let name = function["name"]?.string ?? "?"
            throw TemplateError(
                .conversation,
                "the arguments of the call of '\(name)' are not JSON: \(error.problems.joined(separator: "; "))")
        }
    }
}

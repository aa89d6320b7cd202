public import GygesFiles

/// One message of a conversation: the one type for it, from a client's request and a study's cell to a chat template.
///
/// It keeps whatever members a client or a file gave it, in their order, because templates may print any of them.
public struct ChatMessage: Sendable, Equatable {
    /// Who speaks.
    public struct Role: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
        /// The word for it in templates and interfaces.
        public let rawValue: String

        /// A role by its word.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// A role by its word.
        public init(stringLiteral word: String) { rawValue = word }

        /// Whoever deploys the model.
        public static let system = Role(rawValue: "system")
        /// Whoever talks to it.
        public static let user = Role(rawValue: "user")
        /// The model.
        public static let assistant = Role(rawValue: "assistant")
        /// A tool that the model called.
        public static let tool = Role(rawValue: "tool")
    }

    /// All members: `role`, `content`, `tool_calls`, `tool_call_id`, `name`, …
    public var fields: JSONObject

    /// Creates a message of text.
    public init(role: Role, content: String) {
        fields = JSONObject([("role", .string(role.rawValue)), ("content", .string(content))])
    }

    /// Creates a message from its members, among which `role` is a text.
    public init(fields: JSONObject) { self.fields = fields }

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

    /// Who speaks.
    public var role: Role { Role(rawValue: fields["role"]?.string ?? "") }

    /// The text, if the content is text.
    public var content: String? { fields["content"]?.string }

    /// The text; empty if the content is none, or no text.
    public var text: String { content ?? "" }

    /// Whether a tool call's arguments are text, which ``parsed()`` would turn into values.
    var hasTextArguments: Bool {
        fields["tool_calls"]?.array?.contains { ($0["function"] ?? $0)["arguments"]?.string != nil } ?? false
    }

    /// The members with the arguments of tool calls parsed: clients send them as text that holds JSON, while most
    /// templates write them as values (`arguments | tojson`), which would quote the text once more.
    ///
    /// A call without arguments has none as a value, `{}`, and as text, whatever a client wrote for them.
    /// - Parameter keepsText: whether arguments stay text.
    func parsed(keepsText: Bool = false) throws(TemplateError) -> JSONObject {
        guard let calls = fields["tool_calls"]?.array else { return fields }
        var parsed: [JSON] = []
        for call in calls {
            guard var object = call.object else {
                throw TemplateError(.conversation, "a tool call must be an object, not \(call.serialized().prefix(80))")
            }
            if var function = object["function"]?.object {
                try parseArguments(of: &function, keepsText)
                object["function"] = .object(function)
            } else {
                try parseArguments(of: &object, keepsText)
            }
            parsed.append(.object(object))
        }
        var result = fields
        result["tool_calls"] = .array(parsed)
        return result
    }

    private func parseArguments(of function: inout JSONObject, _ keepsText: Bool) throws(TemplateError) {
        guard let text = function["arguments"]?.string else { return }
        guard text.utf8.contains(where: { !" \t\r\n".utf8.contains($0) }) else {
            function["arguments"] = keepsText ? "{}" : .object(JSONObject())
            return
        }
        if keepsText { return }
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

extension ChatMessage: Encodable {
    /// Writes all members.
    public func encode(to encoder: any Encoder) throws { try JSON.object(fields).encode(to: encoder) }
}

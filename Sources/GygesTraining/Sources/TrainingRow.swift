public import GygesFiles
public import GygesTemplates

/// What a row of training data holds.
public enum TrainingRow: Sendable, Equatable {
    /// A text, all of which is learned: `{"text": "…"}`, or plain text.
    case text(String)
    /// A text of which the end is learned: `{"prompt": "…", "completion": "…"}`.
    case completion(of: String, by: String)
    /// A conversation, of which the assistant's words are learned from a message on: `{"messages": […]}`, or a prompt and a
    /// completion that are lists of messages. `tools` may stand beside them.
    case conversation([ChatMessage], tools: [JSON], supervisedFrom: Int)

    /// Reads a row of JSON Lines.
    ///
    /// - Throws: ``RowError`` if it is none of these, or several at once.
    public init(_ json: JSON) throws(RowError) {
        guard let object = json.object else { throw .problem("is not an object") }
        func text(_ key: String) throws(RowError) -> String {
            guard let text = object[key]?.string else { throw .problem("has “\(key)” that is not text") }
            return text
        }
        let kinds = ["text", "messages", "prompt"].filter { object[$0] != nil }
        guard kinds.count == 1, let kind = kinds.first else {
            throw .problem(
                kinds.isEmpty
                    ? "has neither “text” nor “messages” nor “prompt” and “completion”"
                    : "has “\(kinds.joined(separator: "” and “"))”, so that nobody knows which to learn")
        }
        switch kind {
        case "text": self = .text(try text("text"))
        case "messages":
            let messages = try Self.messages(object["messages"], "messages")
            self = .conversation(messages, tools: try Self.tools(object["tools"]), supervisedFrom: 0)
        default:
            if object["prompt"]?.array != nil {
                let prompt = try Self.messages(object["prompt"], "prompt")
                let completion = try Self.messages(object["completion"], "completion")
                self = .conversation(
                    prompt + completion, tools: try Self.tools(object["tools"]), supervisedFrom: prompt.count)
            } else {
                self = .completion(of: try text("prompt"), by: try text("completion"))
            }
        }
    }

    private static func messages(_ json: JSON?, _ key: String) throws(RowError) -> [ChatMessage] {
        guard let array = json?.array else { throw .problem("has “\(key)” that is not a list of messages") }
        var messages: [ChatMessage] = []
        for json in array {
            do throws(TemplateError) { messages.append(try ChatMessage(json: json)) } catch {
                throw .problem("has a message that is none: \(error.message)")
            }
        }
        return messages
    }

    private static func tools(_ json: JSON?) throws(RowError) -> [JSON] {
        guard let json, !json.isNull else { return [] }
        guard let tools = json.array else { throw .problem("has “tools” that are not a list") }
        return tools
    }
}

/// Why a row cannot be learned from.
public enum RowError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with it, as the end of a sentence that begins with its place.
    case problem(String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .problem(let problem): problem
        }
    }
}

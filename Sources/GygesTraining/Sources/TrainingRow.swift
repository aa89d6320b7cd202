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
    /// A text, or two, with what is to be told of it: `{"text": "…", "label": …}`, `{"text": "…", "text_pair": "…", "label": …}`.
    case labelled(String, pair: String?, RowLabel)
    /// Words with a label each: `{"tokens": […], "tags": […]}`.
    case tagged([String], tags: [RowLabel])

    /// Reads a row of JSON Lines.
    ///
    /// - Throws: ``RowError`` if it is none of these, or several at once.
    public init(_ json: JSON) throws(RowError) {
        guard let object = json.object else { throw .problem("is not an object") }
        func text(_ key: String) throws(RowError) -> String {
            guard let text = object[key]?.string else { throw .problem("has “\(key)” that is not text") }
            return text
        }
        let kinds = ["text", "messages", "prompt", "tokens"].filter { object[$0] != nil }
        guard kinds.count == 1, let kind = kinds.first else {
            throw .problem(
                kinds.isEmpty
                    ? "has neither “text” nor “messages” nor “prompt” and “completion” nor “tokens”"
                    : "has “\(kinds.joined(separator: "” and “"))”, so that nobody knows which to learn")
        }
        switch kind {
        case "text":
            guard let key = ["label", "labels"].first(where: { object[$0] != nil }) else {
                self = .text(try text("text"))
                return
            }
            self = .labelled(
                try text("text"), pair: object["text_pair"] == nil ? nil : try text("text_pair"),
                try RowLabel(object[key], key))
        case "tokens":
            guard let words = object["tokens"]?.array?.map(\.string), words.allSatisfy({ $0 != nil }) else {
                throw .problem("has “tokens” that are not a list of words")
            }
            let key = ["tags", "ner_tags", "labels"].first { object[$0] != nil } ?? "tags"
            guard case .array(let tags)? = object[key] else { throw .problem("has no “tags” for its tokens") }
            var labels: [RowLabel] = []
            for tag in tags { labels.append(try RowLabel(tag, key)) }
            self = .tagged(words.compactMap(\.self), tags: labels)
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

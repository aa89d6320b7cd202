import GygesFiles
import GygesTemplates

/// What was said in a chat, and what may be done to it.
struct Conversation: Equatable {
    /// The system message's text; `nil` if there is none.
    var system: String?
    /// What follows the system message, in order.
    private(set) var turns: [ChatMessage] = []

    /// Begins a conversation.
    init(system: String? = nil) { self.system = system }

    /// All messages, the system message first.
    var messages: [ChatMessage] { (system.map { [ChatMessage(role: "system", content: $0)] } ?? []) + turns }

    /// How many messages people wrote.
    var questionCount: Int { turns.count { $0.role == "user" } }

    /// Appends a message of the person.
    mutating func ask(_ text: String) { turns.append(ChatMessage(role: "user", content: text)) }

    /// Appends what the model said.
    mutating func answer(_ text: String) { turns.append(ChatMessage(role: "assistant", content: text)) }

    /// Takes back the last message of the person and all that followed; its text, or `nil` if there was none.
    mutating func undo() -> String? {
        guard let last = turns.lastIndex(where: { $0.role == "user" }) else { return nil }
        defer { turns.removeSubrange(last...) }
        return turns[last].content ?? ""
    }

    /// Forgets all but the system message.
    mutating func clear() { turns = [] }
}

extension Conversation {
    /// Reads what ``json`` gives, and any list of messages in the common form.
    ///
    /// - Parameter name: What errors call the document.
    /// - Throws: ``FileError`` if it holds no conversation.
    init(_ json: JSON, name: String) throws(FileError) {
        guard let list = json.array ?? json["messages"]?.array else {
            throw FileError(
                name, "is neither a list of messages nor an object with \"messages\"",
                remedy: #"Give for example [{"role": "user", "content": "Hi"}]."#)
        }
        for (index, element) in list.enumerated() {
            let message: ChatMessage
            do { message = try ChatMessage(json: element) } catch {
                throw FileError(
                    name, at: "message \(index + 1)", "is not an object with a role",
                    remedy: #"Write messages like {"role": "user", "content": "Hi"}."#)
            }
            if index == 0, message.role == "system", let content = message.content {
                system = content
            } else {
                turns.append(message)
            }
        }
    }

    /// The conversation as the common chat interfaces write it.
    var json: JSON { ["messages": .array(messages.map { .object($0.fields) })] }
}

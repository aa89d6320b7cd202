public import GygesFiles

/// What a response consists of, as it comes: messages and calls of functions, and the events that tell of them.
///
/// Whoever sends the whole response takes ``output`` and lets the events be: both say the same because both are made here.
public struct ResponseItems: Sendable {
    /// The items that are whole.
    public private(set) var output: [JSON] = []
    /// How many events there were so far.
    public private(set) var eventCount = 0
    private let name: @Sendable (_ kind: String, _ index: Int) -> String
    private var message: Message?

    private struct Message {
        var text = ""
        var tokens: [ScoredToken] = []
    }

    /// Begins a response.
    ///
    /// - Parameter name: Makes the name of an item from its kind, `msg`, `fc` or `call`, and its place.
    public init(name: @escaping @Sendable (_ kind: String, _ index: Int) -> String) { self.name = name }

    /// An event with its number.
    public mutating func event(_ type: String, _ members: [(String, JSON)]) -> JSON {
        defer { eventCount += 1 }
        return .object(JSONObject([("type", .string(type)), ("sequence_number", .integer(eventCount))] + members))
    }

    /// Goes on with a text.
    ///
    /// - Parameter tokens: Its tokens, if their log-probabilities are wanted.
    public mutating func append(_ text: String, tokens: [ScoredToken]?) -> [JSON] {
        var events = message == nil ? beginMessage() : []
        message?.text += text
        message?.tokens += tokens ?? []
        events.append(
            event(
                "response.output_text.delta",
                place + [("delta", .string(text)), ("logprobs", ScoredToken.listJSON(tokens ?? []))]))
        return events
    }

    /// Adds a call of a function.
    public mutating func append(call function: String, arguments: String) -> [JSON] {
        var events = endMessage()
        let index = output.count
        let (item, call) = (name("fc", index), name("call", index))
        func json(_ arguments: String, _ status: String) -> JSON {
            [
                "id": .string(item), "type": "function_call", "status": .string(status), "call_id": .string(call),
                "name": .string(function), "arguments": .string(arguments),
            ]
        }
        let place: [(String, JSON)] = [("item_id", .string(item)), ("output_index", .integer(index))]
        let whole = json(arguments, "completed")
        events.append(
            event("response.output_item.added", [("output_index", .integer(index)), ("item", json("", "in_progress"))]))
        events.append(event("response.function_call_arguments.delta", place + [("delta", .string(arguments))]))
        events.append(
            event(
                "response.function_call_arguments.done",
                place + [("name", .string(function)), ("arguments", .string(arguments))]))
        events.append(event("response.output_item.done", [("output_index", .integer(index)), ("item", whole)]))
        output.append(whole)
        return events
    }

    /// Ends the response: one without anything in it is an empty message.
    ///
    /// - Parameters:
    ///   - tokens: The last tokens, whose text was nothing.
    ///   - isCut: Whether the answer ended because it might be no longer.
    public mutating func finish(tokens: [ScoredToken]?, isCut: Bool) -> [JSON] {
        var events = message == nil && output.isEmpty ? beginMessage() : []
        message?.tokens += tokens ?? []
        events += endMessage(status: isCut ? "incomplete" : "completed")
        return events
    }

    private var place: [(String, JSON)] {
        [
            ("item_id", .string(name("msg", output.count))), ("output_index", .integer(output.count)),
            ("content_index", 0),
        ]
    }

    private func part(_ message: Message) -> JSON {
        [
            "type": "output_text", "text": .string(message.text), "annotations": [],
            "logprobs": ScoredToken.listJSON(message.tokens),
        ]
    }

    private func json(_ content: [JSON], _ status: String) -> JSON {
        [
            "id": .string(name("msg", output.count)), "type": "message", "status": .string(status), "role": "assistant",
            "content": .array(content),
        ]
    }

    private mutating func beginMessage() -> [JSON] {
        let begun = Message()
        message = begun
        let item = json([], "in_progress")
        return [
            event("response.output_item.added", [("output_index", .integer(output.count)), ("item", item)]),
            event("response.content_part.added", place + [("part", part(begun))]),
        ]
    }

    private mutating func endMessage(status: String = "completed") -> [JSON] {
        guard let ended = message else { return [] }
        message = nil
        let part = part(ended)
        let item = json([part], status)
        let events = [
            event(
                "response.output_text.done",
                place + [("text", .string(ended.text)), ("logprobs", ScoredToken.listJSON(ended.tokens))]),
            event("response.content_part.done", place + [("part", part)]),
            event("response.output_item.done", [("output_index", .integer(output.count)), ("item", item)]),
        ]
        output.append(item)
        return events
    }
}

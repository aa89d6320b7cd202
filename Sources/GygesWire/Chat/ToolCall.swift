public import GygesFiles

/// A call of a tool, as an assistant's message carries it.
public struct ToolCall: Sendable, Equatable {
    /// What the tool's answer refers to.
    public var id: String
    /// The function's name.
    public var name: String
    /// The arguments: a text that holds a JSON object, as the model wrote it.
    public var arguments: String

    /// Creates a call.
    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }

    /// The call as messages and replies carry it.
    public var json: JSON {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }

    /// Reads a call of a request; arguments may be the object itself.
    init(request json: JSON, place: String) throws(ErrorReply) {
        var reader = try RequestReader(json, place: place)
        id = try reader.required(reader.text("id"), "id")
        let type = try reader.text("type") ?? "function"
        guard type == "function" else { throw reader.mismatch("type", "“function”", .string(type)) }
        guard var function = try reader.reader("function") else {
            throw .invalid(reader.path("function"), "“\(reader.path("function"))” is missing.")
        }
        name = try function.required(function.text("name"), "name")
        let value = try function.required(function.value("arguments"), "arguments")
        guard let arguments = value.string ?? value.object.map({ JSON.object($0).serialized() }) else {
            throw function.mismatch("arguments", "a string or an object", value)
        }
        self.arguments = arguments
        try function.finish()
        reader.skip("index")
        try reader.finish()
    }

    /// Reads a call of a reply.
    init(_ value: JSONField) throws(FileError) {
        let function = try value.required("function")
        id = try value.optional("id")?.text() ?? ""
        name = try function.required("name").text()
        let arguments = try function.optional("arguments")
        if let arguments, arguments.json.object != nil {
            self.arguments = arguments.json.serialized()
        } else {
            self.arguments = try arguments?.text() ?? "{}"
        }
    }
}

public import GygesFiles

/// What to do where a reply is not of the API's form.
let wrongAPIRemedy = "Check that the address is that of an API in OpenAI's form, with its version: http://host:port/v1."

/// What a server says about a call that failed.
public struct ErrorReply: Sendable, Equatable {
    /// What went wrong.
    public var message: String
    /// The kind of error, such as `invalid_request_error`.
    public var type: String?
    /// A word for programs, such as `context_length_exceeded`.
    public var code: String?

    /// Creates a reply.
    public init(message: String, type: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.code = code
    }

    /// The longest message that is kept, in characters.
    static let messageLimit = 500

    /// Reads the forms that servers use: `{"error": {"message": …}}`, `{"error": "…"}`, `{"message": …}` and
    /// `{"detail": …}`; `nil` if it is none of them.
    public init?(_ json: JSON) {
        let body = json["error"]?.object == nil ? json : json["error"] ?? json
        let text = body["message"]?.string ?? json["error"]?.string ?? json["detail"]?.string
        guard let text = text ?? json["detail"]?.serialized() else { return nil }
        message = text.prefix(Self.messageLimit).printable
        type = body["type"]?.string.map { $0.prefix(100).printable }
        let code = body["code"]?.string ?? body["code"]?.integer.map { "\($0)" }
        self.code = code.map { $0.prefix(100).printable }
    }
}

extension Substring {
    /// The text on one line, without control characters and marks that turn the direction of writing: a server's words
    /// are shown in a terminal.
    fileprivate var printable: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
            case .format, .surrogate, .privateUse, .unassigned: break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// What `GET /v1/models` answers, as far as it says what a model is.
public struct ModelList: Sendable, Equatable {
    /// A model that the server offers.
    public struct Model: Sendable, Equatable {
        /// Its name.
        public var id: String
        /// What the server says of it that does not change from one start to the next: times and permissions are left
        /// out.
        public var facts: [String: String]
    }

    /// The models in the server's order.
    public var models: [Model]

    /// The most models that are looked at.
    private static let limit = 10_000

    /// Reads a list.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: ``FileError`` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let data = try JSONField(json, source: source, remedy: wrongAPIRemedy).required("data")
        let elements = try data.elements()
        guard elements.count <= Self.limit else { throw data.fault("there are \(elements.count) models") }
        models = try elements.reading { element throws(FileError) in
            var facts: [String: String] = [:]
            for key in ["object", "owned_by", "root", "parent", "max_model_len"] {
                guard let value = try element.optional(key)?.json else { continue }
                facts[key] = value.string ?? value.serialized()
            }
            return Model(id: try element.required("id").text(), facts: facts)
        }
    }
}

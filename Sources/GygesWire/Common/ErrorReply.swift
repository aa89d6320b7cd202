public import GygesFiles

/// What a server says about a call that failed: the error object of OpenAI's API.
///
/// Whatever reads a request throws it, ready to be sent back with status 400.
public struct ErrorReply: Error, Sendable, Equatable {
    /// What went wrong.
    public var message: String
    /// The kind of error, such as `invalid_request_error`.
    public var type: String?
    /// The member of the request that is at fault, such as `messages[0].role`.
    public var parameter: String?
    /// A word for programs, such as `context_length_exceeded`.
    public var code: String?

    /// Creates a reply.
    public init(message: String, type: String? = nil, parameter: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.parameter = parameter
        self.code = code
    }

    /// The longest message and the longest word for programs that are kept, in characters.
    private static let (messageLimit, wordLimit) = (500, 100)

    /// Reads the forms that servers use: `{"error": {"message": …}}`, `{"error": "…"}`, `{"message": …}` and
    /// `{"detail": …}`; `nil` if it is none of them. What the server says is cut, and put on one line.
    public init?(_ json: JSON) {
        let body = json["error"]?.object == nil ? json : json["error"] ?? json
        let text = body["message"]?.string ?? json["error"]?.string ?? json["detail"]?.string
        guard let text = text ?? json["detail"]?.serialized() else { return nil }
        message = text.shown(limit: Self.messageLimit)
        type = body["type"]?.string?.shown(limit: Self.wordLimit)
        parameter = body["param"]?.string?.shown(limit: Self.wordLimit)
        let code = body["code"]?.string ?? body["code"]?.integer.map { "\($0)" }
        self.code = code?.shown(limit: Self.wordLimit)
    }

    /// The reply's body, `{"error": …}`.
    public var json: JSON {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        return [
            "error": [
                "message": .string(message), "type": text(type), "param": text(parameter), "code": text(code),
            ]
        ]
    }
}

extension String {
    /// The text on one line, at most so many characters, without control characters and marks that turn the direction of
    /// writing: words of others are shown in a terminal.
    func shown(limit: Int) -> String {
        var result = ""
        for scalar in prefix(limit).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
            case .format, .surrogate, .privateUse, .unassigned: break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

public import GygesFiles

/// The answer to a line of a file in the form of OpenAI's batches.
public struct BatchAnswer: Sendable {
    /// The line, its end included.
    public var bytes: [UInt8]
    /// Why it could not be answered, with the place of its input; `nil` if it was.
    public var problem: String?

    /// An answer, or a refusal, with what the API says in its body.
    ///
    /// - Parameters:
    ///   - id: What the line calls itself; `null` if it could not be read.
    ///   - number: The line's place, from 0, from which names follow.
    public init(id: JSON, number: Int, status: Int, body: JSON, problem: String?) {
        let name = Self.name(id, number)
        self.init(
            id: id, name: name,
            response: [
                "status_code": .integer(status), "request_id": .string("req_" + name), "body": body,
            ], error: .null, problem: problem)
    }

    /// What stands for an answer that there is none of, because nobody could be asked.
    public init(id: JSON, number: Int, unanswered message: String, problem: String) {
        self.init(
            id: id, name: Self.name(id, number), response: .null,
            error: ["code": "request_failed", "message": .string(message)], problem: problem)
    }

    private init(id: JSON, name: String, response: JSON, error: JSON, problem: String?) {
        let line: JSON = [
            "id": .string("batch_req_" + name), "custom_id": id, "response": response, "error": error,
        ]
        bytes = Array((line.serialized() + "\n").utf8)
        self.problem = problem
    }

    /// What a line that cannot be read calls itself, so that even it is answered by its name.
    public static func id(of json: JSON) -> JSON { json["custom_id"].flatMap { $0.string == nil ? nil : $0 } ?? .null }

    /// A name for an answer that follows from the line's own and its place.
    public static func name(_ id: JSON, _ number: Int) -> String {
        String(Digest.sha256("\(number) \(id.serialized())").prefix(24))
    }
}

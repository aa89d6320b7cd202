public import GygesFiles

/// A line of a file in the form of OpenAI's batches.
public struct BatchLine: Sendable, Equatable {
    /// What a line may ask.
    public enum URL: String, Sendable, CaseIterable {
        case chat = "/v1/chat/completions"
        case completion = "/v1/completions"
        case response = "/v1/responses"
        case embedding = "/v1/embeddings"
    }

    /// What the line calls itself.
    public var id: JSON
    /// What it asks.
    public var url: URL
    /// The request.
    public var body: JSONObject

    /// Reads a line.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        id = .string(try reader.required(reader.text("custom_id"), "custom_id"))
        let method = try reader.text("method") ?? "POST"
        guard method == "POST" else { throw reader.mismatch("method", "“POST”", .string(method)) }
        url = try reader.required(reader.choice("url", URL.self), "url")
        let value = try reader.required(reader.value("body"), "body")
        guard let object = value.object else { throw reader.mismatch("body", "an object", value) }
        body = object
        try reader.finish()
    }
}

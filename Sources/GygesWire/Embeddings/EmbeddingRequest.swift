public import GygesFiles

/// What `POST /v1/embeddings` is sent.
public struct EmbeddingRequest: Sendable, Equatable {
    /// How vectors are written.
    public enum Encoding: String, Sendable, CaseIterable {
        /// As arrays of numbers.
        case numbers = "float"
        /// As 32-bit little-endian numbers in base64, which OpenAI's own clients ask for.
        case base64
    }

    /// The model's name.
    public var model: String
    /// The texts.
    public var input: TokenInput
    /// How many of a vector's first channels are wanted; `nil` for all.
    public var dimensions: Int?
    /// How vectors are written; `nil` for the server's default, which is numbers.
    public var encoding: Encoding?

    /// Creates a request.
    public init(model: String, input: TokenInput, dimensions: Int? = nil, encoding: Encoding? = nil) {
        self.model = model
        self.input = input
        self.dimensions = dimensions
        self.encoding = encoding
    }

    /// The request's body.
    public var json: JSON {
        var body = JSONObject([("model", .string(model)), ("input", input.json)])
        body["dimensions"] = dimensions.map(JSON.integer)
        body["encoding_format"] = encoding.map { .string($0.rawValue) }
        return .object(body)
    }

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown, of another type or beyond its bounds.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.required(reader.text("model"), "model")
        input = try TokenInput(&reader, "input")
        dimensions = try reader.integer("dimensions", in: 1...Int(UInt16.max))
        encoding = try reader.choice("encoding_format", Encoding.self)
        reader.skip("user")
        try reader.finish()
    }
}

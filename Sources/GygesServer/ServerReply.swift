public import GygesFiles

/// What a route answers.
public struct ServerReply: Sendable, Equatable {
    /// The status.
    public var status: Int
    /// The body's media type.
    public var contentType: String
    /// The body.
    public var body: [UInt8]

    /// Creates an answer.
    public init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// An answer that is a JSON document on one line.
    public static func json(_ json: JSON, status: Int = 200) -> ServerReply {
        ServerReply(
            status: status, contentType: "application/json; charset=utf-8", body: Array(json.serialized().utf8))
    }
}

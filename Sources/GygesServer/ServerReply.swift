public import GygesFiles

/// Sends bytes to whoever reads an answer, in the order of the calls, of which there is one at a time.
public typealias ByteWriter = @Sendable ([UInt8]) async throws -> Void

/// What a route answers.
public struct ServerReply: Sendable {
    /// What the answer holds.
    public enum Body: Sendable {
        /// Bytes that are there.
        case bytes([UInt8])
        /// Bytes that come as they are made.
        ///
        /// `write` waits while the reader is slow, and throws once it is gone; the task is cancelled then, too.
        case stream(@Sendable (_ write: @escaping ByteWriter) async throws -> Void)
    }

    /// The status.
    public var status: Int
    /// The body's media type.
    public var contentType: String
    /// Further header fields by name.
    public var headers: [(name: String, value: String)] = []
    /// The body.
    public var body: Body

    /// Creates an answer of bytes that are there.
    public init(
        status: Int = 200, contentType: String, headers: [(name: String, value: String)] = [], body: [UInt8]
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = .bytes(body)
    }

    /// An answer whose bytes come as they are made.
    public init(
        contentType: String,
        stream: @escaping @Sendable (_ write: @escaping ByteWriter) async throws -> Void
    ) {
        status = 200
        self.contentType = contentType
        // Proxies would otherwise collect the stream and hand it on as a whole.
        headers = [("X-Accel-Buffering", "no")]
        body = .stream(stream)
    }

    /// An answer that is a JSON document on one line.
    public static func json(_ json: JSON, status: Int = 200) -> ServerReply {
        ServerReply(
            status: status, contentType: "application/json; charset=utf-8", body: Array(json.serialized().utf8))
    }

    /// An answer that is text.
    public static func text(_ text: String, status: Int = 200) -> ServerReply {
        ServerReply(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

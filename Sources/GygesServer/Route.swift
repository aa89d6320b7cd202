/// One thing that a server does for a method and a path.
///
/// A server's routes are the sum of its parts' lists; whoever adds a page or an interface adds a list.
public struct Route: Sendable {
    /// What a request wants done.
    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// What a request wants done.
    public var method: Method
    /// The path; a part after a colon takes any text: `/transcripts/:place`.
    public var path: String
    /// Whether it answers those who do not know the server's secret.
    public var isOpen: Bool
    /// Answers a request.
    ///
    /// What it throws besides ``Refusal`` becomes an answer of status 500 without details.
    public var handle: @Sendable (ServerRequest) async throws -> ServerReply

    /// Creates a route; only those who know the secret get through unless it is said to be open.
    public init(
        _ method: Method, _ path: String, isOpen: Bool = false,
        handle: @escaping @Sendable (ServerRequest) async throws -> ServerReply
    ) {
        self.method = method
        self.path = path
        self.isOpen = isOpen
        self.handle = handle
    }

    /// A route that gives everybody the same bytes.
    public static func file(_ path: String, type: String, _ bytes: [UInt8]) -> Route {
        Route(.get, path, isOpen: true) { _ in ServerReply(contentType: type, body: bytes) }
    }
}

/// Why a request is refused, in words for its sender.
public struct Refusal: Error, Sendable, Equatable {
    /// The status, 400 to 599.
    public var status: Int
    /// What is wrong with the request.
    public var message: String

    /// Creates a refusal; 400 says that the request is at fault.
    public init(status: Int = 400, _ message: String) {
        self.status = status
        self.message = message
    }
}

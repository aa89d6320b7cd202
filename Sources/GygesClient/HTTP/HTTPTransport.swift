/// A call to be made.
public struct HTTPCall: Sendable {
    /// `GET` or `POST`.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// What is called.
    public var method: Method
    /// The whole address, `http://` or `https://`.
    public var url: String
    /// Names and values; none of either may have a line end.
    public var headers: [(name: String, value: String)]
    /// What a `POST` sends.
    public var body: [UInt8]
    /// How long the whole call may take; `nil` for no limit.
    public var timeout: Duration?
    /// How long nothing may arrive; `nil` for no limit.
    public var idleTimeout: Duration?
    /// The most bytes that are accepted.
    public var byteLimit: Int

    /// Describes a call.
    public init(
        _ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        timeout: Duration? = nil, idleTimeout: Duration? = nil, byteLimit: Int
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.byteLimit = byteLimit
    }
}

/// What came back.
public struct HTTPAnswer: Sendable, Equatable {
    /// The status.
    public var status: Int
    /// Values by lower-case name; the last of several counts.
    public var headers: [String: String]
    /// The body, whole.
    public var body: [UInt8]

    /// Creates an answer.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why nothing came back that could be used.
public enum TransportError: Error, Equatable {
    /// It took longer than allowed.
    case timedOut
    /// There is no connection, or it broke; with the reason.
    case connection(String)
    /// More came than is accepted.
    case tooLarge(limit: Int)
}

/// Makes calls: over the network, or in tests by a script.
public protocol HTTPTransport: Sendable {
    /// Makes a call once and takes in its whole answer. Redirects are answers: nobody follows them unseen.
    ///
    /// - Throws: ``TransportError``, or `CancellationError`.
    func answer(to call: HTTPCall) async throws -> HTTPAnswer
}

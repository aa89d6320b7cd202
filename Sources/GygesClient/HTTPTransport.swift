/// A call to be made.
struct HTTPCall: Sendable {
    /// `GET` or `POST`.
    var method: String
    /// The whole address.
    var url: String
    /// Names and values.
    var headers: [(name: String, value: String)]
    /// What is sent; empty for none.
    var body: [UInt8]
    /// How long the whole call may take.
    var timeout: Duration
    /// The most bytes that are accepted.
    var byteLimit: Int
}

/// What came back.
struct HTTPAnswer: Sendable, Equatable {
    /// The status.
    var status: Int
    /// Values by lower-case name; the last of several counts.
    var headers: [String: String] = [:]
    /// The body, whole.
    var body: [UInt8]
}

/// Why nothing came back that could be used.
enum TransportError: Error, Equatable {
    /// It took longer than allowed.
    case timedOut
    /// There is no connection, or it broke.
    case connection(String)
    /// More came than is accepted.
    case tooLarge(limit: Int)
}

/// Makes calls: over the network, or in tests by a script.
protocol HTTPTransport: Sendable {
    /// Makes a call once and takes in its whole answer.
    ///
    /// - Throws: ``TransportError``, or `CancellationError`.
    func answer(to call: HTTPCall) async throws -> HTTPAnswer
}

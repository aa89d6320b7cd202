/// Makes calls over the network by the system's libcurl: with its certificates, the proxies that the environment names
/// (`https_proxy`, `no_proxy`, …) except to this machine, and connections that are kept for the next call.
///
/// All calls of the process share one set of connections and one thread, which sleeps while there are none.
public struct NetworkTransport: HTTPTransport {
    private static let loop = TransferLoop()

    /// Creates a transport; all are the same.
    public init() {}

    /// Makes a call once and takes in its whole answer.
    ///
    /// - Throws: ``TransportError``, or `CancellationError` as soon as the task is cancelled.
    public func answer(to call: HTTPCall) async throws -> HTTPAnswer {
        try Self.check(call)
        return try await Self.loop.answer(to: call)
    }

    /// Makes a call once, to read its answer as it comes: what is not read is not fetched.
    ///
    /// - Throws: ``TransportError`` if nothing answers, or `CancellationError` as soon as the task is cancelled.
    public func stream(_ call: HTTPCall) async throws -> HTTPStream {
        try Self.check(call)
        let stream = Self.loop.stream(call)
        let (status, headers) = try await stream.head()
        return HTTPStream(status: status, headers: headers, stream: stream)
    }

    private static func check(_ call: HTTPCall) throws {
        guard Self.isHTTP(call.url) else { throw TransportError.connection("the address is not one of HTTP") }
        guard call.headers.allSatisfy({ Self.isLine($0.name) && Self.isLine($0.value) }) else {
            throw TransportError.connection("a header holds a control character")
        }
    }

    private static func isHTTP(_ url: String) -> Bool {
        let scheme = url.prefix(8).lowercased()
        return (scheme.hasPrefix("http://") || scheme.hasPrefix("https://")) && !url.utf8.contains { $0 <= 0x20 }
    }

    /// Whether a text stays within its header.
    private static func isLine(_ text: String) -> Bool { !text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }
}

/// Whether a host names this machine.
public func isLoopback(_ host: some StringProtocol) -> Bool {
    let name = host.lowercased()
    return name == "localhost" || name == "::1" || name == "[::1]"
        || name.hasPrefix("127.") && !name.contains { $0.isLetter }
}

public import GygesFiles
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Serves routes over HTTP until it is told to end.
///
/// Whoever talks to it knows its secret or has a key (``Access``), unless a route is open to everybody. Requests of other sites, or, to a server of this machine,
/// under another name than this machine's, are refused besides (``SiteGuard``). Every answer forbids browsers to keep or frame it, or
/// to ask for anything elsewhere (``ReplyHeaders``).
public struct HTTPServer: Sendable {
    /// Who is let in.
    public enum Access: Sendable {
        /// Who knows a text that is in the address of a page, as a bearer token.
        case secret(String)
        /// Who has one of several keys, as a bearer token.
        case keys(KeyRing)
        /// Everybody on this machine. Not to be combined with another address than this machine's own.
        case everybody
    }

    /// The address that it listens on.
    public let host: String
    /// What requests must know, as a bearer token; empty where they need no secret.
    public var secret: String { if case .secret(let secret) = access { secret } else { "" } }
    private let access: Access
    private let port: Int
    private let socket: String?
    private let routes: [Route]
    private let faultReply: @Sendable (Int, String) -> JSON
    private let connectionLimit: Int

    /// Prepares a server.
    ///
    /// - Parameters:
    ///   - routes: what it does. A path that has a route refuses methods that have none with 405 and names those that have.
    ///   - host: the address that it listens on; anything but this machine's own opens it to the network, unencrypted.
    ///   - port: 0 for any that is free.
    ///   - secret: what requests must know; made anew if not given.
    public init(routes: [Route], host: String = "127.0.0.1", port: Int = 0, secret: String? = nil) {
        self.init(routes: routes, host: host, port: port, access: .secret(secret ?? Self.makeSecret()))
    }

    /// Prepares a server.
    ///
    /// - Parameters:
    ///   - routes: What it does.
    ///   - host: The address that it listens on.
    ///   - port: 0 for any that is free.
    ///   - access: Who is let in.
    ///   - connectionLimit: How many connections are open at a time; more wait to be accepted.
    ///   - faultReply: The body of answers to requests that are refused before any route sees them, and to those that no route is for.
    /// - Precondition: `access` is not for everybody where `host` is not this machine's own.
    public init(
        routes: [Route], host: String, port: Int, access: Access, connectionLimit: Int = 1024,
        faultReply: @escaping @Sendable (_ status: Int, _ message: String) -> JSON = { status, message in
            ["error": ["message": .string(message)]]
        }
    ) {
        if case .everybody = access, !Self.isLocal(host) { fatalError("\(host) would be open to the network") }
        self.routes = routes
        self.host = host
        self.port = port
        socket = nil
        self.access = access
        self.connectionLimit = connectionLimit
        self.faultReply = faultReply
    }

    /// Prepares a server that listens on a socket in the file system, and answers whoever can open it: put it where only those can who may.
    ///
    /// - Parameters:
    ///   - routes: What it does.
    ///   - socket: The path of the socket.
    ///   - faultReply: As of the server of an address.
    public init(
        routes: [Route], socket: String, faultReply: @escaping @Sendable (_ status: Int, _ message: String) -> JSON
    ) {
        self.routes = routes
        host = "localhost"
        port = 0
        self.socket = socket
        access = .everybody
        connectionLimit = 4096
        self.faultReply = faultReply
    }

    /// Whether `host` names this machine alone.
    public static func isLocal(_ host: String) -> Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }

    /// 128 bits from the system's generator, in hexadecimal.
    private static func makeSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Serves until the process is interrupted or terminated, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - heedsSignals: whether SIGINT and SIGTERM end it; they then do nothing else any more in this process.
    ///   - grace: how long answers that are under way may still take after such a signal; what is not over then is cut.
    ///   - onStart: gets the address once it listens, such as `http://127.0.0.1:8080`, or the path of the socket.
    /// - Throws: ``FileError`` if the address cannot be listened on.
    public func run(
        heedsSignals: Bool = true, grace: Duration = .seconds(30), onStart: @escaping @Sendable (String) -> Void
    ) async throws {
        try await run(endedBy: heedsSignals ? [.sigterm, .sigint] : [], grace: grace, onStart: onStart)
    }

    func run(
        endedBy signals: [UnixSignal], grace: Duration, onStart: @escaping @Sendable (String) -> Void
    ) async throws {
        let (host, socket, isListening) = (host, socket, Flag())
        var application = Application(
            router: router(),
            // Connections that say nothing, or do not finish what they say, would hold the places of others.
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: .init(
                address: socket.map { .unixDomainSocket(path: $0) } ?? .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(connectionLimit)),
            onServerRunning: { channel in
                isListening.raise()
                if let socket { return onStart(socket) }
                let port = channel.localAddress?.port ?? 0
                onStart("http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            })
        application.logger.logLevel = .error
        do {
            try await LimitedShutdown(grace: grace).run(application, endedBy: signals, logger: application.logger)
        } catch  where !isListening.isRaised && !(error is CancellationError) {
            throw FileError(
                "\(host):\(port)", "cannot be listened on: \(error)", remedy: "Choose another --port or --host.")
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: RequestNames()).add(middleware: ReplyHeaders()).add(
            middleware: FaultReplies(body: faultReply)
        )
        .add(middleware: SiteGuard(isLocal: Self.isLocal(host)))
        let open = router.group()
        let closed = router.group()
        let keys: KeyRing? = if case .keys(let keys) = access { keys } else { nil }
        switch access {
        case .secret(let secret): closed.add(middleware: SecretGuard(secret: secret))
        case .keys(let keys):
            // Before routes are looked for, so that a path that no route was thought of for is closed, too.
            router.add(middleware: KeyGuard(keys: keys, openPaths: Set(routes.filter(\.isOpen).map(\.path))))
        case .everybody: break
        }
        for route in routes {
            (route.isOpen ? open : closed).on(RouterPath(route.path), method: route.method.type) { request, context in
                let name = keys.flatMap { keys in KeyGuard<BasicRequestContext>.key(of: request).flatMap(keys.name) }
                return try await Self.response(to: ServerRequest(request, context: context, keyName: name), by: route)
            }
        }
        for (path, routes) in Dictionary(grouping: routes, by: \.path) {
            let taken = Route.Method.allCases.filter { method in routes.contains { $0.method == method } }
            let names = taken.map(\.rawValue).joined(separator: ", ")
            for method in Route.Method.allCases where !taken.contains(method) {
                (routes.allSatisfy(\.isOpen) ? open : closed).on(RouterPath(path), method: method.type) {
                    _, _ -> Response in
                    throw HTTPError(.methodNotAllowed, headers: [.allow: names], message: "use \(names)")
                }
            }
        }
        return router
    }

    private static func response(to request: ServerRequest, by route: Route) async throws -> Response {
        let reply: ServerReply
        do {
            reply = try await route.handle(request)
        } catch let refusal as Refusal {
            throw HTTPError(HTTPResponse.Status(code: refusal.status), message: refusal.message)
        }
        var headers: HTTPFields = [.contentType: reply.contentType]
        for (name, value) in reply.headers { if let name = HTTPField.Name(name) { headers[name] = value } }
        var isStream = false
        if case .stream = reply.body { isStream = true }
        if request.endsConnection || isStream { headers[.connection] = "close" }
        let status = HTTPResponse.Status(code: reply.status)
        switch reply.body {
        case .bytes(let bytes):
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let stream):
            return Response(
                status: status, headers: headers,
                body: .init { writer in
                    let output = BodyOutput(writer)
                    try await stream { bytes in try await output.write(bytes) }
                    try await writer.finish(nil)
                })
        }
    }
}

/// What a body is written to, by one task at a time.
private final class BodyOutput: @unchecked Sendable {
    // Invariant: ``ByteWriter`` is called once at a time.
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    func write(_ bytes: [UInt8]) async throws { try await writer.write(ByteBuffer(bytes: bytes)) }
}

/// What happened or did not, seen from any thread.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isRaised: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}

extension Route.Method {
    var type: HTTPRequest.Method {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put: .put
        case .patch: .patch
        case .delete: .delete
        }
    }
}

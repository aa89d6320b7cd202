import GygesFiles
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Serves routes over HTTP until it is told to end.
///
/// Whoever talks to it knows its secret, unless a route is open to everybody. Requests of other sites, or, to a server of this machine,
/// under another name than this machine's, are refused besides (``SiteGuard``). Every answer forbids browsers to keep or frame it, or
/// to ask for anything elsewhere (``ReplyHeaders``).
public struct HTTPServer: Sendable {
    /// The address that it listens on.
    public let host: String
    /// What requests must know, as a bearer token.
    public let secret: String
    private let port: Int
    private let routes: [Route]

    /// Prepares a server.
    ///
    /// - Parameters:
    ///   - routes: what it does. A path that has a route refuses methods that have none with 405 and names those that have.
    ///   - host: the address that it listens on; anything but this machine's own opens it to the network, unencrypted.
    ///   - port: 0 for any that is free.
    ///   - secret: what requests must know; made anew if not given.
    public init(routes: [Route], host: String = "127.0.0.1", port: Int = 0, secret: String? = nil) {
        self.routes = routes
        self.host = host
        self.port = port
        self.secret = secret ?? Self.makeSecret()
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
    ///   - onStart: gets the address once it listens, such as `http://127.0.0.1:8080`.
    /// - Throws: ``FileError`` if the address cannot be listened on.
    public func run(heedsSignals: Bool = true, onStart: @escaping @Sendable (String) -> Void) async throws {
        let (host, isListening) = (host, Flag())
        var application = Application(
            router: router(), configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                isListening.raise()
                let port = channel.localAddress?.port ?? 0
                onStart("http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            })
        application.logger.logLevel = .error
        do {
            if heedsSignals {
                try await application.runService()
            } else {
                try await application.runService(gracefulShutdownSignals: [])
            }
        } catch  where !isListening.isRaised && !(error is CancellationError) {
            throw FileError(
                "\(host):\(port)", "cannot be listened on: \(error)", remedy: "Choose another --port or --host.")
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ReplyHeaders()).add(middleware: SiteGuard(isLocal: Self.isLocal(host)))
        let open = router.group()
        let closed = router.group().add(middleware: SecretGuard(secret: secret))
        for route in routes {
            (route.isOpen ? open : closed).on(RouterPath(route.path), method: route.method.type) { request, context in
                try await Self.response(to: ServerRequest(request, context: context), by: route)
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
        return Response(
            status: HTTPResponse.Status(code: reply.status), headers: [.contentType: reply.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}

/// What happened or did not, seen from any thread.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isRaised: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}

extension Route.Method {
    fileprivate var type: HTTPRequest.Method {
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

import GygesFiles
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Serves the labelling page on this machine until it is told to end.
///
/// Page and program agree on a secret in the address. It stands after `#`, so that browsers send it nowhere by themselves;
/// the page's script sends it with every request. Without it, neither another user of the machine nor another web site
/// can read a transcript or give a label; a request of another site, or under another name than this machine's, is refused besides
/// (``SiteGuard``). The page asks for nothing from elsewhere, and its content policy forbids it.
public struct LabelServer: Sendable {
    private let desk: LabelDesk
    private let host: String
    private let port: Int
    private let secret: String
    private let stored = Counter()

    /// Prepares a server.
    ///
    /// - Parameters:
    ///   - host: the address that it listens on.
    ///   - port: 0 for any that is free.
    ///   - secret: what requests must know; made anew if not given.
    public init(_ desk: LabelDesk, host: String = "127.0.0.1", port: Int = 0, secret: String? = nil) {
        self.desk = desk
        self.host = host
        self.port = port
        self.secret = secret ?? Self.makeSecret()
    }

    /// 128 bits from the system's generator, in hexadecimal.
    private static func makeSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether `host` names this machine alone.
    public static func isLocal(_ host: String) -> Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }

    /// Serves until the process is interrupted or terminated.
    ///
    /// - Parameter onStart: gets the address to open, with its secret.
    /// - Returns: how many labels were stored.
    /// - Throws: if the address cannot be listened on.
    public func run(onStart: @escaping @Sendable (String) -> Void) async throws -> Int {
        try await application(onStart: onStart).runService()
        return stored.value
    }

    /// The server's application, which tests run without a network.
    func application(onStart: @escaping @Sendable (String) -> Void = { _ in }) -> some ApplicationProtocol {
        let router = Router()
        router.add(middleware: PageHeaders()).add(middleware: SiteGuard(isLocal: Self.isLocal(host)))
        for (path, type, content) in Self.files {
            router.get(RouterPath(path)) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: content)))
            }
        }
        let api = router.group("api").add(middleware: SecretGuard(secret: secret))
        let (desk, stored) = (desk, stored)
        api.get("title") { _, _ in Self.reply(desk.title) }
        api.get("labels") { request, _ in
            try Self.answering { try desk.labels(of: request.uri.queryParameters["labeller"].map(String.init)) }
        }
        api.get("transcripts/:place") { _, context in
            guard let place = context.parameters.get("place", as: Int.self), let task = desk.task(at: place) else {
                throw HTTPError(.notFound, message: "there is no such transcript")
            }
            return Self.reply(task)
        }
        api.post("labels") { request, _ in
            let body = try await request.body.collect(upTo: Self.bodyLimit)
            let json: JSON
            do throws(FileError) {
                json = try JSON(parsing: String(buffer: body), path: "the request", limits: .init(depth: 4))
            } catch {
                throw HTTPError(.badRequest, message: error.problems.joined(separator: "; "))
            }
            do {
                try await desk.record(json)
            } catch let refusal as LabelDesk.Refusal {
                throw HTTPError(.badRequest, message: refusal.message)
            }
            stored.increment()
            return Self.reply(["stored": true])
        }
        for (path, _, _) in Self.files { Self.refuse(methodsExcept: [.get], of: path, in: router) }
        for path in ["title", "transcripts/:place"] { Self.refuse(methodsExcept: [.get], of: path, in: api) }
        Self.refuse(methodsExcept: [.get, .post], of: "labels", in: api)
        let (host, secret) = (host, secret)
        var application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                onStart("http://\(host.contains(":") ? "[\(host)]" : host):\(port)/#\(secret)")
            })
        application.logger.logLevel = .error
        return application
    }

    /// Says of the other methods that the path does not take them.
    private static func refuse(
        methodsExcept taken: [HTTPRequest.Method], of path: String, in routes: some RouterMethods<BasicRequestContext>
    ) {
        let names = taken.map(\.rawValue).joined(separator: ", ")
        for method in [.get, .head, .post, .put, .patch, .delete] as [HTTPRequest.Method] where !taken.contains(method)
        {
            routes.on(RouterPath(path), method: method) { _, _ -> Response in
                throw HTTPError(.methodNotAllowed, headers: [.allow: names], message: "use \(names)")
            }
        }
    }

    /// A label is a few hundred bytes.
    private static let bodyLimit = 4096

    /// Everything that can be had without the secret: the page itself, which holds nothing of the run.
    private static let files: [(path: String, type: String, content: [UInt8])] = [
        ("/", "text/html; charset=utf-8", PackageResources.label_html),
        ("/label.css", "text/css; charset=utf-8", PackageResources.label_css),
        ("/label.js", "text/javascript; charset=utf-8", PackageResources.label_js),
    ]

    private static func reply(_ json: JSON) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: json.serialized())))
    }

    private static func answering(_ body: () throws -> JSON) throws -> Response {
        do {
            return reply(try body())
        } catch let refusal as LabelDesk.Refusal {
            throw HTTPError(.badRequest, message: refusal.message)
        }
    }
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func increment() { count.withLock { $0 += 1 } }
}

import GygesFiles
import GygesServer
import Synchronization

/// Serves the labelling page on this machine until it is told to end.
///
/// Page and program agree on a secret in the address. It stands after `#`, so that browsers send it nowhere by themselves;
/// the page's script sends it with every request. Without it, neither another user of the machine nor another web site
/// can read a transcript or give a label. The page asks for nothing from elsewhere, and its content policy forbids it.
public struct LabelServer: Sendable {
    private let server: HTTPServer
    private let stored: Counter

    /// Prepares a server.
    ///
    /// - Parameters:
    ///   - host: the address that it listens on.
    ///   - port: 0 for any that is free.
    ///   - secret: what requests must know; made anew if not given.
    public init(_ desk: LabelDesk, host: String = "127.0.0.1", port: Int = 0, secret: String? = nil) {
        let stored = Counter()
        self.stored = stored
        server = HTTPServer(
            routes: Self.files + Self.routes(of: desk, stored: stored), host: host, port: port, secret: secret)
    }

    /// Whether `host` names this machine alone.
    public static func isLocal(_ host: String) -> Bool { HTTPServer.isLocal(host) }

    /// Serves until the process is interrupted or terminated, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - heedsSignals: whether SIGINT and SIGTERM end it.
    ///   - onStart: gets the address to open, with its secret.
    /// - Returns: how many labels were stored.
    /// - Throws: `FileError` if the address cannot be listened on.
    public func run(heedsSignals: Bool = true, onStart: @escaping @Sendable (String) -> Void) async throws -> Int {
        let secret = server.secret
        try await server.run(heedsSignals: heedsSignals) { onStart("\($0)/#\(secret)") }
        return stored.value
    }

    /// A label is a few hundred bytes.
    private static let bodyLimit = 4096

    private static func routes(of desk: LabelDesk, stored: Counter) -> [Route] {
        [
            Route(.get, "/api/title") { _ in .json(desk.title) },
            Route(.get, "/api/labels") { .json(try desk.labels(of: $0.query("labeller"))) },
            Route(.get, "/api/transcripts/:place") { request in
                guard let place = request.parameter("place").flatMap({ Int($0) }), let task = desk.task(at: place)
                else {
                    throw Refusal(status: 404, "there is no such transcript")
                }
                return .json(task)
            },
            Route(.post, "/api/labels") { request in
                try await desk.record(request.json(byteLimit: bodyLimit, depth: 4))
                stored.increment()
                return .json(["stored": true])
            },
        ]
    }

    /// Everything that can be had without the secret: the page itself, which holds nothing of the run.
    private static let files: [Route] = [
        .file("/", type: "text/html; charset=utf-8", PackageResources.label_html),
        .file("/label.css", type: "text/css; charset=utf-8", PackageResources.label_css),
        .file("/label.js", type: "text/javascript; charset=utf-8", PackageResources.label_js),
    ]
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func increment() { count.withLock { $0 += 1 } }
}

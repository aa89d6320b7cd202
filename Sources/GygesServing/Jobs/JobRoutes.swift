import GygesFiles
public import GygesServer
import GygesWire

/// Jobs in the style of serverless platforms (RunPod's), done by other routes of the same server: `POST /v2/{endpoint}/run` takes one on, `/runsync` waits for it, `/status`, `/stream`
/// and `/cancel` ask about it by its id. An endpoint is a model.
///
/// Clients of such platforms work with them unchanged. Nothing is ever sent to a client that has not asked: a job with a webhook is refused.
public struct JobRoutes: Sendable {
    /// What the server's other part says of itself.
    public struct Server: Sendable {
        /// The names of models that jobs may be for, at the moment.
        public var models: @Sendable () async -> [String]
        /// What a model's workers do: how many by `starting`, `idle`, `busy` and `parked`; `nil` where it has none of its own.
        public var workers: @Sendable (_ model: String) async -> [String: Int]?

        /// Says what a server is.
        public init(
            models: @escaping @Sendable () async -> [String],
            workers: @escaping @Sendable (_ model: String) async -> [String: Int]? = { _ in nil }
        ) {
            self.models = models
            self.workers = workers
        }
    }

    /// What requests may be at most.
    static let (byteLimit, longByteLimit, depthLimit) = (10 << 20, 20 << 20, 128)
    /// How long `/runsync` waits, in milliseconds, and how long it may be asked to.
    private static let (usualWait, waits) = (90_000, 1000...300_000)
    /// How long `/stream` waits for news: shorter than clients do.
    private static let streamWait = Duration.seconds(5)

    private let server: Server
    private let routes: [String: Route]
    private let board: JobBoard

    /// Offers jobs.
    ///
    /// - Parameters:
    ///   - routes: The routes that do them; of these, those that models answer are used.
    ///   - server: What the server is besides.
    public init(doneBy routes: [Route], server: Server) { self.init(doneBy: routes, server: server, limits: .init()) }

    init(doneBy routes: [Route], server: Server, limits: JobBoard.Limits) {
        let answered = Set(ModelRoutes.answeredByModels.filter { $0.method == .post }.map(\.path))
        let usable = routes.filter { $0.method == .post && answered.contains($0.path) }
        self.routes = Dictionary(usable.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        self.server = server
        board = JobBoard(limits) { [routes = self.routes] job, request, take in
            guard let route = routes[request.path] else { return }
            let reply = try await route.handle(
                ServerRequest(.post, request.path, body: .object(request.body), keyName: job.key))
            switch reply.body {
            case .bytes(let bytes):
                try await take([JobOutput(request.form).whole(bytes, status: reply.status)])
            case .stream(let stream):
                let output = StreamReader(JobOutput(request.form))
                try await stream { try await take(output.pieces($0)) }
            }
        }
    }

    /// The routes.
    public var all: [Route] {
        [
            Route(.post, "/v2/:endpoint/run") { try await run($0) },
            Route(.post, "/v2/:endpoint/runsync") { try await runAndWait($0) },
            Route(.get, "/v2/:endpoint/status/:id") { request in
                try await answered(request) { endpoint in
                    try found(await board.job(id(request), for: endpoint, key: request.keyName)).json
                }
            },
            Route(.get, "/v2/:endpoint/stream/:id") { request in
                try await answered(request) { endpoint in
                    let news = try await request.whileConnected {
                        await board.news(
                            id(request), for: endpoint, key: request.keyName, within: Self.streamWait)
                    }
                    let (job, pieces) = try found(news)
                    var members = job.json.object ?? .init()
                    members["output"] = nil
                    members["stream"] = .array(pieces.map { ["output": $0] })
                    return .object(members)
                }
            },
            Route(.post, "/v2/:endpoint/cancel/:id") { request in
                try await answered(request) { endpoint in
                    try found(await board.cancel(id(request), for: endpoint, key: request.keyName)).json
                }
            },
            Route(.post, "/v2/:endpoint/purge-queue") { request in
                try await answered(request) { endpoint in
                    let count = await board.purge(endpoint, key: request.keyName)
                    return ["removed": .integer(count), "status": "completed"]
                }
            },
            Route(.get, "/v2/:endpoint/health") { request in try await answered(request) { await health($0) } },
        ]
    }

    private func run(_ request: ServerRequest) async throws -> ServerReply {
        try await answered(request) { endpoint in
            let job = try await take(request, for: endpoint, byteLimit: Self.byteLimit, isAwaited: false)
            // Who asks by `/run` is told that it waits, whatever has happened since.
            return ["id": .string(job.id), "status": .string(Job.Status.inQueue.rawValue)]
        }
    }

    private func runAndWait(_ request: ServerRequest) async throws -> ServerReply {
        try await answered(request) { endpoint in
            let stated = request.query("wait")
            guard let wait = stated.map({ Int($0) }) ?? Self.usualWait, Self.waits.contains(wait) else {
                throw ServingFault.invalid(
                    "wait", "“wait” is a number of milliseconds from 1000 to 300000, five minutes.")
            }
            let job = try await take(request, for: endpoint, byteLimit: Self.longByteLimit, isAwaited: true)
            return try await request.whileConnected { await board.end(of: job, within: .milliseconds(wait)) }.json
        }
    }

    private func take(
        _ request: ServerRequest, for endpoint: String, byteLimit: Int, isAwaited: Bool
    ) async throws -> Job {
        let json = try await request.json(byteLimit: byteLimit, depth: Self.depthLimit)
        let job = try JobRequest(json, endpoint: endpoint, routes: routes.keys.sorted())
        return try await board.add(
            job, for: endpoint, key: request.keyName, byteCount: json.serialized().utf8.count, isAwaited: isAwaited)
    }

    private func health(_ endpoint: String) async -> JSON {
        let counts = await board.counts(of: endpoint)
        let workers = await server.workers(endpoint)
        let (idle, running) = (workers?["idle"] ?? 0, workers?["busy"] ?? 0)
        return [
            "jobs": [
                "completed": .integer(counts.completed), "failed": .integer(counts.failed),
                "inProgress": .integer(counts.inProgress), "inQueue": .integer(counts.inQueue), "retried": 0,
            ],
            // A server without workers is one itself.
            "workers": workers == nil
                ? [
                    "idle": .integer(counts.inProgress == 0 ? 1 : 0), "initializing": 0, "ready": 1,
                    "running": .integer(counts.inProgress == 0 ? 0 : 1), "parked": 0,
                ]
                : [
                    "idle": .integer(idle), "initializing": .integer(workers?["starting"] ?? 0),
                    "ready": .integer(idle + running), "running": .integer(running),
                    "parked": .integer(workers?["parked"] ?? 0),
                ],
        ]
    }

    private func id(_ request: ServerRequest) -> String { request.parameter("id") ?? "" }

    private func found<Value>(_ value: Value?) throws(ServingFault) -> Value {
        guard let value else {
            throw ServingFault(
                status: 404,
                .init(
                    message: "There is no such job: results are kept for half an hour, those of runsync for a minute.",
                    type: "invalid_request_error", parameter: "id", code: "job_not_found"))
        }
        return value
    }

    /// An answer for a model that is there.
    private func answered(
        _ request: ServerRequest, _ work: (_ endpoint: String) async throws -> JSON
    ) async throws -> ServerReply {
        do {
            let endpoint = request.parameter("endpoint") ?? ""
            let models = await server.models()
            guard models.contains(endpoint) else {
                throw ServingFault(
                    status: 404,
                    .init(
                        message:
                            "There is no endpoint “\(String(endpoint.prefix(100)))” here, but \(models.joined(separator: ", ")).",
                        type: "invalid_request_error", parameter: "endpoint", code: "model_not_found"))
            }
            return .json(try await work(endpoint))
        } catch let error as CancellationError {
            throw error
        } catch {
            return ServingFault(of: error).serverReply
        }
    }
}

/// Reads a stream on behalf of one writer at a time.
private final class StreamReader: @unchecked Sendable {
    // Invariant: a ``ByteWriter`` is called once at a time.
    private var output: JobOutput

    init(_ output: JobOutput) { self.output = output }

    func pieces(_ bytes: [UInt8]) throws -> [JSON] { try output.pieces(bytes) }
}

import AsyncAlgorithms
public import GygesFiles
public import GygesServer

/// Routes that hand requests on to workers: to those of the model that a request names.
public struct FrontRoutes: Sendable {
    /// What requests may be at most.
    public struct Settings: Sendable {
        /// Bytes of a request.
        public var requestByteLimit: Int
        /// Bytes of an answer that comes as a whole.
        public var replyByteLimit: Int
        /// How deep documents in requests may be nested.
        public var depthLimit: Int
        /// How long a request may take once a worker has it.
        public var executionTimeout: Duration

        /// Creates settings.
        public init(
            requestByteLimit: Int = 16 << 20, replyByteLimit: Int = 256 << 20, depthLimit: Int = 128,
            executionTimeout: Duration = .seconds(600)
        ) {
            self.requestByteLimit = requestByteLimit
            self.replyByteLimit = replyByteLimit
            self.depthLimit = depthLimit
            self.executionTimeout = executionTimeout
        }
    }

    private let pools: [(name: String, pool: WorkerPool)]
    private let settings: Settings
    private let faultReply: @Sendable (_ status: Int, _ message: String) -> JSON

    /// Hands on to pools.
    ///
    /// - Parameters:
    ///   - pools: The workers of each model; the first answer requests that name none.
    ///   - faultReply: The body of answers to requests that no worker answers.
    public init(
        _ pools: [(name: String, pool: WorkerPool)], settings: Settings = .init(),
        faultReply: @escaping @Sendable (_ status: Int, _ message: String) -> JSON
    ) {
        self.pools = pools
        self.settings = settings
        self.faultReply = faultReply
    }

    /// Routes that workers answer.
    public func handing(on routes: [(method: Route.Method, path: String)]) -> [Route] {
        routes.map { method, path in
            Route(method, path) { request in try await forward(request, method: method.rawValue) }
        }
    }

    /// Routes that are answered here: whether the server lives, and what workers do.
    public var own: [Route] {
        [
            Route(.get, "/health", isOpen: true) { _ in .json(["status": "ok"]) },
            Route(.get, "/ready", isOpen: true) { _ in .json(["status": "ready"]) },
            Route(.get, "/v1/workers") { _ in .json(await report()) },
        ]
    }

    private func report() async -> JSON {
        var models = JSONObject()
        for (name, pool) in pools {
            let statistics = await pool.statistics
            let counts = statistics.workerCounts.sorted { $0.key < $1.key }.map { ($0.key, JSON.integer($0.value)) }
            models[name] = [
                "workers": .object(JSONObject(counts)), "waiting": .integer(statistics.waitingCount),
                "running": .integer(statistics.runningCount), "crashes": .integer(statistics.crashCount),
            ]
        }
        return .object(models)
    }

    private func refusal(_ status: Int, _ message: String, retryAfter: Int? = nil) -> ServerReply {
        var reply = ServerReply.json(faultReply(status, message), status: status)
        if let retryAfter { reply.headers.append(("Retry-After", "\(retryAfter)")) }
        return reply
    }

    private func forward(_ request: ServerRequest, method: String) async throws -> ServerReply {
        var body: [UInt8] = []
        var name = request.query("model") ?? request.parameter("name")
        if method == "POST" {
            let json = try await request.json(byteLimit: settings.requestByteLimit, depth: settings.depthLimit)
            name = json["model"]?.string
            body = Array(json.serialized().utf8)
        }
        // An adapter is called by its model's name and its own.
        let pool = name.map { name in pools.first { $0.name == name || name.hasPrefix($0.name + ":") } } ?? pools.first
        guard let pool = pool?.pool else {
            let names = pools.map(\.name).joined(separator: ", ")
            return refusal(404, "There is no model “\(String((name ?? "").prefix(100)))” here, but \(names).")
        }
        let exchange = Exchange(
            pool, method: method, path: request.path, body: body, timeout: settings.executionTimeout)
        do {
            let (head, whole) = try await request.whileConnected {
                try await withTaskCancellationHandler {
                    let head = try await exchange.head()
                    guard !head.contentType.hasPrefix("text/event-stream") else { return (head, [UInt8]?.none) }
                    return (head, try await exchange.wholeBody(limit: settings.replyByteLimit))
                } onCancel: {
                    exchange.cancel()
                }
            }
            guard let whole else { return stream(head, exchange) }
            return ServerReply(status: head.status, contentType: head.contentType, headers: head.headers, body: whole)
        } catch let failure as WorkerPool.Failure {
            return refusal(failure)
        } catch is ExecutionTimeout {
            return refusal(504, "The request has taken as long as it may.")
        } catch let error as CancellationError {
            throw error
        } catch {
            return refusal(502, "The model's worker was lost while it answered. Ask again.", retryAfter: 1)
        }
    }

    private func refusal(_ failure: WorkerPool.Failure) -> ServerReply {
        switch failure {
        case .queueIsFull: refusal(429, "As many requests wait as may. Ask again later.", retryAfter: 1)
        case .waitedTooLong:
            refusal(503, "The request has waited for as long as it may. Ask again later.", retryAfter: 1)
        case .isBroken(let pause):
            refusal(503, "The model's workers crash. The next is started in \(pause) s.", retryAfter: pause)
        case .isShutDown: refusal(503, "The server is being shut down.", retryAfter: 1)
        }
    }

    /// A stream that has begun cannot be refused any more: what goes wrong is its last event.
    private func stream(_ head: WorkerClient.Head, _ exchange: Exchange) -> ServerReply {
        var reply = ServerReply(contentType: head.contentType) { write in
            try await withTaskCancellationHandler {
                do {
                    while let chunk = try await exchange.chunk() { try await write(chunk) }
                } catch let error as CancellationError {
                    exchange.cancel()
                    throw error
                } catch {
                    exchange.cancel()
                    let message =
                        error is ExecutionTimeout
                        ? "The request has taken as long as it may." : "The model's worker was lost while it answered."
                    try await write(Array("data: \(faultReply(502, message).serialized())\n\n".utf8))
                }
            } onCancel: {
                exchange.cancel()
            }
        }
        reply.status = head.status
        reply.headers = head.headers
        return reply
    }
}

/// A request's time is over.
struct ExecutionTimeout: Error {}

/// A request that is handed on, on a task of its own, so that its answer can be read as it comes.
private final class Exchange: Sendable {
    private let chunks: AsyncThrowingChannel<[UInt8], any Error>
    private let heads: AsyncThrowingChannel<WorkerClient.Head, any Error>
    private let task: Task<Void, Never>

    init(_ pool: WorkerPool, method: String, path: String, body: [UInt8], timeout: Duration) {
        let (chunks, heads) = (
            AsyncThrowingChannel<[UInt8], any Error>(), AsyncThrowingChannel<WorkerClient.Head, any Error>()
        )
        (self.chunks, self.heads) = (chunks, heads)
        task = Task {
            do {
                try await pool.withWorker { address in
                    try await Self.within(timeout) {
                        try await WorkerClient(address: address).ask(
                            method, path, body: body, take: { await heads.send($0) }, write: { await chunks.send($0) })
                    }
                }
                heads.finish()
                chunks.finish()
            } catch {
                heads.fail(error)
                chunks.fail(error)
            }
        }
    }

    deinit { task.cancel() }

    /// Ends the request: the worker sees its connection close.
    func cancel() { task.cancel() }

    /// The answer's beginning.
    func head() async throws -> WorkerClient.Head {
        for try await head in heads { return head }
        throw CancellationError()
    }

    /// What comes next; `nil` at the end.
    func chunk() async throws -> [UInt8]? {
        for try await chunk in chunks { return chunk }
        // A cancelled reader is told the same as one at the end.
        try Task.checkCancellation()
        return nil
    }

    func wholeBody(limit: Int) async throws -> [UInt8] {
        var body: [UInt8] = []
        while let chunk = try await chunk() {
            body += chunk
            guard body.count <= limit else { throw WorkerLost() }
        }
        return body
    }

    private static func within(_ timeout: Duration, _ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else { throw ExecutionTimeout() }
        }
    }
}

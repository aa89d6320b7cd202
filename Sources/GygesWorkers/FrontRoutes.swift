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

    let directory: ModelDirectory
    private let settings: Settings
    private let meter: (any ExchangeMeter)?
    private let faultReply: @Sendable (_ status: Int, _ message: String) -> JSON
    private let log: @Sendable (String) -> Void
    let told = ToldModels()

    /// Hands on to workers.
    ///
    /// - Parameters:
    ///   - models: The models; the first that can answer does where a request names none.
    ///   - meter: What notes requests.
    ///   - faultReply: The body of answers to requests that no worker answers.
    public init(
        _ models: [PooledModel], settings: Settings = .init(), meter: (any ExchangeMeter)? = nil,
        faultReply: @escaping @Sendable (_ status: Int, _ message: String) -> JSON
    ) {
        self.init(ModelDirectory(models), settings: settings, meter: meter, faultReply: faultReply)
    }

    /// Hands on to the workers of models that may come and go.
    ///
    /// - Parameters:
    ///   - directory: The models.
    ///   - meter: What notes requests.
    ///   - log: Told what is wrong with endpoints, which is nobody else's affair.
    ///   - faultReply: The body of answers to requests that no worker answers.
    public init(
        _ directory: ModelDirectory, settings: Settings = .init(), meter: (any ExchangeMeter)? = nil,
        log: @escaping @Sendable (String) -> Void = { _ in },
        faultReply: @escaping @Sendable (_ status: Int, _ message: String) -> JSON
    ) {
        self.directory = directory
        self.log = log
        self.settings = settings
        self.meter = meter
        self.faultReply = faultReply
    }

    /// Routes that workers answer.
    ///
    /// - Parameter kind: What a model must be for a path; `nil` where all will do.
    public func handing(
        on routes: [(method: Route.Method, path: String)],
        needing kind: (_ path: String) -> PooledModel.Kind? = { _ in nil }
    ) -> [Route] {
        routes.map { method, path in
            let kind = kind(path)
            return Route(method, path) { request in
                try await forward(request, method: method.rawValue, route: path, needing: kind)
            }
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
        var report = JSONObject()
        for model in await directory.present {
            let statistics = await model.pool.statistics
            let counts = statistics.workerCounts.sorted { $0.key < $1.key }.map { ($0.key, JSON.integer($0.value)) }
            report[model.name] = [
                "workers": .object(JSONObject(counts)), "waiting": .integer(statistics.waitingCount),
                "running": .integer(statistics.runningCount), "crashes": .integer(statistics.crashCount),
            ]
        }
        return .object(report)
    }

    func refusal(_ status: Int, _ message: String, retryAfter: Int? = nil) -> ServerReply {
        var reply = ServerReply.json(faultReply(status, message), status: status)
        if let retryAfter { reply.headers.append(("Retry-After", "\(retryAfter)")) }
        return reply
    }

    private func forward(
        _ request: ServerRequest, method: String, route: String, needing kind: PooledModel.Kind?
    ) async throws -> ServerReply {
        var body = JSON.null
        var name = request.query("model") ?? request.parameter("name")
        if method == "POST" {
            let json = try await request.json(byteLimit: settings.requestByteLimit, depth: settings.depthLimit)
            name = json["model"]?.string
            body = json
        }
        let model: PooledModel
        switch await choice(name, needing: kind) {
        case .success(let chosen): model = chosen
        case .failure(let refused): return refusal(refused.status, refused.message)
        }
        guard model.endpoint == nil || method == "POST" else {
            return refusal(404, "“\(model.name)” is answered by another server, and this route is not for such.")
        }
        // Names that are not known are the sender's, and without number.
        let known = model.names.first { $0 == name } ?? model.name
        let record = meter?.begin(known, request)
        let exchange = Exchange(
            model, request,
            .init(
                route: route, method: method, body: body, replyByteLimit: settings.replyByteLimit,
                timeout: model.executionTimeout ?? settings.executionTimeout), record: record)
        do {
            let (head, whole) = try await withTaskCancellationHandler {
                let head = try await exchange.head()
                guard !head.contentType.hasPrefix("text/event-stream") else { return (head, [UInt8]?.none) }
                return (head, try await exchange.wholeBody(limit: settings.replyByteLimit))
            } onCancel: {
                exchange.cancel()
            }
            guard let whole else { return stream(head, exchange, record) }
            // Before the answer goes out: who has it is in the records.
            if let report = head.report {
                record?.take(report)
            } else if head.status < 400 {
                record?.drop()
            } else {
                record?.fail(head.status)
            }
            return ServerReply(status: head.status, contentType: head.contentType, headers: head.headers, body: whole)
        } catch {
            await exchange.abandon()
            guard !(error is CancellationError) else {
                record?.fail(499)
                throw error
            }
            let reply = refusal(error)
            record?.fail(reply.status)
            return reply
        }
    }

    /// The model that a request is for. An adapter is called by its model's name and its own.
    private func choice(
        _ name: String?, needing kind: PooledModel.Kind?
    ) async -> Result<PooledModel, Refusal> {
        guard let name else {
            if let model = await directory.first(doing: kind) { return .success(model) }
            return .failure(Refusal(kind == .encoder ? "There is no encoder here." : "There is no decoder here."))
        }
        guard let model = await directory.model(name) else {
            let names = await directory.names.joined(separator: ", ")
            return .failure(
                Refusal(status: 404, "There is no model “\(String(name.prefix(100)))” here, but \(names)."))
        }
        guard model.does(kind) else {
            let problem =
                kind == .decoder
                ? "is an encoder, and generates no text" : "is a decoder, and gives neither vectors nor labels"
            return .failure(Refusal("“\(model.name)” \(problem)."))
        }
        return .success(model)
    }

    private func refusal(_ error: any Error) -> ServerReply {
        if let fault = error as? EndpointFault {
            log("an endpoint \(fault.problem)")
            return refusal(502, "The server that the request was handed to does not answer it.", retryAfter: 1)
        }
        return switch error {
        case WorkerPool.Failure.queueIsFull:
            refusal(429, "As many requests wait as may. Ask again later.", retryAfter: 1)
        case WorkerPool.Failure.waitedTooLong:
            refusal(503, "The request has waited for as long as it may. Ask again later.", retryAfter: 1)
        case WorkerPool.Failure.isBroken(let pause):
            refusal(503, "The model's workers crash. The next is started in \(pause) s.", retryAfter: pause)
        case WorkerPool.Failure.isShutDown: refusal(503, "The server is being shut down.", retryAfter: 1)
        case is TimeLimitPassed: refusal(504, "The request has taken as long as it may.")
        default: refusal(502, "The model's worker was lost while it answered. Ask again.", retryAfter: 1)
        }
    }

    /// A stream that has begun cannot be refused any more: what goes wrong is its last event.
    private func stream(
        _ head: WorkerClient.Head, _ exchange: Exchange, _ record: (any ExchangeRecord)?
    ) -> ServerReply {
        var reply = ServerReply(contentType: head.contentType) { write in
            try await withTaskCancellationHandler {
                do {
                    try await pass(exchange, record, write: write)
                } catch {
                    await exchange.abandon()
                    guard !(error is CancellationError || error is ReaderLost) else {
                        record?.fail(499)
                        throw error
                    }
                    let isLate = error is TimeLimitPassed
                    record?.fail(isLate ? 504 : 502)
                    let message =
                        isLate
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

    private func pass(_ exchange: Exchange, _ record: (any ExchangeRecord)?, write: ByteWriter) async throws {
        func send(_ bytes: [UInt8]) async throws {
            guard !bytes.isEmpty else { return }
            do { try await write(bytes) } catch { throw ReaderLost() }
        }
        var strainer = ReportStrainer()
        while let chunk = try await exchange.chunk() {
            let (passed, reports) = try strainer.take(chunk)
            // Before what follows goes out: who has the end of an answer is in the records.
            for report in reports { record?.take(report) }
            try await send(passed)
        }
        try await send(strainer.finish())
        // One that was never said to be over, of a route that counts nothing.
        record?.drop()
    }
}

/// Nobody reads the answer any more.
private struct ReaderLost: Error {}

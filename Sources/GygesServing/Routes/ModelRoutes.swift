import GygesBulk
public import GygesFiles
import GygesInference
public import GygesServer
import GygesWire
import Synchronization

/// What a server of models answers to.
///
/// Every route takes and gives what OpenAI's API and the servers that follow it do, so that their clients work unchanged. A client that leaves
/// ends what it has asked for, also while a prompt is read.
public struct ModelRoutes: Sendable {
    /// What requests may be at most, and how answers are sent.
    public struct Settings: Sendable {
        /// Bytes of a request.
        public var requestByteLimit: Int
        /// How deep documents in requests may be nested.
        public var depthLimit: Int
        /// After how long without news a stream says that it is still there.
        public var keepAlive: Duration
        /// Whether metrics stand there under vLLM's names, too.
        public var namesMetricsAsVLLM: Bool

        /// Creates settings.
        public init(
            requestByteLimit: Int = 16 << 20, depthLimit: Int = 128, keepAlive: Duration = .seconds(15),
            namesMetricsAsVLLM: Bool = false
        ) {
            self.requestByteLimit = requestByteLimit
            self.depthLimit = depthLimit
            self.keepAlive = keepAlive
            self.namesMetricsAsVLLM = namesMetricsAsVLLM
        }
    }

    /// The models.
    public let shelf: ModelShelf
    /// What requests may be at most.
    public let settings: Settings
    /// What was done so far.
    public let metrics: ServingMetrics
    /// Files of clients, and batches; `nil` where none are kept.
    let batches: BatchQueue?
    /// Told what went wrong and is nobody else's affair.
    let log: @Sendable (String) -> Void
    /// The time, in seconds since 1970.
    let now: @Sendable () -> Int

    /// Offers models.
    ///
    /// - Parameters:
    ///   - book: Where every request is noted when it is over.
    ///   - batches: Files of clients, and batches; `nil` where none are kept.
    ///   - now: The time, in seconds since 1970.
    ///   - log: Told what went wrong and is nobody else's affair.
    public init(
        _ shelf: ModelShelf, settings: Settings = .init(), book: UsageBook? = nil,
        batches: BatchQueue? = nil, now: @escaping @Sendable () -> Int,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.shelf = shelf
        self.settings = settings
        self.batches = batches
        self.log = log
        self.now = now
        metrics = ServingMetrics(now: now, book: book)
    }

    /// All routes.
    public var all: [Route] { generalRoutes + decoderRoutes + encoderRoutes + fileRoutes }

    /// What needs no model's work: how the server is, and what it has done.
    private var generalRoutes: [Route] {
        [
            Route(.get, "/health", isOpen: true) { _ in .json(["status": "ok"]) },
            Route(.get, "/ready", isOpen: true) { _ in .json(["status": "ready"]) },
            Route(.get, "/openapi.json") { _ in try answered { try openAPI() } },
            Route(.get, "/metrics") { _ in .text(await metricsText(), status: 200) },
            Route(.get, "/v1/usage") { request in try answered { try usage(by: request.query("group_by")) } },
            Route(.get, "/v1/requests/:id/trace") { request in
                try answered { try metrics.trace(request.parameter("id")) }
            },
            Route(.get, "/v1/models") { _ in .json(shelf.list.json) },
            Route(.get, "/v1/models/:name") { request in try answered { try model(request.parameter("name")) } },
        ]
    }

    /// What decoders write, and what is done with their tokens.
    private var decoderRoutes: [Route] {
        [
            Route(.post, "/v1/chat/completions") { request in
                try await generated(request) { try ChatPlan(ChatRequest($0), on: shelf) }
            },
            Route(.post, "/v1/responses") { request in
                try await generated(request) { try ResponsePlan(ResponseRequest($0), on: shelf) }
            },
            Route(.post, "/v1/completions") { request in
                try await generated(request) { try CompletionPlan(CompletionRequest($0), on: shelf) }
            },
            Route(.post, "/apply-template") { request in
                try await whole(request) { try applyTemplate(TemplateRequest($0)) }
            },
            Route(.get, "/tokenizer_info") { request in try answered { try tokenizerInfo(request.query("model")) } },
        ]
            + ["/tokenize", "/v1/tokenize"].map { path in
                Route(.post, path) { request in try await whole(request) { try tokenize(TokenizeRequest($0)) } }
            }
            + ["/detokenize", "/v1/detokenize"].map { path in
                Route(.post, path) { request in try await whole(request) { try detokenize(DetokenizeRequest($0)) } }
            }
    }

    /// The routes that take a model, by method and path: what a server hands on whose models are other processes'.
    public static let answeredByModels: [(method: Route.Method, path: String)] =
        [(.get, "/tokenizer_info")]
        + [
            "/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/classify", "/predict",
            "/rerank",
            "/v1/rerank", "/v2/rerank", "/score", "/v1/score", "/apply-template", "/tokenize", "/v1/tokenize",
            "/detokenize", "/v1/detokenize",
        ].map { (.post, $0) }

    /// The body of answers that no route has made.
    @Sendable
    public static func fault(_ status: Int, _ message: String) -> JSON {
        ErrorReply(
            message: message,
            type: status == 401 ? "authentication_error" : status < 500 ? "invalid_request_error" : "server_error",
            code: status == 401 ? "invalid_api_key" : nil
        ).json
    }
}

extension ModelRoutes {
    /// The document that a request is.
    private func document(_ request: ServerRequest) async throws -> JSON {
        try await request.json(byteLimit: settings.requestByteLimit, depth: settings.depthLimit)
    }

    /// An answer, or what its errors mean to the client.
    func answered(_ work: () throws -> JSON) throws -> ServerReply {
        do { return .json(try work()) } catch { return reply(to: error) }
    }

    func reply(to error: any Error) -> ServerReply {
        let fault = ServingFault(of: error)
        if fault.status == 500 { log("\(error)") }
        return fault.serverReply
    }

    /// An answer that comes as a whole, for a client that waits for it.
    func whole(
        _ request: ServerRequest, _ work: @escaping @Sendable (JSON) async throws -> JSON
    ) async throws -> ServerReply {
        do {
            let json = try await document(request)
            return .json(try await request.whileConnected { try await work(json) })
        } catch let error as CancellationError {
            throw error
        } catch {
            return reply(to: error)
        }
    }

    /// An answer that comes as a whole and is counted.
    ///
    /// - Parameter work: Gets what begins to count the request as a model's.
    func counted(
        _ request: ServerRequest,
        _ work: @escaping @Sendable (JSON, (String) -> RequestRecord) async throws -> JSON
    ) async throws -> ServerReply {
        let origin = RequestOrigin(request)
        let reply = try await whole(request) { json in try await work(json) { metrics.begin($0, of: origin) } }
        if reply.status >= 400 { metrics.refuse(origin, status: reply.status) }
        return reply
    }

    /// A name that no other answer has.
    static func name(_ prefix: String) -> String {
        prefix + String(UInt64.random(in: .min ... .max), radix: 16)
            + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    /// An answer that a model writes, whole or in pieces.
    private func generated(
        _ request: ServerRequest, _ plan: (JSON) throws -> any GenerationPlan
    ) async throws -> ServerReply {
        let origin = RequestOrigin(request)
        do { return try await generated(request, by: plan(try await document(request)), origin) } catch {
            if let error = error as? CancellationError { throw error }
            let reply = reply(to: error)
            metrics.refuse(origin, status: reply.status)
            return reply
        }
    }

    private func generated(
        _ request: ServerRequest, by plan: some GenerationPlan, _ origin: RequestOrigin
    ) async throws -> ServerReply {
        let engine = plan.generator.model.engine
        if engine.isFull { throw EngineError.overloaded(limit: plan.generator.model.options.queueLimit) }
        let record = metrics.begin(plan.model.name, of: origin)
        let head = ReplyHead(
            id: Self.name(type(of: plan).namePrefix), created: now(), model: plan.model.name,
            systemFingerprint: plan.model.fingerprint)
        guard plan.settings.isStreamed else {
            return .json(
                try await request.whileConnected {
                    try await record.noting { try await plan.body(head: head, record: record, whenFull: .refuse) }
                })
        }
        return ServerReply(contentType: "text/event-stream; charset=utf-8") { write in
            try await request.whileConnected {
                try await plan.stream(head: head, record: record, keepAlive: settings.keepAlive, write: write)
            }
        }
    }

    private func model(_ name: String?) throws -> JSON {
        let model = try shelf.model(name)
        return ModelList(models: [model.entry]).json["data"]?.array?.first ?? .null
    }

    /// What engines hold, by model.
    func engineStatistics() async -> [String: EngineStatistics] {
        var statistics: [String: EngineStatistics] = [:]
        for model in shelf.models {
            // An adapter's engine is its model's, and counted there.
            guard case .decoder(let generator) = model.engine, model.adapter == nil else { continue }
            statistics[model.name] = try? await generator.model.engine.statistics()
        }
        return statistics
    }

    private func metricsText() async -> String {
        metrics.text(
            models: shelf.models.map(\.name), engines: await engineStatistics(),
            namesOfVLLM: settings.namesMetricsAsVLLM)
    }

    private func usage(by names: String?) throws -> JSON { try metrics.usage(by: names) }
}

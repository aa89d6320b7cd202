import GygesFiles
public import GygesServer
public import GygesWorkers

/// What a server of workers tells of itself: the same as one that answers by itself (``ModelRoutes``).
public struct FrontMeterRoutes: Sendable {
    private let directory: ModelDirectory
    private let metrics: ServingMetrics
    private let namesMetricsAsVLLM: Bool
    private let log: @Sendable (String) -> Void

    /// Tells of models.
    ///
    /// - Parameters:
    ///   - metrics: What notes their requests.
    ///   - namesMetricsAsVLLM: Whether metrics stand there under vLLM's names, too.
    ///   - log: Told what went wrong and is nobody else's affair.
    public init(
        _ directory: ModelDirectory, metrics: ServingMetrics, namesMetricsAsVLLM: Bool = false,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.directory = directory
        self.metrics = metrics
        self.namesMetricsAsVLLM = namesMetricsAsVLLM
        self.log = log
    }

    /// The routes of what was counted.
    public var all: [Route] {
        [
            Route(.get, "/metrics") { _ in .text(await metricsText(), status: 200) },
            Route(.get, "/v1/usage") { request in answered { try metrics.usage(by: request.query("group_by")) } },
            Route(.get, "/v1/requests/:id/trace") { request in
                answered { try metrics.trace(request.parameter("id")) }
            },
        ]
    }

    private func answered(_ work: () throws -> JSON) -> ServerReply {
        do { return .json(try work()) } catch {
            let fault = ServingFault(of: error)
            if fault.status == 500 { log("\(error)") }
            return fault.serverReply
        }
    }

    /// The page that shows what the server does and talks with its models, and what it asks for.
    public var page: [Route] { ModelRoutes.page { await status() } }

    private func metricsText() async -> String {
        var statistics: [(String, WorkerPool.Statistics)] = []
        let models = await directory.present
        for model in models { statistics.append((model.name, await model.pool.statistics)) }
        return metrics.text(
            models: models.flatMap(\.names), engines: [:], workers: statistics, namesOfVLLM: namesMetricsAsVLLM)
    }

    private func status() async -> JSON {
        var statuses: [ModelStatus] = []
        for model in await directory.present {
            let statistics = await model.pool.statistics
            for name in model.names {
                let isBase = name == model.name
                statuses.append(
                    ModelStatus(
                        name: name, chats: model.kind != .encoder, waitingCount: isBase ? statistics.waitingCount : 0,
                        workers: isBase ? statistics : nil))
            }
        }
        return metrics.status(statuses)
    }
}

extension ModelRoutes {
    /// What a model must be to answer at a path; `nil` where all will do.
    public static func kind(answering path: String) -> PooledModel.Kind? {
        switch path {
        case "/v1/chat/completions", "/v1/completions", "/v1/responses", "/apply-template": .decoder
        case "/v1/embeddings", "/v1/classify", "/predict", "/rerank", "/v1/rerank", "/v2/rerank": .encoder
        default: nil
        }
    }
}

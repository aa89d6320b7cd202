import GygesFiles
import GygesInference
public import GygesServer
import GygesWire
import GygesWorkers

extension ModelRoutes {
    /// The page that shows what the server does and talks with its models, and what it asks for. The page itself holds nothing, and is open;
    /// what it shows takes a key where others do.
    public var page: [Route] { Self.page { await status() } }

    static func page(_ status: @escaping @Sendable () async -> JSON) -> [Route] {
        [
            .file("/", type: "text/html; charset=utf-8", PackageResources.serve_html),
            .file("/serve.css", type: "text/css; charset=utf-8", PackageResources.serve_css),
            .file("/serve.js", type: "text/javascript; charset=utf-8", PackageResources.serve_js),
            Route(.get, "/api/status") { _ in .json(await status()) },
        ]
    }

    private func status() async -> JSON {
        let statistics = await engineStatistics()
        return metrics.status(
            shelf.models.map { model in
                let engine = statistics[model.name]
                return ModelStatus(
                    name: model.name, chats: model.isDecoder, waitingCount: engine?.waitingCount ?? 0,
                    cacheShare: engine.map { Double($0.usedPageCount) / Double(max(1, $0.pageCapacity)) })
            })
    }
}

/// What the page shows of a model besides what was counted.
struct ModelStatus {
    var name: String
    /// Whether it can be talked with.
    var chats: Bool
    var waitingCount: Int
    /// The share of the cache that requests use; `nil` if there is none, or it is not known.
    var cacheShare: Double?
    /// What workers do, where they answer.
    var workers: WorkerPool.Statistics?
}

extension ServingMetrics {
    /// What the page shows.
    func status(_ models: [ModelStatus]) -> JSON {
        let counts = counts
        let shown = models.map { model -> JSON in
            let own = counts[model.name] ?? ServingMetrics.Counts()
            var object = JSONObject([
                ("name", .string(model.name)), ("chats", .bool(model.chats)), ("running", .integer(own.runningCount)),
                ("waiting", .integer(model.waitingCount)), ("prompt", .integer(own.promptTokenCount)),
                ("generated", .integer(own.generatedTokenCount)),
                ("cache", model.cacheShare.map { .double($0) } ?? .null),
            ])
            if let workers = model.workers {
                let states = workers.workerCounts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
                object["workers"] = .object(JSONObject(states.map { ($0.key, .integer($0.value)) }))
            }
            return .object(object)
        }
        let recent = recent.reversed().map { request -> JSON in
            [
                "ended": .integer(request.ended), "model": .string(request.model), "status": .integer(request.status),
                "prompt": .integer(request.usage?.promptTokens ?? 0),
                "generated": .integer(request.usage?.completionTokens ?? 0),
                "first_token": request.firstToken.map { .double($0) } ?? .null, "duration": .double(request.duration),
            ]
        }
        return [
            "models": .array(shown), "recent": .array(recent), "seconds": .double(seconds),
            "memory": .integer(ResidentMemory.byteCount ?? 0),
        ]
    }
}

import GygesFiles
import GygesInference
public import GygesServer
import GygesWire

extension ModelRoutes {
    /// The page that shows what the server does and talks with its models, and what it asks for. The page itself holds nothing, and is open;
    /// what it shows takes a key where others do.
    public var page: [Route] {
        [
            .file("/", type: "text/html; charset=utf-8", PackageResources.serve_html),
            .file("/serve.css", type: "text/css; charset=utf-8", PackageResources.serve_css),
            .file("/serve.js", type: "text/javascript; charset=utf-8", PackageResources.serve_js),
            Route(.get, "/api/status") { _ in .json(await status()) },
        ]
    }

    private func status() async -> JSON {
        let counts = metrics.counts
        let statistics = await engineStatistics()
        let models = shelf.models.map { model -> JSON in
            let own = counts[model.name] ?? ServingMetrics.Counts()
            let engine = statistics[model.name]
            let cache = engine.map { Double($0.usedPageCount) / Double(max(1, $0.pageCapacity)) }
            return [
                "name": .string(model.name), "chats": .bool(model.isDecoder), "running": .integer(own.runningCount),
                "waiting": .integer(engine?.waitingCount ?? 0), "prompt": .integer(own.promptTokenCount),
                "generated": .integer(own.generatedTokenCount), "cache": cache.map { .double($0) } ?? .null,
            ]
        }
        let recent = metrics.recent.reversed().map { request -> JSON in
            [
                "ended": .integer(request.ended), "model": .string(request.model), "status": .integer(request.status),
                "prompt": .integer(request.usage?.promptTokens ?? 0),
                "generated": .integer(request.usage?.completionTokens ?? 0),
                "first_token": request.firstToken.map { .double($0) } ?? .null, "duration": .double(request.duration),
            ]
        }
        return [
            "models": .array(models), "recent": .array(recent), "seconds": .double(metrics.seconds),
            "memory": .integer(ResidentMemory.byteCount ?? 0),
        ]
    }
}

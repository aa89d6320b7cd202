import GygesFiles
import GygesServer

extension ModelRoutes {
    /// Has every model answer a short request, so that the first one that somebody waits for finds its weights in memory.
    ///
    /// Nothing is noted of it but in these routes' own counts.
    /// - Parameter text: What a decoder goes on with, and an encoder reads.
    /// - Throws: `FileError` if a model does not answer; `CancellationError`.
    public func warmUp(_ text: String) async throws {
        for model in shelf.models where model.adapter == nil {
            let name = JSON.string(model.name), text = JSON.string(text)
            // What an encoder does follows from its head.
            let requests: [(path: String, body: JSON)] =
                model.isDecoder
                ? [("/v1/completions", ["model": name, "prompt": text, "max_tokens": 2, "temperature": 0])]
                : [
                    ("/v1/embeddings", ["model": name, "input": text]),
                    ("/v1/classify", ["model": name, "input": text]),
                    ("/rerank", ["model": name, "query": text, "documents": [text]]),
                ]
            var problem = ""
            var isWarm = false
            for (path, body) in requests where !isWarm {
                guard let route = all.first(where: { $0.method == .post && $0.path == path }) else { continue }
                let reply = try await route.handle(ServerRequest(.post, path, body: body))
                isWarm = reply.status == 200
                if case .bytes(let bytes) = reply.body, !isWarm { problem = String(decoding: bytes, as: UTF8.self) }
            }
            guard isWarm else {
                throw FileError(
                    model.name, "does not answer the request that warms it up: \(problem)",
                    remedy: "Choose another text (--warm-up), or leave it out.")
            }
        }
    }
}

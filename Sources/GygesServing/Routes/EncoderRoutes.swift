import GygesFiles
import GygesServer
import GygesWire

extension ModelRoutes {
    /// What encoders answer: vectors, ranks, scores and labels.
    var encoderRoutes: [Route] {
        [
            Route(.post, "/v1/embeddings") { request in
                try await counted(request) { json, record in
                    let asked = try EmbeddingRequest(json)
                    return try await shelf.vectors(asked, record: record).json(encoding: asked.encoding ?? .numbers)
                }
            },
            Route(.post, "/v1/classify") { request in
                try await counted(request) { try await classify(LabelRequest($0), $1) }
            },
            Route(.post, "/predict") { request in
                try await counted(request) { try await predict(LabelRequest($0), $1) }
            },
        ]
            + ["/rerank", "/v1/rerank", "/v2/rerank"].map { path in
                Route(.post, path) { request in
                    try await counted(request) { json, record in
                        try await shelf.ranking(RankingRequest(json), id: Self.name("rerank-"), record: record)
                    }
                }
            }
            + ["/score", "/v1/score"].map { path in
                Route(.post, path) { request in
                    try await counted(request) { try await score(PairScoreRequest($0), $1) }
                }
            }
    }

    private func score(_ asked: PairScoreRequest, _ record: (String) -> RequestRecord) async throws -> JSON {
        let (model, scores, usage) = try await shelf.scores(asked, record: record)
        let data = scores.enumerated().map { index, score -> JSON in
            ["index": .integer(index), "object": "score", "score": .double(Double(score))]
        }
        return list("score-", of: model, data, usage)
    }

    private func classify(_ asked: LabelRequest, _ record: (String) -> RequestRecord) async throws -> JSON {
        let (model, labels, usage) = try await shelf.labels(asked, record: record)
        let data = labels.enumerated().map { index, labels -> JSON in
            let best = labels.max { $0.score < $1.score }
            return [
                "index": .integer(index), "label": .string(best?.label ?? ""),
                "probs": .array(labels.map { .double(Double($0.score)) }), "num_classes": .integer(labels.count),
            ]
        }
        return list("classify-", of: model, data, usage)
    }

    private func predict(_ asked: LabelRequest, _ record: (String) -> RequestRecord) async throws -> JSON {
        let rows = try await shelf.labels(asked, record: record).labels.map { labels in
            JSON.array(
                labels.sorted { $0.score > $1.score }
                    .map { ["label": .string($0.label), "score": .double(Double($0.score))] })
        }
        return asked.isSingle ? rows[0] : .array(rows)
    }

    private func list(_ prefix: String, of model: ServedModel, _ data: [JSON], _ usage: Usage) -> JSON {
        [
            "id": .string(Self.name(prefix)), "object": "list", "created": .integer(now()),
            "model": .string(model.name), "data": .array(data), "usage": usage.json,
        ]
    }
}

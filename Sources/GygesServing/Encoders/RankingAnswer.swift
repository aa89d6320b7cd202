import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesWire

extension ModelShelf {
    /// Ranks texts.
    ///
    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    func ranking(_ asked: RankingRequest, id: String, record: (String) -> RequestRecord) async throws -> JSON {
        let (model, encoder) = try encoder(asked.model)
        guard asked.texts.count <= EncoderLimits.textCount else {
            throw EncoderLimits.fault(asked.isCohere ? "documents" : "texts")
        }
        let record = record(model.name)
        let ranked = try await record.noting {
            try await encoder.ranked(asked.query, asked.texts, keepsScores: asked.keepsScores)
        }.prefix(asked.topCount ?? .max)
        let usage = Usage(promptTokens: try encoder.tokenCount(of: [asked.query] + asked.texts), completionTokens: 0)
        record.finish(usage)
        let results = ranked.map { result -> JSON in
            var object = JSONObject([
                ("index", .integer(result.index)),
                (asked.isCohere ? "relevance_score" : "score", .double(Double(result.score))),
            ])
            if asked.returnsTexts {
                let text = JSON.string(asked.texts[result.index])
                if asked.isCohere { object["document"] = ["text": text] } else { object["text"] = text }
            }
            return .object(object)
        }
        guard asked.isCohere else { return .array(results) }
        return [
            "id": .string(id), "model": .string(model.name), "results": .array(results),
            "usage": ["prompt_tokens": .integer(usage.promptTokens), "total_tokens": .integer(usage.totalTokens)],
        ]
    }

    /// Labels of texts, each with its probability.
    ///
    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    func labels(
        _ name: String?, _ texts: [String], record: (String) -> RequestRecord
    ) async throws -> (model: ServedModel, labels: [[(label: String, score: Float)]], usage: Usage) {
        let (model, encoder) = try encoder(name)
        guard texts.count <= EncoderLimits.textCount else { throw EncoderLimits.fault("input") }
        let record = record(model.name)
        let scores = try await record.noting {
            try await encoder.classScores(of: texts, whenFull: .refuse)
        }
        let usage = Usage(promptTokens: try encoder.tokenCount(of: texts), completionTokens: 0)
        record.finish(usage)
        let labels = scores.map { scores in
            Array(zip(encoder.labels, encoder.probabilities(of: scores)).map { (label: $0, score: $1) })
        }
        return (model, labels, usage)
    }
}

extension TextEncoder {
    /// Texts from the best to the worst: by a cross-encoder's score, or by the cosine of vectors.
    fileprivate func ranked(_ query: String, _ texts: [String], keepsScores: Bool) async throws -> [(
        index: Int, score: Float
    )] {
        guard !isCrossEncoder else {
            return try await rerank(
                query: query, texts: texts, scoreFunction: keepsScores ? .identity : nil, whenFull: .refuse
            ).map { ($0.index, $0.score) }
        }
        let vectors = try await embeddings(of: [query] + texts, options: .init(normalizes: true), whenFull: .refuse)
        return vectors.dropFirst().enumerated()
            .map { (index: $0, score: zip(vectors[0], $1).reduce(0) { $0 + $1.0 * $1.1 }) }
            .sorted { ($1.score, $0.index) < ($0.score, $1.index) }
    }
}

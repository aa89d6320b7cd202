import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesWire

extension ModelShelf {
    /// Ranks texts.
    ///
    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    func ranking(_ asked: RankingRequest, id: String, record: (String) -> RequestRecord) async throws -> JSON {
        let (model, encoder) = try encoder(asked.model) { $0.canRank }
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

    /// How alike the texts of each pair are.
    ///
    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    func scores(
        _ asked: PairScoreRequest, record: (String) -> RequestRecord
    ) async throws -> (model: ServedModel, scores: [Float], usage: Usage) {
        let (model, encoder) = try encoder(asked.model) { $0.canRank }
        guard asked.second.count <= EncoderLimits.textCount else { throw EncoderLimits.fault("text_2") }
        let record = record(model.name)
        let scores = try await record.noting { try await encoder.scores(of: asked) }
        let usage = Usage(
            promptTokens: encoder.isCrossEncoder
                ? try encoder.tokens(ofPairs: asked.pairs).reduce(0) { $0 + $1.count }
                : try encoder.tokenCount(of: asked.first + asked.second), completionTokens: 0)
        record.finish(usage)
        return (model, scores, usage)
    }
}

extension TextEncoder {
    /// Whether texts can be ranked: by one score of two texts that are read together, or by one vector of each.
    fileprivate var canRank: Bool {
        if isCrossEncoder { return labels.count == 1 }
        switch embedding?.kind {
        case .single?: return true
        case nil: return configuration.task == .hiddenStates || configuration.task == .maskedLanguageModel
        default: return false
        }
    }

    /// Scores of pairs: a cross-encoder's, or cosines of vectors.
    fileprivate func scores(of asked: PairScoreRequest) async throws -> [Float] {
        guard !isCrossEncoder else {
            var scores = [Float](repeating: 0, count: asked.second.count)
            guard asked.first.count > 1 else {
                let ranked = try await rerank(query: asked.first[0], texts: asked.second, whenFull: .refuse)
                for text in ranked { scores[text.index] = text.score }
                return scores
            }
            // Each first text is a query of its own; all are read in the same passes.
            return try await withThrowingTaskGroup(of: (Int, Float).self) { group in
                for (index, pair) in asked.pairs.enumerated() {
                    group.addTask {
                        let ranked = try await self.rerank(query: pair.0, texts: [pair.1], whenFull: .refuse)
                        return (index, ranked[0].score)
                    }
                }
                for try await (index, score) in group { scores[index] = score }
                return scores
            }
        }
        let vectors = try await embeddings(
            of: asked.first + asked.second, options: .init(normalizes: true), whenFull: .refuse)
        return asked.second.indices.map { index in
            cosine(vectors[asked.first.count == 1 ? 0 : index], vectors[asked.first.count + index])
        }
    }

    /// The cosine of two vectors of length 1.
    private func cosine(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

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
            .map { (index: $0, score: cosine(vectors[0], $1)) }
            .sorted { ($1.score, $0.index) < ($0.score, $1.index) }
    }
}

import GygesCheckpoints
import GygesEvaluation
import GygesInference
import GygesKernels

/// Orders texts by a model, whichever way it compares them.
struct TextRanker {
    /// A text's number among those given, and its score.
    typealias Entry = (index: Int, score: Float)

    /// The model, and what it makes of texts if it is no cross-encoder.
    let vectorizer: Vectorizer
    let options: VectorOptions
    /// Whether a cross-encoder's scores stay as they are.
    let rawScores: Bool
    let team: ThreadTeam

    /// The texts from the best to the worst.
    ///
    /// - Parameter progress: Told how many texts are read.
    /// - Throws: `EncoderError`, `EvaluationError`.
    func ranking(of texts: [String], for query: String, progress: ((Int) -> Void)? = nil) throws -> [Entry] {
        let model = vectorizer.model
        guard model.isCrossEncoder else {
            let documents = try vectors(of: texts, .document, progress)
            let query = try vectors(of: [query], .query, nil)
            if let similarity = model.embedding?.similarity, similarity.isDistance, case .single(let single) = query {
                // Inner products say nothing about distances.
                let queries = TextVectors.single(Array(repeating: single[0], count: texts.count))
                return documents.similarities(to: queries, by: similarity).enumerated()
                    .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.map { ($0.offset, $0.element) }
            }
            return try ExactSearch.ranking(
                of: EmbeddedTexts(documents), for: EmbeddedTexts(query), team: team
            ).map { ($0.document, $0.score) }
        }
        let text = options.options(prompt: .automatic, for: model).text
        return try model.rerank(
            query: query, texts: texts, scoreFunction: rawScores ? .identity : nil, options: text, progress: progress
        ).map { ($0.index, $0.score) }
    }

    private func vectors(
        of texts: [String], _ role: TextRole, _ progress: ((Int) -> Void)?
    ) throws -> TextVectors {
        let options = options.options(prompt: vectorizer.prompt(for: role), for: vectorizer.model)
        return try vectorizer.vectors(of: texts, as: role, options: options, progress: progress)
    }
}

import GygesInference
import GygesWire

extension ModelShelf {
    /// Labels of texts or of pairs of texts, each with its probability.
    ///
    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    func labels(
        _ asked: LabelRequest, record: (String) -> RequestRecord
    ) async throws -> (model: ServedModel, labels: [[(label: String, score: Float)]], usage: Usage) {
        let (model, encoder) = try encoder(asked.model) { $0.isCrossEncoder }
        guard asked.input.count <= EncoderLimits.textCount else { throw EncoderLimits.fault("input") }
        let record = record(model.name)
        let (scores, tokens) = try await record.noting {
            switch asked.input {
            case .texts(let texts):
                (try await encoder.classScores(of: texts, whenFull: .refuse), try encoder.tokenCount(of: texts))
            case .pairs(let pairs):
                (
                    try await encoder.classScores(ofPairs: pairs.map { ($0.first, $0.second) }, whenFull: .refuse),
                    try encoder.tokens(ofPairs: pairs.map { ($0.first, $0.second) }).reduce(0) { $0 + $1.count }
                )
            }
        }
        let usage = Usage(promptTokens: tokens, completionTokens: 0)
        record.finish(usage)
        let labels = scores.map { scores in
            Array(zip(encoder.labels, encoder.probabilities(of: scores)).map { (label: $0, score: $1) })
        }
        return (model, labels, usage)
    }
}

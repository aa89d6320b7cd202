import GygesCheckpoints
import Foundation
import GygesKernels
import GygesModels
import GygesTensors
import Testing

private let checkpoints = ProcessInfo.processInfo.environment["GYGES_ENCODERS"]

/// Full-size random checkpoints against transformers, where `scripts/parity/encoders.py` has made them: a batch of all
/// texts at once, in every precision.
@Suite(.enabled(if: checkpoints != nil), .serialized) struct FullSizeEncoderTests {
    static var folders: [String] {
        let root = checkpoints ?? ""
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.sorted().map { "\(root)/\($0)" }.filter {
            FileManager.default.fileExists(atPath: $0 + "/expected.safetensors")
        }
    }

    @Test(arguments: folders, [MatmulPrecision.exact, .bfloat16, .int8])
    func matchesTransformers(path: String, precision: MatmulPrecision) throws {
        let expected = try EncoderExpectation(path: path + "/expected.safetensors")
        let team = ThreadTeam(threadCount: 2)
        let model = try EncoderModel(folder: ModelFolder(path: path), precision: precision, team: team)
        let eager = EagerOperations(team: team, attentionPrecision: AttentionPrecision(precision))
        var batch = PackedBatch()
        for text in expected.texts { batch.append(text) }
        let clock = ContinuousClock()
        let start = clock.now
        let states = model.encoder.hiddenStates(of: batch, weights: model.weights, on: eager)
        let time = clock.now - start
        let ours = Array(states.elements), width = states.columns
        var (difference, minimum, mean) = (Float(0), 1.0, 0.0)
        for (a, b) in zip(ours, expected.hidden) { difference = max(difference, abs(a - b)) }
        for row in 0..<states.rows {
            let span = (row * width)..<((row + 1) * width)
            let similarity = cosine(Array(ours[span]), Array(expected.hidden[span]))
            minimum = min(minimum, similarity)
            mean += similarity / Double(states.rows)
        }
        // Short texts alone have the bits that they have among the others.
        for (text, sequence) in zip(expected.texts, batch.sequences) where text.count <= 600 {
            var alone = PackedBatch()
            alone.append(text)
            let rows = model.encoder.hiddenStates(of: alone, weights: model.weights, on: eager)
            let span = (sequence.rows.lowerBound * width)..<(sequence.rows.upperBound * width)
            #expect(Array(rows.elements) == Array(ours[span]), "a text of \(text.count) alone")
        }
        var scoreDifference: Float = 0
        if let head = model.weights.head, let scores = expected.scores {
            let rows: Tensor<Activation>
            if model.encoder.configuration.task == .sequenceClassification {
                rows = eager.pooled(states, over: batch.sequences.map(\.rows), by: .mean)
            } else {
                rows = eager.rows(
                    states,
                    at: batch.sequences.flatMap { sequence in
                        let count = sequence.rows.count
                        return Set([0, count / 2, count - 1]).sorted().map { sequence.rows.lowerBound + $0 }
                    })
            }
            let ours = model.encoder.scores(of: rows, head: head, on: eager)
            try #require(ours.elements.count == scores.count)
            for (a, b) in zip(ours.elements, scores) { scoreDifference = max(scoreDifference, abs(a - b)) }
        }
        print(
            "\((path as NSString).lastPathComponent) \(precision.rawValue): \(states.rows) rows, hidden states within",
            difference, "scores within", scoreDifference, "cosine at least", minimum, "on average", mean,
            "\(Double(states.rows) / (time / .seconds(1))) tokens/s")
        switch precision {
        case .fast, .exact: #expect(difference < 1e-4 && scoreDifference < 1e-4)
        case .bfloat16: #expect(minimum >= 0.999)
        case .int8: #expect(minimum >= 0.995)
        }
    }
}

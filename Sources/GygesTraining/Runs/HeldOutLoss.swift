import GygesFiles
import GygesTensors

/// What a model makes of documents that it does not learn from.
public struct HeldOutLoss: Sendable, Equatable {
    /// The mean loss of the rows that were asked, in nats.
    public var loss: Double
    /// How many rows that were.
    public var supervisedCount: Int
    /// The mean loss in bits, for each byte that the tokens asked for spell: what models of other vocabularies can be compared by.
    public var bitsPerByte: Double
    /// What labels were told rightly, where labels are learned: metrics by their names among a step's records.
    public var labelMetrics: [MetricRecord.Metric] = []

    /// Measures a model.
    ///
    /// - Parameters:
    ///   - settings: How documents are packed; their order is the same every time.
    ///   - packLimit: The most packs that are read.
    ///   - byteCount: How many bytes a token spells.
    ///   - ranks: Who shares the packs; all get the same result.
    /// - Throws: `FileError` if documents cannot be read; ``SettingsError`` if there are none.
    /// - Complexity: A forward pass of the documents, shared by all processes.
    init(
        of objective: any TrainingObjective, on stores: [any DocumentStore], settings: DataSettings, packLimit: Int,
        byteCount: (Int32) -> Int, tape: Tape, ranks: any RankGroup
    ) throws {
        var scores = (objective as? LabelObjective).map { LabelScores($0.settings) }
        // Correlations and spans are of all rows: where labels are learned, every process measures all.
        let isShared = scores == nil
        var settings = settings
        settings.weights = stores.map { Double($0.count) }
        settings.epochLimit = 1
        var stream = try DataStream(of: stores, settings: settings)
        var (sum, weight, count, bytes) = (0.0, 0.0, 0, 0)
        for number in 0..<packLimit {
            guard let pack = try stream.next() else { break }
            guard !isShared || number % ranks.count == ranks.rank else { continue }
            let batch = objective.batch(of: pack)
            guard !batch.rows.isEmpty else { continue }
            let losses = try tape.withoutRecording { () throws in
                guard let labels = objective as? LabelObjective else {
                    return try objective.losses(of: batch, weights: nil, on: tape)
                }
                let scored = labels.scored(batch, weights: nil, on: tape)
                scores?.add(batch, scores: scored.scores)
                return scored.losses
            }
            tape.discard()
            for (row, loss) in losses.enumerated() {
                let own = batch.lossWeights.isEmpty ? 1 : Double(batch.lossWeights[row])
                sum += own * Double(loss)
                weight += own
            }
            count += losses.count
            bytes += batch.targets.reduce(0) { $0 + byteCount($1) }
        }
        if isShared {
            let shared = try ranks.sum([sum, weight, Double(count), Double(bytes)])
            (sum, weight, count, bytes) = (shared[0], shared[1], Int(shared[2]), Int(shared[3]))
        }
        loss = count == 0 ? .nan : sum / weight
        supervisedCount = count
        bitsPerByte = bytes == 0 ? .nan : sum / 0.693_147_180_559_945_3 / Double(bytes)
        labelMetrics = scores?.records ?? []
    }
}

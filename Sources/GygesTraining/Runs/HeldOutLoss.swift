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
        var settings = settings
        settings.weights = stores.map { Double($0.count) }
        settings.epochLimit = 1
        var stream = try DataStream(of: stores, settings: settings)
        var (sum, count, bytes) = (0.0, 0, 0)
        for number in 0..<packLimit {
            guard let pack = try stream.next() else { break }
            guard number % ranks.count == ranks.rank else { continue }
            let batch = objective.batch(of: pack)
            guard !batch.rows.isEmpty else { continue }
            let losses = try tape.withoutRecording { try objective.losses(of: batch, weights: nil, on: tape) }
            tape.discard()
            sum += losses.reduce(0) { $0 + Double($1) }
            count += losses.count
            bytes += batch.targets.reduce(0) { $0 + byteCount($1) }
        }
        let shared = try ranks.sum([sum, Double(count), Double(bytes)])
        (sum, count, bytes) = (shared[0], Int(shared[1]), Int(shared[2]))
        loss = count == 0 ? .nan : sum / Double(count)
        supervisedCount = count
        bitsPerByte = bytes == 0 ? .nan : sum / 0.693_147_180_559_945_3 / Double(bytes)
    }
}

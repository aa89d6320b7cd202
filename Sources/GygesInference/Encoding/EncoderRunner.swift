import GygesCheckpoints
public import GygesKernels
public import GygesModels
import GygesTensors
import Synchronization

/// Runs an encoder over lists of token ids, many texts a pass and without padding.
///
/// Texts are sorted by length, cut into batches of about as many tokens as ``tokenBudget`` says, and results come in the
/// texts' own order. A text's result has the same bits whatever texts are with it and however many threads there are.
/// Callers on several threads take turns by the batch.
public final class EncoderRunner: Sendable {
    /// The encoder and its parameters.
    public let model: EncoderModel
    /// The most tokens of a pass, unless a single text has more.
    public let tokenBudget: Int
    private let turn = Mutex<Void>(())
    // Used by whoever has the turn.
    nonisolated(unsafe) private let operations: EagerOperations

    /// The most rows of scores of the vocabulary that are in memory at once.
    static let vocabularyRows = 128

    /// Creates a runner; memory grows with the budget.
    public init(model: EncoderModel, tokenBudget: Int = 1024, team: ThreadTeam) {
        self.model = model
        self.tokenBudget = max(1, tokenBudget)
        operations = EagerOperations(team: team, attentionPrecision: AttentionPrecision(model.precision))
    }

    /// The rows of one text in a batch.
    struct Place {
        /// Which of the texts it is.
        var text: Int
        /// Its rows of the batch.
        var rows: Range<Int>
    }

    /// Runs all texts.
    ///
    /// - Parameters:
    ///   - attendedCounts: How many of each text's tokens others see, from the first on; `nil` for all.
    ///   - progress: Told how many texts are done, after each pass.
    ///   - body: Computes one pass: given where each text lies.
    /// - Throws: ``EncoderError/badTokens(index:)``, ``EncoderError/tokensThatSeeNothing(index:)``; what `progress` and `body` throw.
    func run(
        _ texts: [[Int32]], attendedCounts: [Int]? = nil, progress: ((Int) throws -> Void)?,
        _ body: (_ operations: EagerOperations, _ batch: PackedBatch, _ places: [Place]) throws -> Void
    ) throws {
        let vocabulary = Int32(clamping: model.encoder.configuration.vocabularySize)
        for (index, tokens) in texts.enumerated() where tokens.isEmpty || !tokens.allSatisfy({ 0..<vocabulary ~= $0 }) {
            throw EncoderError.badTokens(index: index)
        }
        let windowRadius = model.encoder.configuration.windowRadius
        for (index, seen) in (attendedCounts ?? []).enumerated()
        where !(1...texts[index].count).contains(seen) || texts[index].count - seen > windowRadius {
            throw EncoderError.tokensThatSeeNothing(index: index)
        }
        var count = 0
        for indices in batches(ofLengths: texts.map(\.count), tokenBudget: tokenBudget) {
            try pass(indices.map { ($0, texts[$0], attendedCounts?[$0]) }, body)
            count += indices.count
            try progress?(count)
        }
    }

    private func pass(
        _ texts: [(index: Int, tokens: [Int32], attendedCount: Int?)],
        _ body: (EagerOperations, PackedBatch, [Place]) throws -> Void
    ) throws {
        var batch = PackedBatch()
        var places: [Place] = []
        for (index, tokens, attendedCount) in texts {
            let start = batch.rowCount
            batch.append(tokens, attendedCount: attendedCount)
            places.append(Place(text: index, rows: start..<batch.rowCount))
        }
        // The lock's own closure would have to be given what is not Sendable.
        try turn.withLock { _ in try body(operations, batch, places) }
    }

    /// The final hidden states of a pass, all rows or those chosen.
    func hiddenStates(_ operations: EagerOperations, _ batch: PackedBatch, rows: [Int]? = nil) -> Tensor<Activation> {
        model.encoder.hiddenStates(of: batch, rows: rows, weights: model.weights, on: operations)
    }
}

/// Cuts texts, the longest first, into batches of at most `tokenBudget` tokens, or of one text that has more; as the texts'
/// numbers. Texts of equal length keep their order.
func batches(ofLengths lengths: [Int], tokenBudget: Int) -> [[Int]] {
    var batches: [[Int]] = []
    var room = 0
    for index in lengths.indices.sorted(by: { (-lengths[$0], $0) < (-lengths[$1], $1) }) {
        if lengths[index] > room {
            batches.append([])
            room = tokenBudget
        }
        batches[batches.count - 1].append(index)
        room -= lengths[index]
    }
    return batches
}

import GygesCheckpoints
public import GygesKernels
public import GygesModels
import GygesTensors
import Synchronization

/// Runs an encoder over lists of token ids, many texts a pass and without padding.
///
/// Texts are sorted by length, cut into batches of about as many tokens as ``tokenBudget`` says, and results come in the
/// texts' own order. A text's result has the same bits whatever texts are with it and however many threads there are.
///
/// There are two ways to ask. A call that blocks computes on the caller's thread, is told how far it is and can be stopped; it is
/// for one user of the encoder with any number of texts. A call that is awaited leaves its texts in a queue, from which the
/// encoder's own thread packs those of all callers that ask for the same into common passes; it is for many users with few texts
/// each. Either way there is one pass at a time.
public final class EncoderRunner: Sendable {
    /// The encoder and its parameters.
    public let model: TextModel
    /// The most tokens of a pass, unless a single text has more.
    public let tokenBudget: Int
    private let onePass = Mutex<EncoderStatistics>(EncoderStatistics())
    // Invariant: used by whoever holds `onePass`, and by nobody else.
    nonisolated(unsafe) private let operations: EagerOperations
    let queue: EncoderQueue

    /// The most rows of scores of the vocabulary that are in memory at once.
    static let vocabularyRows = 128

    /// Creates a runner; memory grows with the budget.
    ///
    /// - Parameter queueTokenLimit: The most tokens of texts that wait in the queue together; what becomes of more is up to the
    ///   caller (``WhenFull``).
    public convenience init(
        model: TextModel, tokenBudget: Int = 1024, queueTokenLimit: Int = 1 << 20, team: ThreadTeam
    ) {
        self.init(
            model: model, tokenBudget: tokenBudget, queueTokenLimit: queueTokenLimit, team: team, starter: .system)
    }

    init(model: TextModel, tokenBudget: Int, queueTokenLimit: Int, team: ThreadTeam, starter: ThreadStarter) {
        self.model = model
        self.tokenBudget = max(1, tokenBudget)
        operations = EagerOperations(team: team, attentionPrecision: AttentionPrecision(model.precision))
        queue = EncoderQueue(tokenLimit: queueTokenLimit, starter: starter)
    }

    deinit { queue.close() }

    /// What the runner has done; waits for the pass under way.
    public var statistics: EncoderStatistics { onePass.withLock { $0 } }

    // MARK: Asking

    /// Makes something of all texts, on the caller's thread.
    ///
    /// - Parameter progress: Told how many texts are done, after each pass; may throw to stop.
    /// - Throws: ``EncoderError``; what `progress` throws.
    func results(
        of work: EncoderWork, _ texts: [EncoderText], progress: ((Int) throws -> Void)?
    ) throws -> [EncoderResult] {
        try check(work, texts)
        var results = [EncoderResult?](repeating: nil, count: texts.count)
        var count = 0
        for indices in batches(ofLengths: texts.map(\.tokens.count), tokenBudget: tokenBudget) {
            let found = try pass(work, indices.map { texts[$0] })
            for (index, result) in zip(indices, found) { results[index] = result }
            count += indices.count
            try progress?(count)
        }
        return results.compactMap(\.self)
    }

    /// Makes something of all texts, in passes with what others ask for, on the runner's thread.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    func results(
        of work: EncoderWork, _ texts: [EncoderText], whenFull: WhenFull
    ) async throws(EncoderError) -> [EncoderResult] {
        try check(work, texts)
        // The thread ends with the runner, which must therefore outlive the wait.
        defer { withExtendedLifetime(self) {} }
        return try await queue.results(of: EncoderJob(work, texts: texts), whenFull: whenFull) {
            [queue, tokenBudget, weak self] in
            EncoderRunner.serve(queue, tokenBudget: tokenBudget) { work, texts throws(EncoderError) in
                // Whoever waits for a result keeps the runner.
                guard let self else { throw .shutDown }
                return try self.pass(work, texts)
            }
        }
    }

    /// What the runner's thread does: take jobs in, compute a pass, hand out results, again.
    private static func serve(
        _ queue: EncoderQueue, tokenBudget: Int,
        pass: (EncoderWork, [EncoderText]) throws(EncoderError) -> [EncoderResult]
    ) {
        var schedule = EncoderSchedule(tokenBudget: tokenBudget)
        func leave(_ job: EncoderJob) { queue.room.leave(job.tokenCount) }
        while let jobs = queue.take(waits: schedule.isEmpty) {
            schedule.add(jobs, done: leave)
            schedule.dropCancelled(done: leave)
            let places = schedule.nextPass()
            guard let work = places.first?.job.job.work else { continue }
            let outcome = Result { () throws(EncoderError) in
                try pass(work, places.map { $0.job.job.texts[$0.text] })
            }
            schedule.finish(places, outcome, done: leave)
        }
        schedule.refuseAll(.shutDown)
    }

    // MARK: Passes

    /// - Throws: ``EncoderError`` if the model cannot do the work, or a text is none that it can read.
    func check(_ work: EncoderWork, _ texts: [EncoderText]) throws(EncoderError) {
        if let task = work.task, work != .classScores || model.embedding?.kind != .scores { _ = try head(for: task) }
        try check(work)
        try check(texts, mayBeEmpty: model.configuration.readsTextAlone && !work.takesOneRow)
    }

    private func check(_ texts: [EncoderText], mayBeEmpty: Bool = false) throws(EncoderError) {
        let vocabulary = Int32(clamping: model.configuration.vocabularySize)
        let limit = model.configuration.positionLimit
        for (index, text) in texts.enumerated() {
            guard !text.tokens.isEmpty || mayBeEmpty, text.tokens.allSatisfy({ 0..<vocabulary ~= $0 }) else {
                throw .badTokens(index: index)
            }
            if let limit, text.tokens.count > limit {
                throw .textTooLong(index: index, tokenCount: text.tokens.count, limit: limit)
            }
            if let attended = text.attendedCount, attended < 1 || attended > text.tokens.count {
                throw .badTokens(index: index)
            }
        }
    }

    /// One pass over texts that were checked.
    ///
    /// - Returns: A result for each text.
    private func pass(_ work: EncoderWork, _ texts: [EncoderText]) throws(EncoderError) -> [EncoderResult] {
        try inPass(texts) { operations, batch, rows throws(EncoderError) in
            switch work {
            case .embeddings(let pooling, let dimension, let normalizes):
                embeddings(
                    texts, at: rows, pooling: pooling, dimension: dimension, normalizes: normalizes, operations, batch)
            case .tokenVectors(let dimension, let normalizes):
                tokenVectors(at: rows, dimension: dimension, normalizes: normalizes, operations, batch)
            case .sparse(let settings): try sparseVectors(at: rows, as: settings, operations, batch)
            case .classScores: try classScores(texts, at: rows, operations, batch)
            case .tokenScores: try rowScores(at: rows, task: .tokenClassification, operations, batch)
            case .answerScores: try rowScores(at: rows, task: .questionAnswering, operations, batch)
            }
        }
    }

    /// Runs all texts, pass by pass, on the caller's thread, for what is no ``EncoderWork``.
    ///
    /// - Parameters:
    ///   - progress: Told how many texts are done, after each pass.
    ///   - body: Computes one pass: given which texts it holds and where each lies.
    /// - Throws: ``EncoderError/badTokens(index:)``; what `progress` throws.
    func run(
        _ texts: [[Int32]], progress: ((Int) throws -> Void)?,
        _ body: (EagerOperations, PackedBatch, _ texts: [Int], _ rows: [Range<Int>]) -> Void
    ) throws {
        let texts = texts.map { EncoderText(tokens: $0) }
        try check(texts)
        var count = 0
        for indices in batches(ofLengths: texts.map(\.tokens.count), tokenBudget: tokenBudget) {
            inPass(indices.map { texts[$0] }) { body($0, $1, indices, $2) }
            count += indices.count
            try progress?(count)
        }
    }

    /// Packs texts and gives `body` the operations for as long as it computes; `rows` are those of each text.
    private func inPass<Value: Sendable, Failure: Error>(
        _ texts: [EncoderText],
        _ body: (EagerOperations, PackedBatch, _ rows: [Range<Int>]) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var batch = PackedBatch()
        var rows: [Range<Int>] = []
        for text in texts {
            let start = batch.rowCount
            batch.append(text.tokens, attendedCount: text.attendedCount, firstTextCount: text.firstTextCount)
            rows.append(start..<batch.rowCount)
        }
        return try onePass.withLock { statistics throws(Failure) in
            statistics.passCount += 1
            statistics.textCount += texts.count
            statistics.tokenCount += batch.rowCount
            return try body(operations, batch, rows)
        }
    }

    /// The final hidden states of a pass, all rows or those chosen.
    func hiddenStates(_ operations: EagerOperations, _ batch: PackedBatch, rows: [Int]? = nil) -> Tensor<Activation> {
        model.hiddenStates(of: batch, rows: rows, on: operations)
    }
}

/// What an encoder has done.
public struct EncoderStatistics: Sendable, Equatable {
    /// Passes through the model.
    public var passCount = 0
    /// Texts of all passes.
    public var textCount = 0
    /// Tokens of all passes.
    public var tokenCount = 0
}

/// Cuts texts, the longest first, into batches of at most `tokenBudget` tokens, or of one text that has more; as the texts'
/// numbers. Texts of equal length keep their order.
func batches(ofLengths lengths: [Int], tokenBudget: Int) -> [[Int]] {
    var batches: [[Int]] = []
    var room = 0
    for index in longestFirst(lengths) {
        if lengths[index] > room || batches.isEmpty {
            batches.append([])
            room = tokenBudget
        }
        batches[batches.count - 1].append(index)
        room -= lengths[index]
    }
    return batches
}

import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesText

/// What the engine's thread does: admit, compute a step, hand out results, again.
final class EngineLoop {
    private let model: DecoderModel
    private let tokenizer: Tokenizer
    private let options: InferenceEngine.Options
    private let inbox: EngineInbox
    private let operations: EagerOperations
    private let pool: KeyValuePool
    private let index = PrefixIndex()
    private var waiting: [EngineJob] = []
    private var live: [LiveSequence] = []

    /// The most rows of logits held at once.
    private static let logitRowLimit = 64

    init(
        model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: InferenceEngine.Options,
        inbox: EngineInbox
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self.inbox = inbox
        operations = EagerOperations(team: team)
        let configuration = model.decoder.configuration
        pool = KeyValuePool(
            layout: KeyValueLayout(
                headCount: configuration.keyValueHeadCount, headDimension: configuration.headDimension,
                format: options.keyValueFormat),
            layerCount: configuration.layerCount, byteLimit: options.keyValueByteLimit)
    }

    /// Serves until the inbox is closed.
    func run() {
        while let jobs = inbox.take(waits: live.isEmpty && waiting.isEmpty) {
            waiting += jobs
            dropCancelled()
            admit()
            step()
        }
        for job in waiting + live.map(\.job) { job.deliver(.failure(EngineError("The engine was shut down."))) }
    }

    private func dropCancelled() {
        waiting.removeAll(where: \.isCancelled)
        live.removeAll { $0.job.isCancelled }
    }

    // MARK: Admission

    /// Takes waiting jobs in as long as their sequences and pages are sure to fit.
    private func admit() {
        var later: [EngineJob] = []
        for job in waiting {
            if let problem = problem(with: job.request) {
                job.deliver(.failure(EngineError(problem)))
            } else if later.count >= options.sequenceLimit || !admit(job) {  // A long queue is not searched whole.
                later.append(job)
            }
        }
        waiting = later
    }

    private func admit(_ job: EngineJob) -> Bool {
        guard live.count < options.sequenceLimit else { return false }
        let (prompt, total) = demand(of: job.request)
        let match = index.longestPrefix(of: prompt)
        let tail = longestTail(after: match, of: prompt)
        if awaitsPrefix(prompt, known: match.pages.count * KeyValueLayout.blockLength + (tail?.count ?? 0)) {
            return false
        }

        let pageDemand = KeyValuePool.pageCount(forTokens: total)
        let idleMatched = match.pages.filter { $0.userCount == 0 }.count
        let reserved = live.reduce(0) { $0 + $1.reservedPageCount }
        guard usedPageCount + idleMatched + reserved + pageDemand - match.pages.count <= pool.capacity else {
            return false
        }
        // In use from here on, so that the copy cannot evict them.
        let pages = SequencePages(sharing: match.pages)
        var computedCount = match.pages.count * KeyValueLayout.blockLength
        if let tail, let page = copy(of: tail.page) {
            pages.append(page)
            computedCount += tail.count
        }
        live.append(
            LiveSequence(
                job: job, pages: pages, computedCount: computedCount, match: match, tokenLimit: total,
                pageDemand: pageDemand, tokenizer: tokenizer))
        return true
    }

    /// A partly filled page, of a finished or a live sequence, that goes on as `prompt` does after `match`, and for how
    /// many tokens.
    private func longestTail(after match: PrefixIndex.Match, of prompt: [Int32]) -> (page: KeyValuePage, count: Int)? {
        var best = index.longestTail(after: match, of: prompt)
        let start = match.pages.count * KeyValueLayout.blockLength
        for sequence in live where sequence.computedCount > start + (best?.count ?? 0) {
            let common = commonPrefixCount(sequence.tokens[..<sequence.computedCount], prompt.dropLast())
            if common > start + (best?.count ?? 0) {
                best = (
                    sequence.pages.pages[match.pages.count], min(common - start, KeyValueLayout.blockLength)
                )
            }
        }
        return best
    }

    /// A copy to go on writing in; `nil` if there is no room for one now.
    private func copy(of tail: KeyValuePage) -> KeyValuePage? {
        tail.whileInUse {
            let page = pool.makePage() ?? (index.evictOne() ? pool.makePage() : nil)
            page?.copyContents(of: tail)
            return page
        }
    }

    /// Pages that live sequences hold, each counted once.
    private var usedPageCount: Int {
        Set(live.flatMap { $0.pages.pages.map(ObjectIdentifier.init) }).count
    }

    /// Whether a live sequence is about to compute so much more of this prompt than the `known` tokens that waiting for it
    /// is quicker than computing the same.
    private func awaitsPrefix(_ prompt: [Int32], known: Int) -> Bool {
        live.contains { sequence in
            guard sequence.pendingCount > 1 else { return false }
            return commonPrefixCount(sequence.tokens[...], prompt.dropLast()) >= known + Self.worthWaiting
        }
    }

    /// How many tokens less to compute are worth waiting a step for.
    private static let worthWaiting = 16

    /// The tokens whose keys and values may come from an earlier computation, and the most the job can grow to.
    private func demand(of request: EngineJob.Request) -> (prefix: [Int32], total: Int) {
        switch request {
        case .generation(let request):
            let total = min(request.prompt.count + request.maximumTokenCount, contextLength)
            return (request.prompt, total)
        case .scoring(let request): return (Array(request.tokens[..<request.firstScored]), request.tokens.count)
        }
    }

    private var contextLength: Int { model.decoder.configuration.contextLength }

    /// Why a request can never be served, if so.
    private func problem(with request: EngineJob.Request) -> String? {
        let tokens: [Int32]
        switch request {
        case .generation(let request):
            tokens = request.prompt
            if let problem = request.sampling.problems.first { return "Sampling: \(problem)." }
            if request.maximumTokenCount < 1 { return "At least one token must be asked for." }
            if tokens.count >= contextLength {
                return "The prompt has \(tokens.count) tokens and the model's context is \(contextLength); shorten it."
            }
        case .scoring(let request):
            tokens = request.tokens
            if !(1..<max(2, tokens.count)).contains(request.firstScored) || tokens.count < 2 {
                return "Scoring needs at least one token of context and one to score."
            }
        }
        if tokens.isEmpty { return "The prompt has no tokens." }
        if tokens.count > contextLength {
            return "The text has \(tokens.count) tokens and the model's context is \(contextLength); shorten it."
        }
        let vocabulary = model.decoder.configuration.vocabularySize
        if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
            return "Token \(token) is not in the model's vocabulary of \(vocabulary)."
        }
        let pages = KeyValuePool.pageCount(forTokens: demand(of: request).total)
        if pages > pool.capacity {
            return "The request needs \(pages * pool.pageByteCount) bytes of keys and values; the limit is "
                + "\(pool.capacity * pool.pageByteCount). Ask for fewer tokens or raise the limit."
        }
        return nil
    }

    // MARK: Steps

    /// Computes one packed batch: a row for every decoding sequence, then parts of prompts up to the row limit.
    private func step() {
        var batch = PackedBatch()
        var chunks: [(sequence: LiveSequence, count: Int)] = []
        let decodingFirst = live.filter { $0.pendingCount == 1 } + live.filter { $0.pendingCount > 1 }
        for sequence in decodingFirst {
            let room = options.rowLimit - batch.rowCount
            let count = min(sequence.pendingCount, room)
            guard count > 0 else { break }
            let start = sequence.computedCount
            providePages(for: sequence, tokenCount: start + count)
            batch.append(sequence.tokens[start..<(start + count)], firstPosition: start)
            chunks.append((sequence, count))
        }
        guard !chunks.isEmpty else { return }

        operations.begin(
            batch,
            binding: KeyValueBinding(
                layout: pool.layout, blocks: chunks.map { $0.sequence.pages.pages.map(\.memory) }))
        let hidden = model.decoder.hiddenStates(of: batch, weights: model.weights, on: operations)

        var wanted: [(sequence: LiveSequence, row: Int, position: Int)] = []
        for (span, chunk) in zip(batch.sequences, chunks) {
            for offset in chunk.sequence.logitRows(inChunkOf: chunk.count) {
                wanted.append((chunk.sequence, span.rows.lowerBound + offset, span.firstPosition + offset))
            }
            chunk.sequence.advance(by: chunk.count, index: index)
        }
        handOut(wanted, hidden: hidden)
    }

    private func handOut(_ wanted: [(sequence: LiveSequence, row: Int, position: Int)], hidden: Activation) {
        let vocabularyCount = min(tokenizer.vocabularyCount, model.decoder.configuration.vocabularySize)
        var done: Set<ObjectIdentifier> = []
        for start in stride(from: 0, to: wanted.count, by: Self.logitRowLimit) {
            let part = wanted[start..<min(start + Self.logitRowLimit, wanted.count)]
            let logits = model.decoder.logits(
                of: hidden, rows: part.map(\.row), weights: model.weights, on: operations)
            for (row, entry) in part.enumerated() {
                let isDone = entry.sequence.receive(
                    logits: logits.row(row), vocabularyCount: vocabularyCount, position: entry.position)
                if isDone {
                    done.insert(ObjectIdentifier(entry.sequence))
                }
            }
        }
        live.removeAll { sequence in
            let isDone = done.contains(ObjectIdentifier(sequence))
            if isDone { sequence.leaveTail(in: index) }
            return isDone
        }
    }

    /// Gives a sequence the pages for its first `tokenCount` tokens out of its reservation.
    private func providePages(for sequence: LiveSequence, tokenCount: Int) {
        while sequence.pages.pages.count < KeyValuePool.pageCount(forTokens: tokenCount) {
            while true {
                if let page = pool.makePage() {
                    sequence.append(page)
                    break
                }
                guard index.evictOne() else { fatalError("the reservation of key-value pages does not add up") }
            }
        }
    }
}

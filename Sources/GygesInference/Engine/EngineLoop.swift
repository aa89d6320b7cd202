import GygesCheckpoints
import GygesTokenizer
import GygesKernels
import GygesModels
import GygesTensors

/// What the engine's thread does: take requests in, admit them, compute a step, hand out results, again.
final class EngineLoop {
    let model: DecoderModel
    let tokenizer: Tokenizer
    let team: ThreadTeam
    let operations: EagerOperations
    let pool: KeyValuePool
    let index = PrefixIndex()
    let sequenceLimit: Int
    let plan: StepPlan
    let speculationRowLimit: Int
    private let limits: RequestLimits
    private let longContext: LongContext
    private let inbox: EngineInbox
    private var arrivalCount = 0
    /// Requests without pages, in the order of their arrival.
    var waiting: [LiveSequence] = []
    /// Requests with pages, those first that have waited longest for rows.
    var live: [LiveSequence] = []
    /// What only counting can tell.
    var counts = EngineStatistics()

    init(
        model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: InferenceEngine.Options,
        longContext: LongContext, inbox: EngineInbox
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.longContext = longContext
        self.inbox = inbox
        self.team = team
        operations = EagerOperations(team: team)
        let configuration = model.decoder.configuration
        pool = KeyValuePool(
            layout: KeyValueLayout(
                headCount: configuration.keyValueHeadCount, headDimension: configuration.headDimension,
                format: options.keyValueFormat),
            layerCount: configuration.layerCount, byteLimit: options.keyValueByteLimit)
        sequenceLimit = max(1, options.sequenceLimit)
        // A row for each sequence and one for a prompt, so that none waits for others to end.
        plan = StepPlan(
            rowLimit: max(options.rowLimit, sequenceLimit + 1), promptRowLimit: max(1, options.promptRowLimit))
        speculationRowLimit = options.speculationRowLimit
        limits = RequestLimits(
            contextLength: longContext.limit, nativeLength: longContext.nativeLength,
            vocabularySize: configuration.vocabularySize, pageCapacity: pool.capacity,
            pageByteCount: pool.pageByteCount, tokenizer: tokenizer)
    }

    /// Serves until the inbox is closed.
    func run() {
        while let messages = inbox.take(waits: live.isEmpty && waiting.isEmpty) { turn(messages) }
        for sequence in waiting + live { sequence.job.deliver(.failure(EngineError.shutDown)) }
    }

    /// Takes in what came, and computes a step.
    func turn(_ messages: [EngineInbox.Message] = []) {
        dropCancelled()
        for message in messages {
            switch message {
            case .job(let job): takeIn(job)
            case .errand(let errand): errand(self)
            }
        }
        admit()
        step()
    }

    /// What the engine holds and has done.
    var statistics: EngineStatistics {
        var statistics = counts
        statistics.waitingCount = waiting.count
        statistics.liveCount = live.count
        statistics.pageByteCount = pool.pageByteCount
        statistics.pageCapacity = pool.capacity
        statistics.usedPageCount = pool.usedPageCount
        statistics.cachedPageCount = pool.pageCount - pool.usedPageCount
        statistics.peakPageCount = pool.peakPageCount
        statistics.evictedPageCount = index.evictedCount
        return statistics
    }

    private func takeIn(_ job: EngineJob) {
        guard !job.isCancelled else { return }
        if let problem = limits.problem(with: job.request) {
            job.deliver(.failure(EngineError(problem)))
            return
        }
        arrivalCount += 1
        let tokenLimit = limits.tokenLimit(of: job.request)
        let encoding = longContext.encoding(forTokens: tokenLimit)
        waiting.append(
            LiveSequence(
                job: job, arrival: arrivalCount, tokenLimit: tokenLimit, root: index.root(of: encoding),
                encoding: encoding, tokenizer: tokenizer))
    }

    private func dropCancelled() {
        waiting.removeAll(where: \.job.isCancelled)
        retire(where: \.job.isCancelled)
    }

    /// Takes the pages of sequences that are finished or not wanted any more.
    func retire(where isOver: (LiveSequence) -> Bool) {
        live.removeAll { sequence in
            guard isOver(sequence) else { return false }
            sequence.leavePages(in: index)
            return true
        }
    }
}

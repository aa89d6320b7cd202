import GygesCheckpoints
import GygesTokenizer
import GygesKernels
import GygesModels
import GygesTensors

/// What the engine's thread does: take requests in, admit them, compute a step, hand out results, again.
///
/// A request is in exactly one of ``waiting``, ``live`` and ``unread``, and only live ones have pages.
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
    /// Requests whose answers nobody reads: without pages, and behind nobody, until somebody reads again.
    private(set) var unread: [LiveSequence] = []
    /// What only counting can tell.
    var counts = EngineStatistics()
    /// The first of the model's parameters that holds values which are not finite; looked for when logits are not.
    private(set) lazy var nonFiniteParameter = model.weights.firstNonFinite(team: team)

    init(
        model: DecoderModel, tokenizer: Tokenizer, team: ThreadTeam, options: InferenceEngine.Options,
        keyValueFormat: KeyValueFormat, longContext: LongContext, inbox: EngineInbox
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.longContext = longContext
        self.inbox = inbox
        self.team = team
        operations = EagerOperations(team: team)
        pool = KeyValuePool(
            for: model.decoder.configuration, format: keyValueFormat, byteLimit: options.keyValueByteLimit)
        sequenceLimit = min(max(1, options.sequenceLimit), 1 << 20)
        // A row for each sequence and one for a prompt, so that none waits for others to end.
        plan = StepPlan(
            rowLimit: max(options.rowLimit, sequenceLimit + 1), promptRowLimit: max(1, options.promptRowLimit))
        speculationRowLimit = options.speculationRowLimit
        limits = RequestLimits(of: model, tokenizer: tokenizer, longContext: longContext, pool: pool)
    }

    /// Serves until the inbox is closed.
    func run() {
        while let messages = inbox.take(waits: live.isEmpty && waiting.isEmpty) { step(messages) }
        for sequence in waiting + live + unread { sequence.job.deliver(.failure(.shutDown)) }
    }

    /// Takes in what came, and makes one pass through the model.
    func step(_ messages: [EngineInbox.Message] = []) {
        dropCancelled()
        for message in messages {
            switch message {
            case .job(let job): takeIn(job)
            case .betweenSteps(let work): work(.success(self))
            }
        }
        setAsideUnread()
        admit()
        computeStep()
    }

    /// What the engine holds and has done.
    var statistics: EngineStatistics {
        var statistics = counts
        statistics.waitingCount = waiting.count
        statistics.liveCount = live.count
        statistics.unreadCount = unread.count
        statistics.pageByteCount = pool.pageByteCount
        statistics.pageCapacity = pool.capacity
        statistics.usedPageCount = pool.usedPageCount
        statistics.cachedPageCount = pool.pageCount - pool.usedPageCount
        statistics.peakPageCount = pool.peakPageCount
        statistics.evictedPageCount = index.evictedCount
        let adapters = (waiting + live + unread).compactMap(\.job.request.adapter)
        statistics.adapterByteCount = Dictionary(adapters.map { ($0.number, $0.byteCount) }, uniquingKeysWith: max)
            .values.reduce(0, +)
        return statistics
    }

    private func takeIn(_ job: EngineJob) {
        do throws(EngineError) {
            if job.isCancelled { throw .cancelled }
            try limits.check(job.request)
        } catch {
            inbox.room.leave()
            return job.deliver(.failure(error))
        }
        arrivalCount += 1
        let tokenLimit = limits.tokenLimit(of: job.request)
        let encoding = longContext.encoding(forTokens: tokenLimit)
        waiting.append(
            LiveSequence(
                job: job, arrival: arrivalCount, tokenLimit: tokenLimit,
                root: index.root(of: encoding, adapter: job.request.adapter?.number), encoding: encoding,
                tokenizer: tokenizer))
    }

    private func dropCancelled() {
        inbox.room.leave(waiting.count { $0.isQueued && $0.job.isCancelled })
        waiting.removeAll(where: \.job.isCancelled)
        unread.removeAll(where: \.job.isCancelled)
        retire(where: \.job.isCancelled)
    }

    /// Takes the pages of sequences whose answers nobody reads, so that they keep no other out, and lets those wait for
    /// admission that are read again. What was computed stays in the index until its memory is needed.
    private func setAsideUnread() {
        let readAgain = unread.filter { !$0.job.isUnread }
        unread.removeAll { sequence in readAgain.contains { $0 === sequence } }
        for sequence in readAgain { wait(sequence) }
        let stalled = live.filter(\.job.isUnread)
        guard !stalled.isEmpty else { return }
        retire { sequence in stalled.contains { $0 === sequence } }
        unread += stalled
    }

    /// Puts a sequence back among those that wait, by the order in which requests came.
    func wait(_ sequence: LiveSequence) {
        let position = waiting.firstIndex { $0.arrival > sequence.arrival } ?? waiting.endIndex
        waiting.insert(sequence, at: position)
    }

    /// Notes that a sequence is computed for the first time.
    func leaveQueue(_ sequence: LiveSequence) {
        if sequence.isQueued { inbox.room.leave() }
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

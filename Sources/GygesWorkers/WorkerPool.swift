import Foundation

/// The workers of one model: gives each request one, starting, parking and ending them as settings and requests ask.
public actor WorkerPool {
    /// Why a request gets no worker, or has lost it.
    public enum Failure: Error, Equatable, Sendable {
        /// As many requests wait as may.
        case queueIsFull
        /// The request has waited for as long as it may.
        case waitedTooLong
        /// Workers crash one after another; it may help to ask again after so many seconds.
        case isBroken(retryAfter: Int)
        /// The pool was shut down.
        case isShutDown
    }

    /// How many workers there are and what they do.
    public struct Statistics: Sendable, Equatable {
        /// Workers by what they do: `starting`, `idle`, `busy`, `parked`, `ending`.
        public var workerCounts: [String: Int]
        /// Requests that wait for a worker.
        public var waitingCount: Int
        /// Requests that workers have.
        public var runningCount: Int
        /// Workers that ended without having been asked to.
        public var crashCount: Int
    }

    private let launcher: any WorkerLauncher
    private let log: @Sendable (String) -> Void
    private let note: (@Sendable ([WorkerPhase]) -> Void)?
    private let begin = ContinuousClock.now
    private let beginTime = Date().timeIntervalSince1970
    private var plan: PoolPlan
    private var ledger = PhaseLedger()
    private var processes: [Int: any WorkerProcess] = [:]
    private var waiting: [Int: CheckedContinuation<any WorkerProcess, any Error>] = [:]
    private var lastRequest = 0
    private var isShutDown = false
    private var timer: Task<Void, Never>?
    private var noting: Task<Void, Never>?
    /// How often phases are noted that are not over: so much of them is lost at most when this process is killed.
    private static let noteInterval = Duration.seconds(5)

    /// Creates a pool without workers; ``start()`` starts those that are always there.
    ///
    /// - Parameters:
    ///   - log: Told what workers said that have crashed.
    ///   - note: Told what workers have spent their time on: each phase when it is over, and every five seconds those that are not.
    public init(
        _ settings: PoolSettings, launcher: any WorkerLauncher, log: @escaping @Sendable (String) -> Void = { _ in },
        note: (@Sendable ([WorkerPhase]) -> Void)? = nil
    ) {
        plan = PoolPlan(settings)
        self.launcher = launcher
        self.log = log
        self.note = note
    }

    /// Starts the workers that are always there.
    public func start() {
        follow(plan.pass(to: now))
        guard note != nil else { return }
        noting = Task { [weak self] in
            while (try? await Task.sleep(for: Self.noteInterval)) != nil { await self?.notePhases() }
        }
    }

    /// Does something with a worker, and once more with another if that one is lost before it has said anything.
    ///
    /// - Parameter work: Gets the address of a worker. Throws ``WorkerLost`` where another should be tried.
    /// - Throws: ``Failure``; what `work` throws.
    public func withWorker<Result: Sendable>(
        _ work: @Sendable (_ address: String) async throws -> Result
    ) async throws -> Result {
        lastRequest += 1
        let request = lastRequest
        var isAnswered = false
        defer { follow(plan.leave(request, isAnswered: isAnswered, now: now)) }
        var process = try await worker(for: request, isNew: true)
        do {
            let result = try await work(process.address)
            isAnswered = true
            return result
        } catch is WorkerLost {
            process = try await worker(for: request, isNew: false)
            let result = try await work(process.address)
            isAnswered = true
            return result
        }
    }

    /// How many workers there are and what they do.
    public var statistics: Statistics {
        var counts = ["starting": 0, "idle": 0, "busy": 0, "parked": 0, "ending": 0]
        for state in plan.states.values { counts[state.name, default: 0] += 1 }
        return Statistics(
            workerCounts: counts, waitingCount: plan.waitingCount, runningCount: plan.runningCount,
            crashCount: plan.totalCrashCount)
    }

    /// Where a worker listens that takes processor time anyway; `nil` if there is none.
    public var awakeAddress: String? {
        let awake = plan.states.filter { $0.value.name == "idle" || $0.value.name == "busy" }.keys.min()
        return awake.flatMap { processes[$0]?.address }
    }

    /// Ends all workers, and refuses whoever waits.
    public func shutDown() {
        isShutDown = true
        noting?.cancel()
        note?(phases(ledger.observe([:], now: now)))
        timer?.cancel()
        timer = nil
        for process in processes.values { process.end() }
        for continuation in waiting.values { continuation.resume(throwing: Failure.isShutDown) }
        waiting = [:]
    }

    private func worker(for request: Int, isNew: Bool) async throws -> any WorkerProcess {
        guard !isShutDown else { throw Failure.isShutDown }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                waiting[request] = continuation
                follow(isNew ? plan.arrive(request, now: now) : plan.comeAgain(request, now: now))
            }
        } onCancel: {
            Task { await self.giveUp(request) }
        }
    }

    private func giveUp(_ request: Int) {
        waiting.removeValue(forKey: request)?.resume(throwing: CancellationError())
    }

    private var now: Duration { ContinuousClock.now - begin }

    private func follow(_ actions: [PoolPlan.Action]) {
        guard !isShutDown else { return }
        for action in actions { follow(action) }
        let over = ledger.observe(plan.states, now: now)
        if !over.isEmpty { note?(phases(over)) }
        timer?.cancel()
        guard let moment = plan.nextMoment else { return }
        // A moment that has passed meanwhile comes at once.
        let delay = max(moment - now, .milliseconds(1))
        timer = Task { [weak self] in
            guard (try? await Task.sleep(for: delay)) != nil else { return }
            await self?.timeHasPassed()
        }
    }

    private func notePhases() {
        let running = ledger.running(now)
        if !running.isEmpty { note?(phases(running)) }
    }

    private func phases(_ entries: [PhaseLedger.Entry]) -> [WorkerPhase] {
        entries.map { entry in
            WorkerPhase(
                worker: entry.worker, number: entry.number, kind: entry.kind,
                began: beginTime + entry.began / .seconds(1), seconds: entry.length / .seconds(1))
        }
    }

    private func timeHasPassed() { follow(plan.pass(to: now)) }

    private func follow(_ action: PoolPlan.Action) {
        switch action {
        case .start(let worker):
            processes[worker] = launcher.start(
                worker, onReady: { Task { await self.becomeReady(worker) } },
                onEnd: { words in Task { await self.hasEnded(worker, words) } })
        case .park(let worker): processes[worker]?.park()
        case .wake(let worker): processes[worker]?.wake()
        case .end(let worker): processes[worker]?.end()
        case .assign(let request, let worker):
            guard let process = processes[worker] else { return }
            waiting.removeValue(forKey: request)?.resume(returning: process)
        case .refuse(let request, let refusal):
            waiting.removeValue(forKey: request)?.resume(throwing: Failure(refusal))
        }
    }

    private func becomeReady(_ worker: Int) { follow(plan.becomeReady(worker, now: now)) }

    private func hasEnded(_ worker: Int, _ lastWords: String) {
        processes[worker] = nil
        if plan.states[worker] != .ending, !isShutDown {
            log("worker \(worker) has ended: \(lastWords)")
        }
        follow(plan.end(worker, now: now))
    }
}

/// A worker that is not there any more, and has said nothing of an answer.
public struct WorkerLost: Error {
    /// Creates the error.
    public init() {}
}

extension WorkerPool.Failure {
    init(_ refusal: PoolPlan.Refusal) {
        switch refusal {
        case .queueIsFull: self = .queueIsFull
        case .waitedTooLong: self = .waitedTooLong
        case .isBroken(let pause): self = .isBroken(retryAfter: max(1, Int((pause / .seconds(1)).rounded(.up))))
        }
    }
}

extension PoolPlan.WorkerState {
    fileprivate var name: String {
        switch self {
        case .starting: "starting"
        case .idle: "idle"
        case .busy: "busy"
        case .parked: "parked"
        case .ending: "ending"
        }
    }
}

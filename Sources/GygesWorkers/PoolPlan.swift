/// Which worker gets which request, and when workers are started, parked, woken and ended.
///
/// A value that is told what happened and answers what is to be done; it knows neither processes nor clocks, so that every course of events can
/// be tried. Requests are served in the order in which they came, but for one whose worker was lost, which goes first.
struct PoolPlan: Sendable {
    /// What is to be done.
    enum Action: Equatable, Sendable {
        /// Start a worker, and say when it is ready or has ended.
        case start(worker: Int)
        /// Stop a worker's processor time, keeping what it knows.
        case park(worker: Int)
        /// Let a parked worker go on.
        case wake(worker: Int)
        /// End a worker.
        case end(worker: Int)
        /// Give a request to a worker.
        case assign(request: Int, worker: Int)
        /// Tell whoever asked that there will be no answer.
        case refuse(request: Int, Refusal)
    }

    /// Why a request gets no worker.
    enum Refusal: Equatable, Sendable {
        /// As many wait as may.
        case queueIsFull
        /// It has waited for as long as it may.
        case waitedTooLong
        /// Workers have crashed one after another; after so long the next is tried.
        case isBroken(retryAfter: Duration)
    }

    /// What a worker does.
    enum WorkerState: Equatable, Sendable {
        case starting(since: Duration)
        case idle(since: Duration)
        case busy
        case parked(since: Duration)
        case ending
    }

    private struct Worker {
        var state: WorkerState
        var requests: Set<Int> = []
    }

    private let settings: PoolSettings
    private var workers: [Int: Worker] = [:]
    private var queue: [(request: Int, since: Duration)] = []
    private var lastWorker = 0
    /// Crashes since a request was last answered.
    private var crashCount = 0
    /// All crashes: each worker's once, however it was noticed.
    private(set) var totalCrashCount = 0
    /// Until when no worker is started, because others have crashed.
    private var pausedUntil: Duration?

    /// The crashes after which starts are paused, and the pauses: each is twice the one before.
    private static let (toleratedCrashes, firstPause, longestPause) = (2, Duration.seconds(1), Duration.seconds(60))

    init(_ settings: PoolSettings) { self.settings = settings }

    /// What every worker does, by number.
    var states: [Int: WorkerState] { workers.mapValues(\.state) }
    /// How many requests wait.
    var waitingCount: Int { queue.count }
    /// How many requests workers have.
    var runningCount: Int { workers.values.reduce(0) { $0 + $1.requests.count } }

    // MARK: What happens

    /// A request has come.
    mutating func arrive(_ request: Int, now: Duration) -> [Action] {
        guard queue.count < settings.queueLimit || hasRoom else { return [.refuse(request: request, .queueIsFull)] }
        queue.append((request, now))
        return dispatch(now)
    }

    /// A request whose worker was lost before it said anything is tried once more, before others.
    ///
    /// The worker gets no more requests: its end may be noticed later than that it does not answer.
    mutating func comeAgain(_ request: Int, now: Duration) -> [Action] {
        var actions: [Action] = []
        if let lost = workers.first(where: { $0.value.requests.contains(request) })?.key {
            workers[lost]?.requests.remove(request)
            if workers[lost]?.state != .ending {
                noteCrash(now)
                actions = end(lost)
            }
        }
        queue.insert((request, now), at: 0)
        return actions + dispatch(now)
    }

    /// A request is over, answered or not wanted any more.
    ///
    /// - Parameter isAnswered: Whether a worker has shown that it works.
    mutating func leave(_ request: Int, isAnswered: Bool, now: Duration) -> [Action] {
        if isAnswered { (crashCount, pausedUntil) = (0, nil) }
        queue.removeAll { $0.request == request }
        take(request, now: now)
        return dispatch(now)
    }

    /// A worker can be asked.
    mutating func becomeReady(_ worker: Int, now: Duration) -> [Action] {
        guard case .starting? = workers[worker]?.state else { return [] }
        workers[worker]?.state = .idle(since: now)
        return dispatch(now)
    }

    /// A worker has ended, by itself or because it was to. Its requests come again or leave, as whoever waits for them sees.
    mutating func end(_ worker: Int, now: Duration) -> [Action] {
        guard let ended = workers.removeValue(forKey: worker) else { return [] }
        if ended.state != .ending { noteCrash(now) }
        return dispatch(now)
    }

    /// Time has passed.
    mutating func pass(to now: Duration) -> [Action] {
        var actions: [Action] = []
        if let end = pausedUntil, now >= end { pausedUntil = nil }
        for waiting in queue where now - waiting.since >= settings.queueTimeout {
            actions.append(.refuse(request: waiting.request, .waitedTooLong))
        }
        queue.removeAll { now - $0.since >= settings.queueTimeout }
        for (number, worker) in workers.sorted(by: { $0.key < $1.key }) {
            switch worker.state {
            case .starting(let since) where now - since >= settings.startTimeout:
                noteCrash(now)
                actions += end(number)
            case .idle(let since) where now - since >= settings.idleTimeout && awakeCount > settings.activeCount:
                guard settings.parkTimeout > .zero else {
                    actions += end(number)
                    continue
                }
                workers[number]?.state = .parked(since: now)
                actions.append(.park(worker: number))
            case .parked(let since) where now - since >= settings.parkTimeout: actions += end(number)
            default: break
            }
        }
        return actions + dispatch(now)
    }

    /// When time that passes next matters; `nil` if it does not.
    var nextMoment: Duration? {
        var moments: [Duration] = []
        if let first = queue.first {
            moments += queue.map { $0.since + settings.queueTimeout }
            let isStarting = workers.values.contains { if case .starting = $0.state { true } else { false } }
            if case .queueDelay(let delay) = settings.scaling, canGrow, !isStarting {
                moments.append(first.since + delay)
            }
        }
        if let pausedUntil, !queue.isEmpty || awakeCount < settings.activeCount { moments.append(pausedUntil) }
        for worker in workers.values {
            switch worker.state {
            case .starting(let since): moments.append(since + settings.startTimeout)
            case .idle(let since) where awakeCount > settings.activeCount: moments.append(since + settings.idleTimeout)
            case .parked(let since): moments.append(since + settings.parkTimeout)
            default: break
            }
        }
        return moments.min()
    }

    // MARK: What follows

    /// Workers that take processor time or will.
    private var awakeCount: Int {
        workers.values.count { worker in
            switch worker.state {
            case .starting, .idle, .busy: true
            case .parked, .ending: false
            }
        }
    }

    private var hasRoom: Bool { workers.values.contains { canTake($0) } }
    private var canGrow: Bool { awakeCount < settings.maximumCount }

    private func canTake(_ worker: Worker) -> Bool {
        switch worker.state {
        case .idle, .busy: worker.requests.count < settings.concurrency
        case .starting, .parked, .ending: false
        }
    }

    private mutating func dispatch(_ now: Duration) -> [Action] {
        var actions: [Action] = []
        while let first = queue.first {
            // The one with the least to do; of equals the oldest, so that others can be let go.
            let free = workers.filter { canTake($0.value) }.min {
                ($0.value.requests.count, $0.key) < ($1.value.requests.count, $1.key)
            }
            if let (number, _) = free {
                queue.removeFirst()
                workers[number]?.requests.insert(first.request)
                workers[number]?.state = .busy
                actions.append(.assign(request: first.request, worker: number))
            } else if canGrow, let number = parked {
                workers[number]?.state = .idle(since: now)
                actions.append(.wake(worker: number))
            } else {
                break
            }
        }
        return actions + grow(now)
    }

    private var parked: Int? {
        workers.filter { if case .parked = $0.value.state { true } else { false } }.keys.min()
    }

    /// Starts as many workers as are needed.
    private mutating func grow(_ now: Duration) -> [Action] {
        var wanted = settings.activeCount
        if let first = queue.first {
            switch settings.scaling {
            case .requestCount(let count):
                wanted = max(wanted, (queue.count + runningCount + count - 1) / max(1, count), 1)
            case .queueDelay(let delay):
                let isStarting = workers.values.contains { if case .starting = $0.state { true } else { false } }
                let isLate = now - first.since >= delay && !isStarting
                wanted = max(wanted, isLate ? awakeCount + 1 : max(1, awakeCount))
            }
        }
        wanted = min(wanted, settings.maximumCount)
        guard awakeCount < wanted else { return [] }
        if let end = pausedUntil, now < end {
            // With nobody at work nothing would come of waiting.
            guard awakeCount == 0 else { return [] }
            defer { queue = [] }
            return queue.map { .refuse(request: $0.request, .isBroken(retryAfter: end - now)) }
        }
        pausedUntil = nil
        var actions: [Action] = []
        while awakeCount < wanted {
            if let number = parked {
                workers[number]?.state = .idle(since: now)
                actions.append(.wake(worker: number))
                continue
            }
            lastWorker += 1
            workers[lastWorker] = Worker(state: .starting(since: now))
            actions.append(.start(worker: lastWorker))
        }
        return actions
    }

    private mutating func noteCrash(_ now: Duration) {
        crashCount += 1
        totalCrashCount += 1
        guard crashCount > Self.toleratedCrashes else { return }
        let doublings = min(crashCount - Self.toleratedCrashes - 1, 10)
        pausedUntil = now + min(Self.firstPause * Double(1 << doublings), Self.longestPause)
    }

    private mutating func end(_ worker: Int) -> [Action] {
        workers[worker]?.state = .ending
        return [.end(worker: worker)]
    }

    /// Takes a request from the worker that has it.
    private mutating func take(_ request: Int, now: Duration) {
        for (number, worker) in workers where worker.requests.contains(request) {
            workers[number]?.requests.remove(request)
            if worker.requests.count == 1, worker.state == .busy { workers[number]?.state = .idle(since: now) }
        }
    }
}

import FoundationEssentials
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A fixed number of threads that split work, and the instruction set they work with.
///
/// A run is cut into more parts than threads. Each thread takes those of a share of its own in order, so that it finds what
/// was prefetched after its last part, and then those that others have left, so that a thread that the system slows
/// down does not hold them up. Between runs, helpers look for work for some microseconds (a forward pass asks
/// every few) and then sleep. Which thread computes a part never changes a result.
public final class ThreadTeam: Sendable {
    /// The threads that share a run's parts, the caller among them.
    public let threadCount: Int
    /// What the kernels called with this team are compiled for.
    public let instructionSet: InstructionSet
    /// What kernels called with this team lay out their operands in.
    let scratch = ScratchMemory()
    private let shared: TeamState
    // Written in `init` and read in `deinit` only.
    nonisolated(unsafe) private var helpers: [pthread_t] = []

    /// Starts a team; without a count, of as many threads as the process may use.
    public init(threadCount: Int? = nil, instructionSet: InstructionSet = .current) {
        self.threadCount = max(1, threadCount ?? Self.usableProcessorCount)
        self.instructionSet = instructionSet
        shared = TeamState(threadCount: self.threadCount)
        for index in 1..<self.threadCount {
            var thread = pthread_t()
            let helper = Unmanaged.passRetained(TeamHelper(team: shared, index: index))
            let failure = pthread_create(&thread, nil, teamHelper, helper.toOpaque())
            guard failure == 0 else {
                // Fewer helpers only make runs slower.
                helper.release()
                break
            }
            helpers.append(thread)
        }
    }

    deinit {
        shared.stop()
        for helper in helpers { pthread_join(helper, nil) }
    }

    /// The processors this process may run on.
    public static var usableProcessorCount: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Calls `body` once for each part in `0..<parts`, on any thread and in any order, and returns when all are done.
    ///
    /// `body` must write only to places that belong to its part. Runs of several callers follow one another.
    public func run(parts: Int, _ body: (Int) -> Void) {
        guard parts > 1, !helpers.isEmpty else {
            for part in 0..<parts { body(part) }
            return
        }
        withoutActuallyEscaping(body) { shared.run(parts: parts, helperCount: helpers.count, $0) }
    }
}

extension ThreadTeam {
    /// Splits `count` items into runs of at least `minimum`, a few a thread, whose lengths are multiples of `multiple`.
    func run(over count: Int, minimum: Int, multiple: Int = 1, _ body: (Range<Int>) -> Void) {
        guard count > 0 else { return }
        let length = runLength(over: count, minimum: minimum, multiple: multiple)
        run(parts: (count + length - 1) / length) { part in
            body(part * length..<min(count, (part + 1) * length))
        }
    }

    /// How long the runs are that ``run(over:minimum:multiple:_:)`` splits items into.
    func runLength(over count: Int, minimum: Int, multiple: Int) -> Int {
        let wanted = threadCount == 1 ? 1 : min(threadCount * 8, max(1, count / max(minimum, 1)))
        return ((count + wanted - 1) / wanted + multiple - 1) / multiple * multiple
    }
}

/// What the threads of a team share.
private final class TeamState: Sendable {
    /// Some parts in order.
    private final class Share: Sendable {
        let next = Atomic<Int>(0)
        // Written and read as `body` is.
        nonisolated(unsafe) var end = 0
    }

    /// What the run under way calls. Written by the caller of `run` before `generation` moves, read by helpers after.
    nonisolated(unsafe) private var body: (Int) -> Void = { _ in }
    /// Moves on with every run; odd and even carry no meaning.
    private let generation = Atomic<Int>(0)
    /// Where each thread's share of the parts begins and ends.
    private let shares: [Share]
    /// Helpers that have not finished with the current run.
    private let busy = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    /// Held by the run under way.
    private let oneRun = Mutex<Void>(())
    // Both are only used through the pthread calls below and live as long as this object.
    nonisolated(unsafe) private let lock: UnsafeMutablePointer<pthread_mutex_t>
    nonisolated(unsafe) private let wake: UnsafeMutablePointer<pthread_cond_t>

    init(threadCount: Int) {
        shares = (0..<threadCount).map { _ in Share() }
        lock = .allocate(capacity: 1)
        wake = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        wake.initialize(to: pthread_cond_t())
        pthread_mutex_init(lock, nil)
        pthread_cond_init(wake, nil)
    }

    deinit {
        pthread_cond_destroy(wake)
        pthread_mutex_destroy(lock)
        wake.deallocate()
        lock.deallocate()
    }

    func run(parts: Int, helperCount: Int, _ body: @escaping (Int) -> Void) {
        oneRun.withLock { _ in
            self.body = body
            for (index, share) in shares.enumerated() {
                share.next.store(index * parts / shares.count, ordering: .relaxed)
                share.end = (index + 1) * parts / shares.count
            }
            busy.store(helperCount, ordering: .relaxed)
            announce()
            takeParts(thread: 0)
            var looks = 0
            while busy.load(ordering: .acquiring) > 0 {
                looks += 1
                if looks > Self.looksBeforeYielding { sched_yield() }
            }
            self.body = { _ in }
        }
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        announce()
    }

    /// Starts the next generation. The lock closes the gap between a helper's last look and its sleep.
    private func announce() {
        pthread_mutex_lock(lock)
        generation.wrappingAdd(1, ordering: .releasing)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(lock)
    }

    /// The thread's own share first, then those after it.
    private func takeParts(thread: Int) {
        for index in 0..<shares.count {
            let share = shares[(thread + index) % shares.count]
            while true {
                let part = share.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard part < share.end else { break }
                body(part)
            }
        }
    }

    /// Works as thread `thread` of the team, 0 being whoever calls `run`, until ``stop()``.
    func help(thread: Int) {
        var seen = 0
        while true {
            seen = waitForGeneration(after: seen)
            if isStopping.load(ordering: .relaxed) { return }
            takeParts(thread: thread)
            busy.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func waitForGeneration(after seen: Int) -> Int {
        for _ in 0..<Self.looksBeforeSleeping {
            let current = generation.load(ordering: .acquiring)
            if current != seen { return current }
        }
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            let current = generation.load(ordering: .acquiring)
            if current != seen { return current }
            pthread_cond_wait(wake, lock)
        }
    }

    /// Some 100 µs of looking: longer than the serial work between two runs of a forward pass, and than being woken takes.
    private static let looksBeforeSleeping = 400_000
    /// After this many looks a helper is probably not running: let it.
    private static let looksBeforeYielding = 20_000
}

/// What a helper's thread begins with.
private final class TeamHelper: Sendable {
    let team: TeamState
    let index: Int

    init(team: TeamState, index: Int) {
        self.team = team
        self.index = index
    }
}

private func teamHelper(_ helper: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let helper else { return nil }
    let start = Unmanaged<TeamHelper>.fromOpaque(helper).takeRetainedValue()
    start.team.help(thread: start.index)
    return nil
}

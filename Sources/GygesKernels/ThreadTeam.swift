import FoundationEssentials
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A fixed number of threads that split work, and the instruction set they work with.
///
/// A run is cut into more parts than threads, and whoever is free takes the next, so a thread that the system slows
/// down does not hold up the others. Between runs, helpers look for work for some microseconds (a forward pass asks
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
        shared = TeamState()
        for _ in 1..<self.threadCount {
            var thread = pthread_t()
            let state = Unmanaged.passRetained(shared)
            let failure = pthread_create(&thread, nil, teamHelper, state.toOpaque())
            guard failure == 0 else {
                // Fewer helpers only make runs slower.
                state.release()
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
    /// The run under way. Written by the caller of `run` before `generation` moves, read by helpers after.
    private struct Work {
        var parts = 0
        var body: (Int) -> Void = { _ in }
    }

    nonisolated(unsafe) private var work = Work()
    /// Moves on with every run; odd and even carry no meaning.
    private let generation = Atomic<Int>(0)
    private let nextPart = Atomic<Int>(0)
    /// Helpers that have not finished with the current run.
    private let busy = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    /// One run at a time.
    private let turn = Mutex<Void>(())
    // Both are only used through the pthread calls below and live as long as this object.
    nonisolated(unsafe) private let lock: UnsafeMutablePointer<pthread_mutex_t>
    nonisolated(unsafe) private let wake: UnsafeMutablePointer<pthread_cond_t>

    init() {
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
        turn.withLock { _ in
            work = Work(parts: parts, body: body)
            nextPart.store(0, ordering: .relaxed)
            busy.store(helperCount, ordering: .relaxed)
            announce()
            takeParts()
            var looks = 0
            while busy.load(ordering: .acquiring) > 0 {
                looks += 1
                if looks > Self.looksBeforeYielding { sched_yield() }
            }
            work.body = { _ in }
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

    private func takeParts() {
        let parts = work.parts
        while true {
            let part = nextPart.wrappingAdd(1, ordering: .relaxed).oldValue
            guard part < parts else { return }
            work.body(part)
        }
    }

    func help() {
        var seen = 0
        while true {
            seen = waitForGeneration(after: seen)
            if isStopping.load(ordering: .relaxed) { return }
            takeParts()
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

private func teamHelper(_ state: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let state else { return nil }
    Unmanaged<TeamState>.fromOpaque(state).takeRetainedValue().help()
    return nil
}

/// What a worker has spent a time on. The phases of a worker follow one another without a gap, from its start to its end.
public struct WorkerPhase: Sendable, Equatable {
    /// What a worker does.
    public enum Kind: String, Sendable, CaseIterable {
        /// It is being started.
        case starting
        /// It has requests.
        case executing
        /// It waits for requests.
        case idle
        /// It is stopped, and takes no processor time.
        case parked
        /// It was asked to end.
        case ending
    }

    /// The worker's number among those of its model.
    public var worker: Int
    /// The phase's number among those of its model; a phase that is told again has the same.
    public var number: Int
    /// What the worker does.
    public var kind: Kind
    /// When it began, in seconds since 1970.
    public var began: Double
    /// How long it took, or has taken so far.
    public var seconds: Double

    /// Creates a phase.
    public init(worker: Int, number: Int, kind: Kind, began: Double, seconds: Double) {
        self.worker = worker
        self.number = number
        self.kind = kind
        self.began = began
        self.seconds = seconds
    }
}

/// Cuts the lives of workers into phases. A value that knows no clock.
struct PhaseLedger: Sendable {
    /// A phase, as far as it has come.
    struct Entry: Equatable, Sendable {
        var worker: Int
        var number: Int
        var kind: WorkerPhase.Kind
        var began: Duration
        var length: Duration
    }

    private var open: [Int: (number: Int, kind: WorkerPhase.Kind, began: Duration)] = [:]
    private var lastNumber = 0

    /// Takes note of what workers do now, and returns the phases that are over.
    mutating func observe(_ states: [Int: PoolPlan.WorkerState], now: Duration) -> [Entry] {
        var over: [Entry] = []
        for (worker, phase) in open.sorted(by: { $0.value.number < $1.value.number })
        where states[worker]?.phase != phase.kind {
            over.append(
                Entry(
                    worker: worker, number: phase.number, kind: phase.kind, began: phase.began,
                    length: now - phase.began))
            open[worker] = nil
        }
        for (worker, state) in states.sorted(by: { $0.key < $1.key }) where open[worker] == nil {
            lastNumber += 1
            open[worker] = (lastNumber, state.phase, now)
        }
        return over
    }

    /// The phases that are not over.
    func running(_ now: Duration) -> [Entry] {
        open.sorted { $0.value.number < $1.value.number }
            .map { worker, phase in
                Entry(
                    worker: worker, number: phase.number, kind: phase.kind, began: phase.began,
                    length: now - phase.began)
            }
    }
}

extension PoolPlan.WorkerState {
    fileprivate var phase: WorkerPhase.Kind {
        switch self {
        case .starting: .starting
        case .idle: .idle
        case .busy: .executing
        case .parked: .parked
        case .ending: .ending
        }
    }
}

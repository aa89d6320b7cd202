/// How many workers a model has, and when.
public struct PoolSettings: Sendable, Equatable {
    /// What tells that another worker is needed.
    public enum Scaling: Sendable, Equatable {
        /// A request has waited for so long.
        case queueDelay(Duration)
        /// Each worker would have more than so many requests, waiting ones included.
        case requestCount(Int)
    }

    /// The workers that are always there; 0 lets all of them go.
    public var activeCount: Int
    /// The most workers at a time.
    public var maximumCount: Int
    /// The requests that a worker answers at a time.
    public var concurrency: Int
    /// What tells that another worker is needed.
    public var scaling: Scaling
    /// How long a worker is idle before it is parked.
    public var idleTimeout: Duration
    /// How long a worker is parked (stopped, its memory free to be taken) before it is ended; zero ends it at once.
    public var parkTimeout: Duration
    /// How long a worker may take to start.
    public var startTimeout: Duration
    /// How long a request may wait for a worker.
    public var queueTimeout: Duration
    /// The requests that may wait.
    public var queueLimit: Int

    /// Creates settings.
    ///
    /// - Precondition: `1 ≤ maximumCount`, `0 ≤ activeCount ≤ maximumCount`, `1 ≤ concurrency`, `1 ≤ queueLimit`.
    public init(
        activeCount: Int = 0, maximumCount: Int = 1, concurrency: Int = 64, scaling: Scaling = .queueDelay(.seconds(4)),
        idleTimeout: Duration = .seconds(60), parkTimeout: Duration = .seconds(3600),
        startTimeout: Duration = .seconds(120),
        queueTimeout: Duration = .seconds(120), queueLimit: Int = 1024
    ) {
        precondition(
            maximumCount >= 1 && (0...maximumCount).contains(activeCount) && concurrency >= 1 && queueLimit >= 1)
        self.activeCount = activeCount
        self.maximumCount = maximumCount
        self.concurrency = concurrency
        self.scaling = scaling
        self.idleTimeout = idleTimeout
        self.parkTimeout = parkTimeout
        self.startTimeout = startTimeout
        self.queueTimeout = queueTimeout
        self.queueLimit = queueLimit
    }
}

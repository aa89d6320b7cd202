/// A model that workers answer for.
public struct PooledModel: Sendable {
    /// What a model does.
    public enum Kind: String, Sendable {
        /// It writes text.
        case decoder
        /// It makes vectors, scores and labels of texts.
        case encoder
    }

    /// The name that requests call it by; its adapters' names follow it after a colon.
    public var name: String
    /// Its workers.
    public var pool: WorkerPool
    /// What it does; `nil` if that is not known before a worker runs.
    public var kind: Kind?
    /// Its adapters' own names.
    public var adapters: [String]

    /// The server that answers in place of workers; the pool only lets requests wait, and counts them.
    public var endpoint: ForwardEndpoint?
    /// Who is asked where no worker can take a request.
    public var fallback: Fallback?
    /// How long a request may take once a worker has it; `nil` for as long as the front lets any.
    public var executionTimeout: Duration?

    /// Describes a model.
    public init(
        _ name: String, pool: WorkerPool, kind: Kind? = nil, adapters: [String] = [], endpoint: ForwardEndpoint? = nil,
        fallback: Fallback? = nil, executionTimeout: Duration? = nil
    ) {
        self.endpoint = endpoint
        self.fallback = fallback
        self.executionTimeout = executionTimeout
        self.name = name
        self.pool = pool
        self.kind = kind
        self.adapters = adapters
    }

    /// The names that requests use for it: its own, and those of its adapters.
    public var names: [String] { [name] + adapters.map { "\(name):\($0)" } }

    func does(_ kind: Kind?) -> Bool { kind == nil || self.kind == nil || self.kind == kind }
}

import GygesFiles

/// A piece of work that somebody has handed in, and what became of it.
struct Job: Sendable {
    /// What becomes of it, in the platforms' words.
    enum Status: String, Sendable {
        case inQueue = "IN_QUEUE"
        case inProgress = "IN_PROGRESS"
        case completed = "COMPLETED"
        case failed = "FAILED"
        case cancelled = "CANCELLED"
        case timedOut = "TIMED_OUT"

        var isFinal: Bool { self != .inQueue && self != .inProgress }
    }

    let id: String
    /// The model that it is for.
    let endpoint: String
    /// In whose name: others are not told that it is there.
    let key: String?
    /// `nil` once it has ended.
    var request: JobRequest?
    /// How long its result is kept.
    let retention: Duration
    let created: Duration
    /// When it is given up.
    let deadline: Duration
    var status = Status.inQueue
    var begun: Duration?
    var ended: Duration?
    /// What has come of it.
    var output: [JSON] = []
    /// How many pieces a reader of its stream has had.
    var readCount = 0
    var problem: String?
    /// Its share of what is kept in memory.
    var byteCount: Int
    var task: Task<Void, Never>?

    /// What its status is answered by.
    var json: JSON {
        var members = JSONObject([("id", .string(id)), ("status", .string(status.rawValue))])
        func note(_ name: String, from start: Duration, to end: Duration?) {
            guard let end else { return }
            members[name] = .integer(max(0, Int(((end - start) / .milliseconds(1)).rounded())))
        }
        note("delayTime", from: created, to: begun ?? ended)
        if let begun { note("executionTime", from: begun, to: ended) }
        if status == .completed { members["output"] = .array(output) }
        if let problem { members["error"] = .string(problem) }
        return .object(members)
    }
}

import GRDB
public import GygesFiles
import GygesWire
public import GygesWorkers
import Synchronization

/// What requests have used and workers have spent their time on, in an SQLite file that any program reads: a row for each request, written when
/// it is over, and one for each phase of a worker (``WorkerPhase``).
///
/// A row is in the file before its request's answer has ended, so that a process that is killed loses none that was told. Rows that the disk
/// takes no more wait in memory and are written with the next that it takes.
public final class UsageBook: Sendable {
    /// A request that is over.
    struct Row: Sendable {
        /// When it ended, in seconds since 1970.
        var ended: Int
        /// The name of the key that it came with; `nil` where there are none.
        var key: String?
        var model: String
        var status: Int
        var usage: Usage?
        /// How long it took, in seconds: to the first token, and to the end.
        var firstToken: Double?
        var duration: Double
        /// The name that its answer carries as `x-request-id`.
        var requestID: String?
    }

    /// What is noted.
    private enum Entry: Sendable {
        case request(Row)
        case phase(String, WorkerPhase)
    }

    let queue: DatabaseQueue
    let path: String
    let prices: [TokenPrice]
    private let log: @Sendable (String) -> Void
    /// Numbers of workers and phases begin anew with every server: this tells them apart.
    private let server = String(UInt64.random(in: .min ... .max), radix: 16)
    private let waiting = Mutex<[Entry]>([])
    private static let waitingLimit = 100_000

    /// Opens a book, or begins one.
    ///
    /// - Parameters:
    ///   - prices: What is asked for models, so that sums say what they cost.
    ///   - log: Told when a row cannot be written.
    /// - Throws: `FileError` if the file is no book, or cannot be written.
    public init(
        path: String, prices: [TokenPrice] = [], log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(FileError) {
        self.path = path
        self.prices = prices
        self.log = log
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(0.2)
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { db in
                // The system keeps what it was given although the process ends.
                try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
                try db.execute(
                    sql: """
                        CREATE TABLE IF NOT EXISTS request (
                          id INTEGER PRIMARY KEY, ended INTEGER NOT NULL, key TEXT, model TEXT NOT NULL, status INTEGER NOT NULL,
                          prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
                          first_token_seconds REAL, seconds REAL NOT NULL, request_id TEXT);
                        CREATE TABLE IF NOT EXISTS worker_phase (
                          server TEXT NOT NULL, model TEXT NOT NULL, worker INTEGER NOT NULL, number INTEGER NOT NULL,
                          phase TEXT NOT NULL, began REAL NOT NULL, seconds REAL NOT NULL,
                          PRIMARY KEY (server, model, number))
                        """)
                // Books of earlier versions know no names of requests.
                if try !db.columns(in: "request").contains(where: { $0.name == "request_id" }) {
                    try db.execute(sql: "ALTER TABLE request ADD COLUMN request_id TEXT")
                }
            }
        } catch {
            throw FileError(path, "cannot be used for usage: \(error)", remedy: "Name another file with --usage.")
        }
    }

    /// Writes a row.
    func append(_ row: Row) { append([.request(row)]) }

    /// Writes phases of workers of a model, or what has become of them since they were written.
    public func note(_ phases: [WorkerPhase], of model: String) { append(phases.map { .phase(model, $0) }) }

    private func append(_ entries: [Entry]) {
        let entries = waiting.withLock { waiting in
            waiting += entries
            defer { waiting = [] }
            return waiting
        }
        do {
            try queue.write { db in
                for entry in entries {
                    switch entry {
                    case .request(let row): try Self.insert(row, into: db)
                    case .phase(let model, let phase): try insert(phase, of: model, into: db)
                    }
                }
            }
        } catch {
            log("\(path): usage cannot be written, and waits: \(error)")
            waiting.withLock { $0 = Array((entries + $0).suffix(Self.waitingLimit)) }
        }
    }

    private func insert(_ phase: WorkerPhase, of model: String, into db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO worker_phase (server, model, worker, number, phase, began, seconds) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (server, model, number) DO UPDATE SET seconds = excluded.seconds
                """,
            arguments: [
                server, model, phase.worker, phase.number, phase.kind.rawValue, phase.began, phase.seconds,
            ])
    }

    private static func insert(_ row: Row, into db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO request
                  (ended, key, model, status, prompt_tokens, completion_tokens, cached_tokens, first_token_seconds, seconds,
                   request_id)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                row.ended, row.key, row.model, row.status, row.usage?.promptTokens ?? 0,
                row.usage?.completionTokens ?? 0, row.usage?.cachedTokens ?? 0, row.firstToken, row.duration,
                row.requestID,
            ])
    }
}

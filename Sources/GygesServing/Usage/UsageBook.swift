import GRDB
public import GygesFiles
import GygesWire
import Synchronization

/// What requests have used, in an SQLite file that any program reads: a row each, written when a request is over.
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
    }

    private let queue: DatabaseQueue
    private let path: String
    private let log: @Sendable (String) -> Void
    private let waiting = Mutex<[Row]>([])
    private static let waitingLimit = 100_000

    /// Opens a book, or begins one.
    ///
    /// - Parameter log: Told when a row cannot be written.
    /// - Throws: `FileError` if the file is no book, or cannot be written.
    public init(path: String, log: @escaping @Sendable (String) -> Void = { _ in }) throws(FileError) {
        self.path = path
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
                          first_token_seconds REAL, seconds REAL NOT NULL)
                        """)
            }
        } catch {
            throw FileError(path, "cannot be used for usage: \(error)", remedy: "Name another file with --usage.")
        }
    }

    /// Writes a row.
    func append(_ row: Row) {
        let rows = waiting.withLock { waiting in
            waiting.append(row)
            defer { waiting = [] }
            return waiting
        }
        do {
            try queue.write { db in for row in rows { try Self.insert(row, into: db) } }
        } catch {
            log("\(path): usage cannot be written, and waits: \(error)")
            waiting.withLock { $0 = Array((rows + $0).suffix(Self.waitingLimit)) }
        }
    }

    private static func insert(_ row: Row, into db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO request
                  (ended, key, model, status, prompt_tokens, completion_tokens, cached_tokens, first_token_seconds, seconds)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                row.ended, row.key, row.model, row.status, row.usage?.promptTokens ?? 0,
                row.usage?.completionTokens ?? 0, row.usage?.cachedTokens ?? 0, row.firstToken, row.duration,
            ])
    }

    /// What sums are told apart by.
    public enum Grouping: String, Sendable, CaseIterable {
        case key
        case day
        case model
        case status
    }

    /// Sums of what requests have used, a row for each group.
    ///
    /// - Throws: `FileError` if the file cannot be read.
    public func sums(by groupings: [Grouping]) throws(FileError) -> [JSON] {
        let columns = groupings.map { grouping in
            grouping == .day ? "date(ended, 'unixepoch') AS day" : grouping.rawValue
        }
        let names = groupings.map(\.rawValue).joined(separator: ", ")
        let sql = """
            SELECT \((columns + ["count(*) AS requests", "sum(prompt_tokens) AS prompt_tokens", "sum(completion_tokens) AS completion_tokens",
                "sum(cached_tokens) AS cached_tokens", "sum(seconds) AS seconds"]).joined(separator: ", "))
            FROM request \(groupings.isEmpty ? "" : "GROUP BY \(names) ORDER BY \(names)")
            """
        do {
            return try queue.read { db in
                try GRDB.Row.fetchAll(db, sql: sql).map { row in
                    var object = JSONObject()
                    for grouping in groupings { object[grouping.rawValue] = Self.value(row, grouping) }
                    for name in ["requests", "prompt_tokens", "completion_tokens", "cached_tokens"] {
                        object[name] = .integer(row[name] as Int? ?? 0)
                    }
                    object["seconds"] = .double(row["seconds"] as Double? ?? 0)
                    return .object(object)
                }
            }
        } catch {
            throw FileError(path, "cannot be read: \(error)", remedy: "Look whether another program has changed it.")
        }
    }

    private static func value(_ row: GRDB.Row, _ grouping: Grouping) -> JSON {
        if grouping == .status { return .integer(row[grouping.rawValue] as Int? ?? 0) }
        return (row[grouping.rawValue] as String?).map { .string($0) } ?? .null
    }
}

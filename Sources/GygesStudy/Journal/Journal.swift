import FoundationEssentials
import GRDB
import GygesFiles

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The durable record of one run: what was asked, what came back, what judges said.
///
/// Rows are only ever added, labels alone may be replaced; each is on the disk before it counts as done (write-ahead log,
/// `synchronous = FULL`), and rows that come at the same time go there together. Transcripts, judgements and logit gaps are keyed by the digest of everything that
/// decides them; no row carries a time, a duration or a process, so that a run interrupted anywhere and resumed ends
/// with the same rows.
struct Journal: Sendable {
    static let fileName = "journal.sqlite"

    let queue: DatabaseQueue
    private let commits: GroupCommit
    /// Held while the journal may be written; `nil` for readers.
    private let lock: FileLock?
    let path: String
    /// Called before each row is written; tests throw from it to end a run at every possible place.
    private let willWrite: @Sendable () throws -> Void

    /// Opens a run's journal for writing, creating folder and file if they are missing.
    ///
    /// - Parameter isDurable: whether a row is on the disk before it counts as done; without, ``flush()`` brings all of them there.
    init(
        writingTo folder: String, isDurable: Bool = true, willWrite: @escaping @Sendable () throws -> Void = {}
    ) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw StudyError.journal(path: folder, problem: "the folder cannot be created.")
        }
        do throws(FileLock.Failure) {
            lock = try FileLock(path: folder + "/run.lock")
        } catch {
            switch error {
            case .taken(let owner): throw StudyError.locked(folder: folder, owner: owner)
            case .system(let code):
                throw StudyError.journal(
                    path: folder + "/run.lock", problem: "it cannot be locked (\(String(cString: strerror(code))))")
            }
        }
        path = folder + "/" + Self.fileName
        self.willWrite = willWrite
        queue = try Self.open(path, isDurable: isDurable)
        commits = GroupCommit(queue)
        try record(ProgramIdentity.current)
    }

    /// Opens a run's journal for reading, also while another process writes it.
    init(readingFrom folder: String) throws {
        let path = folder + "/" + Self.fileName
        guard FileManager.default.fileExists(atPath: path) else { throw StudyError.missingRun(folder: folder) }
        try self.init(readingAt: path)
    }

    private init(readingAt path: String) throws {
        self.path = path
        lock = nil
        willWrite = {}
        queue = try Self.openForReading(path)
        commits = GroupCommit(queue)
    }

    /// How many transactions rows came in so far.
    var commitCount: Int { commits.count }

    /// The same journal for reading, beside whoever writes it.
    func reader() throws -> Journal { try Journal(readingAt: path) }

    private static func open(_ path: String, isDurable: Bool = true) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        return try reporting(path) {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            guard try !queue.read(migrator.hasBeenSuperseded) else { throw isNewer(path) }
            // Afterwards: choosing the write-ahead log sets it to NORMAL, which loses rows with the power.
            let level = isDurable ? "FULL" : "OFF"
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = \(level)") }
            try migrator.migrate(queue)
            return queue
        }
    }

    /// Opens without writing anything, so that a run can be read where nobody may write; a journal of an older form is brought to the
    /// present one first.
    private static func openForReading(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        return try reporting(path) {
            var queue: DatabaseQueue
            do {
                queue = try DatabaseQueue(path: path, configuration: configuration)
                _ = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
            } catch let error as DatabaseError
                where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) && !hasUnmergedRows(path)
            {
                // Beside a write-ahead log SQLite keeps a file of its own, which a folder that must not be written cannot take. Without
                // unmerged rows the file alone says all.
                queue = try DatabaseQueue(
                    path: URL(filePath: path).absoluteString + "?immutable=1", configuration: configuration)
            }
            guard try !queue.read(migrator.hasBeenSuperseded) else { throw isNewer(path) }
            // What later steps add is looked for where it is read, so that such a journal is left as it is.
            return try queue.read { try migrator.completedMigrations($0).contains(readableForm) } ? queue : open(path)
        }
    }

    /// The step from which on a journal can be read as it is.
    private static let readableForm = "6: the answer that a question follows"

    /// Whether rows wait in the write-ahead log.
    private static func hasUnmergedRows(_ path: String) -> Bool {
        var status = stat()
        return stat(path + "-wal", &status) == 0 && status.st_size > 0
    }

    private static func isNewer(_ path: String) -> StudyError {
        .journal(
            path: path, problem: "a newer version of the program has written it, and this one does not know its form.")
    }

    /// The steps that made the file's form; existing ones never change, new ones are appended.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: runs, cells, transcripts, judgements, logit gaps") { db in
            try db.execute(
                sql: """
                    CREATE TABLE runs (
                        id INTEGER PRIMARY KEY CHECK (id = 1), -- one run a journal
                        manifest TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE cells (
                        ordinal INTEGER PRIMARY KEY,
                        scenario TEXT NOT NULL, mode TEXT NOT NULL, tier TEXT NOT NULL, prompt TEXT NOT NULL,
                        sample INTEGER NOT NULL,
                        key TEXT NOT NULL,
                        UNIQUE (scenario, mode, prompt, sample, tier)
                    ) STRICT;
                    CREATE TABLE transcripts (
                        key TEXT PRIMARY KEY,
                        text TEXT NOT NULL, finish TEXT NOT NULL, state TEXT NOT NULL,
                        promptTokens INTEGER NOT NULL, generatedTokens INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE judgements (
                        key TEXT PRIMARY KEY,
                        transcript TEXT NOT NULL REFERENCES transcripts (key),
                        judge TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL,
                        body TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE logitGaps (
                        key TEXT PRIMARY KEY,
                        compliant REAL NOT NULL, refusing REAL NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2: a cell's variant") { db in
            try db.execute(
                sql: """
                    CREATE TABLE newCells (
                        ordinal INTEGER PRIMARY KEY,
                        scenario TEXT NOT NULL, variant TEXT NOT NULL, mode TEXT NOT NULL, tier TEXT NOT NULL,
                        prompt TEXT NOT NULL, sample INTEGER NOT NULL,
                        key TEXT NOT NULL,
                        UNIQUE (scenario, variant, mode, prompt, sample, tier)
                    ) STRICT;
                    INSERT INTO newCells SELECT ordinal, scenario, 'default', mode, tier, prompt, sample, key FROM cells;
                    DROP TABLE cells;
                    ALTER TABLE newCells RENAME TO cells;
                    """)
        }
        migrator.registerMigration("3: judgements by transcript") { db in
            try db.execute(sql: "CREATE INDEX judgementsByTranscript ON judgements (transcript)")
        }
        migrator.registerMigration("3: what a run became after it was begun") { db in
            try db.execute(
                sql: "CREATE TABLE amendments (ordinal INTEGER PRIMARY KEY, manifest TEXT NOT NULL) STRICT")
        }
        migrator.registerMigration("4: wordings, judges, their replies, labels") { db in
            try db.execute(
                sql: """
                    ALTER TABLE judgements ADD COLUMN wording TEXT NOT NULL DEFAULT '';
                    CREATE TABLE judges (
                        judge TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL, wording TEXT NOT NULL,
                        body TEXT NOT NULL, -- kind and model, to go on with it
                        PRIMARY KEY (judge, version, digest, wording)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE judgeReplies (
                        key TEXT PRIMARY KEY,
                        body TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE labels (
                        labeller TEXT NOT NULL, transcript TEXT NOT NULL,
                        body TEXT NOT NULL,
                        PRIMARY KEY (labeller, transcript)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("5: every token of the openings") { db in
            try db.execute(sql: "ALTER TABLE logitGaps ADD COLUMN openings TEXT")
        }
        migrator.registerMigration(readableForm) { db in
            try db.execute(sql: "ALTER TABLE cells ADD COLUMN follows TEXT")  // a cell's key
        }
        migrator.registerMigration("7: the programs that wrote") { db in
            try db.execute(
                sql: """
                    CREATE TABLE programs (
                        version TEXT NOT NULL, revision TEXT NOT NULL,
                        PRIMARY KEY (version, revision)
                    ) STRICT, WITHOUT ROWID
                    """)
        }
        return migrator
    }

    /// Runs statements that cannot be part of a transaction, such as attaching another file.
    func withoutTransaction(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        do {
            try await queue.writeWithoutTransaction(body)
        } catch let error as DatabaseError {
            throw StudyError.journal(path: path, problem: error.message ?? "error \(error.resultCode.rawValue)")
        }
    }

    /// Brings everything to the disk and into the one file, which can then be moved.
    func flush() throws {
        try Self.reporting(path) {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                _ = try db.checkpoint(.truncate)
            }
        }
    }

    /// Reads from the file as it is at one moment.
    func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws -> Value {
        try Self.reporting(path) { try queue.read(body) }
    }

    /// Reads rows one by one from the file as it is at one moment.
    func stream(_ body: (Database) throws -> Void) throws {
        try Self.reporting(path) { try queue.read(body) }
    }

    /// Writes all or nothing, on the disk when the call returns; writes that come meanwhile share the next transaction.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        try willWrite()
        do {
            try await commits.write(body)
        } catch let error as DatabaseError {
            throw StudyError.journal(path: path, problem: error.message ?? "error \(error.resultCode.rawValue)")
        }
    }

    /// Turns SQLite's errors into ones that name the file and what to do.
    static func reporting<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StudyError.journal(path: path, problem: error.message ?? "error \(error.resultCode.rawValue)")
        } catch is RowDecodingError {
            throw StudyError.journal(path: path, problem: "a value is of another type than its column.")
        }
    }
}

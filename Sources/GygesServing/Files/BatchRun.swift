import Foundation
import GygesBulk
import GygesFiles
import GygesInference
import GygesWire
import Synchronization

/// The work on one batch: its lines are looked at, answered in their order into a file that a later process goes on with, and parted into
/// answers and errors at the end.
struct BatchRun: Sendable {
    let queue: BatchQueue
    let shelf: ModelShelf
    /// What clients ask meanwhile, who go first.
    let metrics: ServingMetrics
    let now: @Sendable () -> Int
    let log: @Sendable (String) -> Void
    /// What models are, which takes a second for each 1.5 GB to find out.
    private let identities = Identities()

    init(
        queue: BatchQueue, shelf: ModelShelf, metrics: ServingMetrics, now: @escaping @Sendable () -> Int,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.queue = queue
        self.shelf = shelf
        self.metrics = metrics
        self.now = now
        self.log = log
    }

    /// What was found out about models, by their names.
    private final class Identities: Sendable {
        private let known = Mutex<[String: JSONObject]>([:])

        func identity(of model: ServedModel) throws(FileError) -> JSONObject {
            if let identity = known.withLock({ $0[model.name] }) { return identity }
            let identity = try model.identity()
            known.withLock { $0[model.name] = identity }
            return identity
        }
    }

    /// The most errors that a batch tells of its lines.
    private static let errorLimit = 100
    /// How long a line waits for clients at most, so that a batch comes to its end beside those who always ask.
    private static let patience = Duration.seconds(2)
    /// How long until a batch is tried again whose files cannot be written.
    private static let pause = Duration.seconds(30)
    private static let pauseLimit = 20

    /// Does whatever is left to do.
    func work(on id: String) async {
        var pauseCount = 0
        while let batch = queue.record(id), !batch.status.isOver {
            do {
                switch batch.status {
                case .validating: try await validate(batch)
                case .running: try await answer(batch)
                case .finalizing: try part(batch, into: .completed)
                case .cancelling: try part(batch, into: .cancelled)
                case .failed, .completed, .cancelled: return
                }
            } catch let error as FileError {
                log("batch \(id) waits: \(error)")
                pauseCount += 1
                // Others wait behind it.
                if pauseCount > Self.pauseLimit { try? fail(batch, error.problems.joined(separator: "; ")) }
                guard (try? await Task.sleep(for: Self.pause)) != nil || isCancelling(id) else { return }
            } catch {
                // Whoever cancels a batch cancels its task; a server that ends leaves it as it is.
                guard isCancelling(id) else { return }
            }
        }
    }

    private func isCancelling(_ id: String) -> Bool { queue.record(id)?.status == .cancelling }

    // MARK: Lines

    private struct Lines {
        var count = 0
        var models: Set<String> = []
        var errors: [JSON] = []
    }

    private func reader(of batch: BatchRecord) throws(FileError) -> RowReader {
        try RowReader(paths: [queue.store.path(of: batch.inputFile)], isJSON: true)
    }

    /// What is in a batch's file, and what is wrong with it.
    private func lines(of batch: BatchRecord) async throws -> Lines {
        let reader = try reader(of: batch)
        var (lines, ids) = (Lines(), Set<ExactString>())
        func note(_ line: Int?, _ message: String, _ parameter: String?) {
            guard lines.errors.count < Self.errorLimit else { return }
            lines.errors.append([
                "code": "invalid_line", "line": line.map(JSON.integer) ?? .null, "message": .string(message),
                "param": parameter.map(JSON.string) ?? .null,
            ])
        }
        while let row = try reader.next() {
            lines.count += 1
            guard lines.count <= queue.limits.lineCount else {
                note(nil, "A batch has at most \(queue.limits.lineCount) lines.", nil)
                return lines
            }
            do {
                let line = try BatchLine(try row.json())
                if line.url.rawValue != batch.endpoint {
                    note(row.line, "“url” is not the batch's endpoint, \(batch.endpoint).", "url")
                }
                if !ids.insert(ExactString(line.id.string ?? "")).inserted {
                    note(row.line, "“custom_id” is an earlier line's, too.", "custom_id")
                }
                if let model = line.body["model"]?.string { lines.models.insert(model) }
            } catch let error as ErrorReply {
                note(row.line, error.message, error.parameter)
            } catch let error as FileError {
                note(row.line, error.problems.joined(separator: "; "), nil)
            }
            // Others have their turn.
            if lines.count.isMultiple(of: 64) { await Task.yield() }
        }
        if lines.count == 0 { note(nil, "The file has no line.", nil) }
        return lines
    }

    private func validate(_ batch: BatchRecord) async throws {
        let lines = try await lines(of: batch)
        try queue.change(batch.id) { batch in
            guard batch.status == .validating else { return }
            batch.counts.total = lines.count
            batch.errors = lines.errors
            batch.become(lines.errors.isEmpty ? .running : .failed, now: now())
        }
    }

    // MARK: Answers

    private func rowsPath(_ batch: BatchRecord) -> String { "\(queue.store.folder)/\(batch.id).rows" }

    private func answer(_ batch: BatchRecord) async throws {
        let output: ResumableOutput
        do {
            let names = try await lines(of: batch).models
            var identity = JSONObject([("batch", .string(batch.id))])
            for model in shelf.models where names.contains(model.name) {
                identity["model \(model.name)"] = .object(try identities.identity(of: model))
            }
            output = try ResumableOutput(path: rowsPath(batch), identity: identity, start: .resume)
        } catch let error as FileError where access(rowsPath(batch), F_OK) == 0 {
            return try fail(batch, error.problems.joined(separator: "; "))
        }
        let failedCount = Mutex(try failedCount(batch, of: output.checkpoint.rowCount))
        let answerer = BatchAnswerer(
            shelf, created: batch.created, metrics: ServingMetrics(now: now, book: metrics.book), key: batch.key)
        do {
            try await RowOutput(output).answer(
                try reader(of: batch), concurrency: queue.limits.concurrency,
                with: { row, number in
                    try await waitForClients()
                    let answer = try await answerer.answer(row, number: number)
                    if answer.problem != nil { failedCount.withLock { $0 += 1 } }
                    return answer.bytes
                },
                progress: { rowCount in
                    let failed = min(rowCount, failedCount.withLock { $0 })
                    try queue.change(batch.id, isNoted: false) { batch in
                        batch.counts.completed = rowCount - failed
                        batch.counts.failed = failed
                    }
                })
        } catch {
            switch error {
            case is FileError, is CancellationError, EngineError.shutDown, EngineError.cancelled,
                EncoderError.shutDown, EncoderError.cancelled:
                throw error
            default:
                log("batch \(batch.id) fails: \(error)")
                return try fail(batch, "The model could not go on; the server's log says why.")
            }
        }
        try queue.change(batch.id) { batch in
            if batch.status == .running { batch.become(.finalizing, now: now()) }
        }
    }

    /// Lets clients go first.
    private func waitForClients() async throws {
        let start = ContinuousClock.now
        while metrics.counts.values.contains(where: { $0.runningCount > 0 }),
            ContinuousClock.now - start < Self.patience
        {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func failedCount(_ batch: BatchRecord, of rowCount: Int) throws(FileError) -> Int {
        var count = 0
        guard rowCount > 0 else { return 0 }
        let reader = try RowReader(paths: [rowsPath(batch)], isJSON: true)
        for _ in 0..<rowCount { if let row = try reader.next(), !Self.isAnswered(row) { count += 1 } }
        return count
    }

    private static func isAnswered(_ row: InputRow) -> Bool {
        (try? row.json())?["response"]?["status_code"]?.integer == 200
    }

    private func fail(_ batch: BatchRecord, _ message: String) throws(FileError) {
        try part(
            batch, into: .failed,
            errors: [
                ["code": "batch_failed", "line": .null, "message": .string(message), "param": .null]
            ])
    }

    // MARK: Files

    /// Makes files of the rows that there are, those that were answered and the others, and ends the batch.
    private func part(
        _ batch: BatchRecord, into status: BatchRecord.Status, errors: [JSON] = []
    ) throws(FileError) {
        let path = rowsPath(batch)
        var files: [String?] = [nil, nil]
        var counts = [0, 0]
        if access(path, F_OK) == 0 {
            // The same names however often this is done.
            let names = ["output", "error"].map { "file-" + Digest.sha256("\(batch.id) \($0)").prefix(32) }
            var drafts: [AtomicFile.Draft] = []
            for name in names { drafts.append(try AtomicFile.Draft(replacing: queue.store.path(of: name))) }
            var byteCounts = [0, 0]
            let reader = try RowReader(paths: [path], isJSON: true)
            while let row = try reader.next() {
                // Half a row may stand at the end of a batch that was cancelled by a kill.
                guard (try? row.json()) != nil else { continue }
                let index = Self.isAnswered(row) ? 0 : 1
                try drafts[index].append(row.bytes + [0x0A])
                byteCounts[index] += row.bytes.count + 1
                counts[index] += 1
            }
            for index in 0..<2 where counts[index] > 0 {
                try drafts[index].commit()
                try queue.store.add(
                    StoredFile(
                        id: names[index], key: batch.key,
                        name: "\(batch.id)_\(index == 0 ? "output" : "error").jsonl", purpose: .batchOutput,
                        byteCount: byteCounts[index], created: now()))
                files[index] = names[index]
            }
        }
        try queue.change(batch.id) { batch in
            batch.counts.completed = counts[0]
            batch.counts.failed = counts[1]
            (batch.outputFile, batch.errorFile) = (files[0], files[1])
            batch.errors = errors
            batch.become(status, now: now())
        }
        for name in [path, path + ".progress"] { unlink(name) }
    }
}

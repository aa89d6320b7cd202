import Foundation
public import GygesFiles
import GygesWire
import Synchronization

/// Files that clients upload, and batches of requests in them, which are answered one after another while nobody else asks.
///
/// All of it lies in one folder, and survives the process however that ends: a batch that was under way is gone on with by the next, and no
/// line whose answer is on the disk is asked again.
public final class BatchQueue: Sendable {
    /// What clients may keep at most.
    public struct Limits: Sendable {
        /// Bytes of a file.
        public var fileByteCount: Int
        /// Files, those that batches make included.
        public var fileCount: Int
        /// Bytes of all files, beyond which none is taken.
        public var totalByteCount: Int
        /// Lines of a batch.
        public var lineCount: Int
        /// Batches that are not over, of all clients.
        public var batchCount: Int
        /// Lines that are answered at a time.
        public var concurrency: Int

        /// Creates limits: as OpenAI's, where it has one.
        public init(
            fileByteCount: Int = 200 << 20, fileCount: Int = 1000, totalByteCount: Int = 10 << 30,
            lineCount: Int = 50_000, batchCount: Int = 100, concurrency: Int = 8
        ) {
            self.fileByteCount = fileByteCount
            self.fileCount = fileCount
            self.totalByteCount = totalByteCount
            self.lineCount = lineCount
            self.batchCount = batchCount
            self.concurrency = concurrency
        }
    }

    /// Batches that are over and remembered; of more, the oldest are forgotten, and their files stay.
    private static let overCount = 1000

    private struct State {
        var batches: [BatchRecord] = []
        /// The batch that is being answered.
        var running: (id: String, task: Task<Void, Never>)?
    }

    let store: FileStore
    let limits: Limits
    private let lock: FileLock
    private let state: Mutex<State>
    private let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Opens a folder, or makes it.
    ///
    /// - Throws: `FileError` if it cannot be used, or another process uses it.
    public init(folder: String, limits: Limits = .init()) throws(FileError) {
        self.limits = limits
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw FileError(folder, "cannot be made: \(error)", remedy: "Name another folder with --files.")
        }
        do throws(FileLock.Failure) { lock = try FileLock(path: "\(folder)/lock") } catch {
            throw FileError(
                folder, "is in use by another server, or cannot be locked", remedy: "Name another folder with --files.")
        }
        store = try FileStore(folder: folder, limits: limits)
        var batches: [BatchRecord] = []
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix("batch-") && name.hasSuffix(".json") {
            let path = "\(folder)/\(name)"
            guard let batch = BatchRecord(record: try JSON.parse(try MappedFile.read(path: path), path: path)) else {
                throw FileError(path, "is no record of a batch", remedy: "Remove it, or name another folder.")
            }
            batches.append(batch)
        }
        batches.sort { ($0.created, $0.id) < ($1.created, $1.id) }
        state = Mutex(State(batches: batches))
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        wake.yield()
    }

    // MARK: What clients ask

    /// The batches of a key, from the oldest.
    func all(of key: String?) -> [BatchRecord] { state.withLock { $0.batches }.filter { $0.key == key } }

    /// A batch by its name.
    ///
    /// - Throws: ``ServingFault`` with status 404 if the key has none of that name.
    func batch(_ id: String, of key: String?) throws(ServingFault) -> BatchRecord {
        guard let batch = batch(id), batch.key == key else {
            throw ServingFault(
                status: 404,
                ErrorReply(
                    message: "There is no batch “\(String(id.prefix(100)))”.", type: "invalid_request_error",
                    parameter: "batch_id"))
        }
        return batch
    }

    private func batch(_ id: String) -> BatchRecord? { state.withLock { $0.batches }.first { $0.id == id } }

    /// Begins a batch.
    ///
    /// - Throws: ``ServingFault`` if there is no such file, or as many batches as may are not over; `FileError` if it cannot be noted.
    func begin(_ asked: BatchRequest, key: String?, now: Int) throws -> BatchRecord {
        var file: StoredFile
        do { file = try store.file(asked.inputFile, of: key) } catch {
            throw ServingFault.invalid("input_file_id", error.reply.message)
        }
        guard file.purpose == .batch else {
            throw ServingFault.invalid(
                "input_file_id", "The file is no file of requests: upload one with purpose “batch”.")
        }
        try store.checkRoom()
        let batch = BatchRecord(asked, key: key, created: now)
        let isAdded = state.withLock { state in
            guard state.batches.count(where: { !$0.status.isOver }) < limits.batchCount else { return false }
            state.batches.append(batch)
            return true
        }
        guard isAdded else {
            throw ServingFault(
                status: 429,
                ErrorReply(
                    message: "\(limits.batchCount) batches are not over yet. Ask again later.",
                    type: "rate_limit_error", code: "too_many_batches"), retryAfter: 60)
        }
        do { try save(batch) } catch {
            state.withLock { $0.batches.removeAll { $0.id == batch.id } }
            throw error
        }
        forgetOldest()
        wake.yield()
        return batch
    }

    /// Ends a batch before all its lines are answered; those that are stay.
    ///
    /// - Throws: ``ServingFault`` if there is none, or it is over; `FileError` if it cannot be noted.
    func cancel(_ id: String, of key: String?, now: Int) throws -> BatchRecord {
        let known = try batch(id, of: key)
        guard !known.status.isOver, known.status != .finalizing else {
            throw ServingFault(
                status: 409,
                ErrorReply(
                    message: "The batch is “\(known.status.rawValue)”, and cannot be cancelled any more.",
                    type: "invalid_request_error", code: "batch_is_over"))
        }
        let batch = try change(id) { batch in
            if !batch.status.isOver, batch.status != .cancelling { batch.become(.cancelling, now: now) }
        }
        state.withLock { state in if state.running?.id == id { state.running?.task.cancel() } }
        wake.yield()
        return batch ?? known
    }

    /// Removes a file that no batch needs.
    ///
    /// - Throws: ``ServingFault`` if there is none, or a batch reads it.
    func remove(file id: String, of key: String?) throws(ServingFault) {
        let file = try store.file(id, of: key)
        guard !state.withLock({ $0.batches }).contains(where: { $0.inputFile == id && !$0.status.isOver }) else {
            throw ServingFault(
                status: 409,
                ErrorReply(
                    message: "A batch that is not over reads the file: cancel it first.", type: "invalid_request_error",
                    code: "file_in_use"))
        }
        store.remove(file.id)
    }

    // MARK: How batches go on

    /// Changes a batch, and notes how it is then.
    ///
    /// - Returns: The batch; `nil` if it is not known any more.
    /// - Throws: `FileError` if it cannot be noted.
    @discardableResult
    func change(_ id: String, isNoted: Bool = true, _ change: (inout BatchRecord) -> Void) throws(FileError)
        -> BatchRecord?
    {
        let batch: BatchRecord? = state.withLock { state in
            guard let index = state.batches.firstIndex(where: { $0.id == id }) else { return nil }
            change(&state.batches[index])
            return state.batches[index]
        }
        if isNoted, let batch { try save(batch) }
        return batch
    }

    private func save(_ batch: BatchRecord) throws(FileError) {
        try AtomicFile.write(batch.record.serialized() + "\n", to: "\(store.folder)/\(batch.id).json")
    }

    private func forgetOldest() {
        let forgotten = state.withLock { state in
            let over = state.batches.filter(\.status.isOver)
            let old = Set(over.prefix(max(0, over.count - Self.overCount)).map(\.id))
            state.batches.removeAll { old.contains($0.id) }
            return old
        }
        for id in forgotten { unlink("\(store.folder)/\(id).json") }
    }

    /// Works on batches, one after another, until the task is cancelled.
    func run(_ work: @escaping @Sendable (_ id: String) async -> Void) async {
        for await _ in wakeups {
            while let next = state.withLock({ $0.batches.first { !$0.status.isOver }?.id }) {
                let task = Task { await work(next) }
                state.withLock { $0.running = (next, task) }
                await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }
                state.withLock { $0.running = nil }
                if Task.isCancelled { return }
            }
        }
    }

    /// How a batch stands.
    func record(_ id: String) -> BatchRecord? { batch(id) }
}

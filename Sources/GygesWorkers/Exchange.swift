import AsyncAlgorithms
import GygesServer

/// A request's time is over.
struct ExecutionTimeout: Error {}

/// A request that is handed on, on a task of its own, so that its answer can be read as it comes.
///
/// One watcher stands for all of it: a client that leaves ends the task at any time, and with it the connection to the worker, which cancels
/// the request.
final class Exchange: Sendable {
    private let chunks: AsyncThrowingChannel<[UInt8], any Error>
    private let heads: AsyncThrowingChannel<WorkerClient.Head, any Error>
    private let task: Task<Void, Never>

    /// Hands a request on.
    ///
    /// - Parameters:
    ///   - pool: Where it goes.
    ///   - request: The client's request, whose body was read.
    ///   - timeout: How long a worker may take.
    ///   - record: Told whenever a worker has it.
    init(
        _ pool: WorkerPool, _ request: ServerRequest, method: String, body: [UInt8], timeout: Duration,
        record: (any ExchangeRecord)?
    ) {
        let (chunks, heads) = (
            AsyncThrowingChannel<[UInt8], any Error>(), AsyncThrowingChannel<WorkerClient.Head, any Error>()
        )
        (self.chunks, self.heads) = (chunks, heads)
        task = Task {
            do {
                try await request.whileConnected {
                    try await pool.withWorker { address in
                        record?.begin()
                        try await Self.within(timeout) {
                            try await WorkerClient(address: address).ask(
                                method, request.path, name: request.header("X-Request-Id"), body: body,
                                take: { await heads.send($0) }, write: { await chunks.send($0) })
                        }
                    }
                }
                heads.finish()
                chunks.finish()
            } catch {
                heads.fail(error)
                chunks.fail(error)
            }
        }
    }

    deinit { task.cancel() }

    /// Ends the request: the worker sees its connection close.
    func cancel() { task.cancel() }

    /// Ends the request and waits until nobody reads from the client's connection any more.
    func abandon() async {
        task.cancel()
        await task.value
    }

    /// The answer's beginning.
    func head() async throws -> WorkerClient.Head {
        for try await head in heads { return head }
        throw CancellationError()
    }

    /// What comes next; `nil` at the end.
    func chunk() async throws -> [UInt8]? {
        for try await chunk in chunks { return chunk }
        // A cancelled reader is told the same as one at the end.
        try Task.checkCancellation()
        return nil
    }

    func wholeBody(limit: Int) async throws -> [UInt8] {
        var body: [UInt8] = []
        while let chunk = try await chunk() {
            body += chunk
            guard body.count <= limit else { throw WorkerLost() }
        }
        return body
    }

    private static func within(_ timeout: Duration, _ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else { throw ExecutionTimeout() }
        }
    }
}

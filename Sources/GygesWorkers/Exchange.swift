import AsyncAlgorithms
import GygesFiles
import GygesServer

/// A request that is handed on, on a task of its own, so that its answer can be read as it comes.
///
/// One watcher stands for all of it: a client that leaves ends the task at any time, and with it the connection to the worker, which cancels
/// the request.
final class Exchange: Sendable {
    private let chunks: AsyncThrowingChannel<[UInt8], any Error>
    private let heads: AsyncThrowingChannel<WorkerClient.Head, any Error>
    private let task: Task<Void, Never>

    /// What is handed on.
    struct Question: Sendable {
        /// The path of the route.
        var route: String
        var method: String
        /// The document that is sent; `null` for none.
        var body: JSON
        /// The most that is accepted of an answer that comes as a whole, in bytes.
        var replyByteLimit: Int
        /// How long whoever answers may take.
        var timeout: Duration
    }

    /// Hands a request on: to a worker or an endpoint of its model, and, where none can take it, to the model's fallback.
    ///
    /// - Parameters:
    ///   - model: Where it goes.
    ///   - request: The client's request, whose body was read.
    ///   - record: Told whenever somebody has it.
    init(_ model: PooledModel, _ request: ServerRequest, _ question: Question, record: (any ExchangeRecord)?) {
        let (chunks, heads) = (
            AsyncThrowingChannel<[UInt8], any Error>(), AsyncThrowingChannel<WorkerClient.Head, any Error>()
        )
        (self.chunks, self.heads) = (chunks, heads)
        task = Task {
            do {
                try await request.whileConnected {
                    let take: @Sendable (WorkerClient.Head) async throws -> Void = { await heads.send($0) }
                    let write: @Sendable ([UInt8]) async throws -> Void = { await chunks.send($0) }
                    do {
                        try await model.pool.withWorker { address in
                            record?.begin()
                            try await withTimeLimit(question.timeout) {
                                try await Self.ask(model, at: address, request, question, take: take, write: write)
                            }
                        }
                    } catch {
                        guard let fallback = model.fallback, question.method == "POST", fallback.isFor(error) else {
                            throw error
                        }
                        record?.begin()
                        try await withTimeLimit(question.timeout) {
                            try await fallback.endpoint.ask(
                                question.route, body: question.body, byteLimit: question.replyByteLimit,
                                take: { head in
                                    var head = head
                                    head.headers.append(Fallback.mark)
                                    try await take(head)
                                }, write: write)
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

    private static func ask(
        _ model: PooledModel, at address: String, _ request: ServerRequest, _ question: Question,
        take: @Sendable (WorkerClient.Head) async throws -> Void, write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        guard let endpoint = model.endpoint else {
            return try await WorkerClient(address: address).ask(
                question.method, request.path, name: request.header("X-Request-Id"),
                body: question.body.isNull ? [] : Array(question.body.serialized().utf8), take: take, write: write)
        }
        do {
            try await endpoint.ask(
                question.route, body: question.body, byteLimit: question.replyByteLimit, take: take, write: write)
        } catch let fault as EndpointFault where !fault.isReached {
            // As a worker that is not there: it is asked once more, and after several of them not for a while.
            throw WorkerLost()
        }
    }

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
}

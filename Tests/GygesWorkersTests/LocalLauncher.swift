import GygesFiles
import GygesServer
import GygesTestSupport
import Synchronization
import Testing

@testable import GygesWorkers

/// Starts workers that live in this process; some never listen.
final class LocalLauncher: WorkerLauncher {
    let folder: String
    let failing: Set<Int>
    let served = Mutex<[Int]>([])
    let log = Mutex<[String]>([])

    init(folder: String, failing: Set<Int> = []) {
        self.folder = folder
        self.failing = failing
    }

    func start(
        _ number: Int, onReady: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable (String) -> Void
    ) -> any WorkerProcess {
        let address = "\(folder)/\(number).socket"
        note("start \(number)")
        guard !failing.contains(number) else {
            // It says that it is ready, and is gone.
            onReady()
            return LocalWorker(number, address, self, task: nil, onEnd: onEnd)
        }
        let routes = [
            Route(.post, "/echo") { request in
                self.served.withLock { $0.append(number) }
                return .json(try await request.json(byteLimit: 1 << 16, depth: 8), status: 201)
            },
            Route(.post, "/stream") { request in
                let json = try await request.json(byteLimit: 1 << 16, depth: 8)
                return ServerReply(contentType: "text/event-stream") { write in
                    for count in 0..<3 { try await write(Array("data: \(count)\n\n".utf8)) }
                    if json["breaks"] == true { throw WorkerLost() }
                }
            },
            Route(.get, "/v1/models") { _ in
                .json(["object": "list", "data": [["id": "one", "max_model_len": 64]]])
            },
            // Says a word, and then nothing for long.
            Route(.post, "/quiet") { request in
                _ = try await request.json(byteLimit: 1 << 16, depth: 8)
                return ServerReply(contentType: "text/event-stream") { write in
                    let used = WorkerReport(promptTokens: 5, completionTokens: 2, firstToken: 0.5)
                    try await write(used.comment + Array("data: 0\n\n".utf8))
                    try await request.whileConnected { try await self.sleepLong() }
                }
            },
            Route(.post, "/counted") { request in
                let json = try await request.json(byteLimit: 1 << 16, depth: 8)
                let used = WorkerReport(
                    promptTokens: 3, completionTokens: 4, cachedTokens: 1, status: 200, finishReasons: ["stop"])
                guard json["stream"] == true else {
                    var reply = ServerReply.json(["name": request.header("X-Request-Id").map { .string($0) } ?? .null])
                    reply.headers.append((WorkerReport.field, used.text))
                    return reply
                }
                return ServerReply(contentType: "text/event-stream") { write in
                    try await write(Array("data: 1\n\n".utf8))
                    let half = WorkerReport(promptTokens: 3, completionTokens: 1, firstToken: 0.25)
                    try await write(half.comment + Array("data: 2\n\n".utf8))
                    if json["breaks"] == true { throw WorkerLost() }
                    try await write(used.comment + Array("data: [DONE]\n\n".utf8))
                }
            },
            Route(.post, "/wait") { request in
                _ = try await request.json(byteLimit: 1 << 16, depth: 8)
                return try await request.whileConnected {
                    try await self.sleepLong()
                    return .text("late")
                }
            },
        ]
        let server = HTTPServer(routes: routes, socket: address) { ["error": .string("\($0): \($1)")] }
        let task = Task {
            _ = try? await server.run(heedsSignals: false) { _ in onReady() }
            onEnd("")
        }
        return LocalWorker(number, address, self, task: task, onEnd: onEnd)
    }

    private func sleepLong() async throws {
        do { try await Task.sleep(for: .seconds(30)) } catch {
            note("cancelled")
            throw error
        }
    }

    func note(_ text: String) { log.withLock { $0.append(text) } }
}

private struct LocalWorker: WorkerProcess {
    let number: Int
    let address: String
    let launcher: LocalLauncher
    let task: Task<Void, Never>?
    let onEnd: @Sendable (String) -> Void

    init(
        _ number: Int, _ address: String, _ launcher: LocalLauncher, task: Task<Void, Never>?,
        onEnd: @escaping @Sendable (String) -> Void
    ) {
        (self.number, self.address, self.launcher, self.task, self.onEnd) = (number, address, launcher, task, onEnd)
    }

    func park() { launcher.note("park \(number)") }
    func wake() { launcher.note("wake \(number)") }
    func end() {
        launcher.note("end \(number)")
        if let task { task.cancel() } else { onEnd("gone") }
    }
}

/// A front with workers of this process.
struct LocalFront {
    let probe: HTTPProbe
    let pool: WorkerPool
    let launcher: LocalLauncher
    let meter: Meter

    /// Notes what becomes of requests.
    final class Meter: ExchangeMeter {
        let notes = Mutex<[String]>([])

        func begin(_ model: String, _ request: ServerRequest) -> any ExchangeRecord {
            notes.withLock { $0.append("\(model) \(request.path)") }
            return Record(meter: self)
        }

        struct Record: ExchangeRecord {
            let meter: Meter

            func note(_ text: String) { meter.notes.withLock { $0.append(text) } }
            func begin() { note("begin") }
            func take(_ report: WorkerReport) {
                note("\(report.promptTokens)+\(report.completionTokens) \(report.status.map(String.init) ?? "-")")
            }
            func fail(_ status: Int) { note("\(status)") }
            func drop() { note("drop") }
        }
    }

    /// What the meter has noted once it has noted so much.
    func notes(_ count: Int) async throws -> [String] {
        for _ in 0..<3000 where meter.notes.withLock({ $0.count < count }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        return meter.notes.withLock { $0 }
    }

    /// Waits until something has happened to the workers.
    func waitFor(_ text: String) async throws {
        for _ in 0..<3000 where !launcher.log.withLock({ $0.contains(text) }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(launcher.log.withLock { $0.contains(text) }, "\(text)")
    }

    /// Serves for as long as `body` runs.
    static func run(
        _ settings: PoolSettings = .init(), failing: Set<Int> = [], executionTimeout: Duration = .seconds(20),
        kind: PooledModel.Kind? = nil, note: (@Sendable ([WorkerPhase]) -> Void)? = nil,
        _ body: (LocalFront) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let launcher = LocalLauncher(folder: folder.path, failing: failing)
        let pool = WorkerPool(settings, launcher: launcher, note: note)
        await pool.start()
        let meter = Meter()
        let front = FrontRoutes(
            [PooledModel("one", pool: pool, kind: kind, adapters: ["two"])],
            settings: .init(executionTimeout: executionTimeout), meter: meter
        ) { status, message in ["error": ["status": .integer(status), "message": .string(message)]] }
        let paths = ["/echo", "/stream", "/wait", "/quiet", "/counted"]
        let routes =
            front.handing(on: paths.map { (.post, $0) }, needing: { $0 == "/echo" ? .decoder : nil }) + front.own
            + front.listing(created: 7)
        let server = HTTPServer(routes: routes, host: "127.0.0.1", port: 0, access: .everybody)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
            var starts = addresses.makeAsyncIterator()
            try await body(
                LocalFront(
                    probe: HTTPProbe(try #require(await starts.next())), pool: pool, launcher: launcher, meter: meter))
            await pool.shutDown()
            group.cancelAll()
        }
    }
}

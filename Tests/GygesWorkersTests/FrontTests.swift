import Foundation
import GygesFiles
import GygesServer
import GygesTestSupport
import Synchronization
import Testing

@testable import GygesWorkers

/// Requests through a front to workers that are servers of this process.
@Suite struct FrontTests {
    /// Starts workers that live in this process; some never listen.
    private final class Launcher: WorkerLauncher {
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
                return Worker(number, address, self, task: nil, onEnd: onEnd)
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
                Route(.post, "/wait") { request in
                    _ = try await request.json(byteLimit: 1 << 16, depth: 8)
                    return try await request.whileConnected {
                        do { try await Task.sleep(for: .seconds(30)) } catch {
                            self.note("cancelled")
                            throw error
                        }
                        return .text("late")
                    }
                },
            ]
            let server = HTTPServer(routes: routes, socket: address) { ["error": .string("\($0): \($1)")] }
            let task = Task {
                _ = try? await server.run(heedsSignals: false) { _ in onReady() }
                onEnd("")
            }
            return Worker(number, address, self, task: task, onEnd: onEnd)
        }

        func note(_ text: String) { log.withLock { $0.append(text) } }
    }

    private struct Worker: WorkerProcess {
        let number: Int
        let address: String
        let launcher: Launcher
        let task: Task<Void, Never>?
        let onEnd: @Sendable (String) -> Void

        init(
            _ number: Int, _ address: String, _ launcher: Launcher, task: Task<Void, Never>?,
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

    private func withFront(
        _ settings: PoolSettings, failing: Set<Int> = [], executionTimeout: Duration = .seconds(20),
        _ body: (HTTPProbe, WorkerPool, Launcher) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let launcher = Launcher(folder: folder.path, failing: failing)
        let pool = WorkerPool(settings, launcher: launcher)
        await pool.start()
        let front = FrontRoutes([("one", pool)], settings: .init(executionTimeout: executionTimeout)) {
            status, message in
            ["error": ["status": .integer(status), "message": .string(message)]]
        }
        let routes = front.handing(on: [(.post, "/echo"), (.post, "/stream"), (.post, "/wait")]) + front.own
        let server = HTTPServer(routes: routes, host: "127.0.0.1", port: 0, access: .everybody)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
            var starts = addresses.makeAsyncIterator()
            try await body(HTTPProbe(try #require(await starts.next())), pool, launcher)
            await pool.shutDown()
            group.cancelAll()
        }
    }

    @Test func answersComeThrough() async throws {
        try await withFront(.init()) { (probe, pool, launcher) async throws in
            #expect(await pool.statistics.workerCounts["starting"] == 0)
            let echo = try await probe.ask("POST", "/echo", body: #"{"model":"one","a":[1]}"#)
            #expect(echo.status == 201 && echo.text == #"{"model":"one","a":[1]}"#)
            #expect(echo.headers["content-type"]?.hasPrefix("application/json") == true)
            let stream = try await probe.ask("POST", "/stream", body: #"{"model":"one"}"#)
            #expect(stream.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n")
            #expect(try await probe.ask("POST", "/echo", body: #"{"model":"two"}"#).status == 404)
            #expect(try await probe.ask("POST", "/echo", body: "{").status == 400)
            // An adapter is its model's workers' affair.
            #expect(try await probe.ask("POST", "/echo", body: #"{"model":"one:two"}"#).status == 201)
            #expect(launcher.log.withLock { $0 } == ["start 1"])
            let report = try await probe.ask("GET", "/v1/workers").text
            #expect(report.contains(#""running":0"#) && report.contains(#""idle":1"#), "\(report)")
        }
    }

    @Test func aWorkerThatIsGoneIsReplacedAndTheRequestTriedOnceMore() async throws {
        try await withFront(.init(), failing: [1]) { (probe, _, launcher) async throws in
            let echo = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect(echo.status == 201 && launcher.served.withLock { $0 } == [2])
            #expect(launcher.log.withLock { $0 } == ["start 1", "end 1", "start 2"])
        }
        try await withFront(.init(), failing: [1, 2, 3, 4, 5, 6]) { (probe, _, _) async throws in
            let lost = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect([502, 503].contains(lost.status), "\(lost)")
        }
    }

    @Test func aStreamThatBreaksSaysSo() async throws {
        try await withFront(.init()) { (probe, _, _) async throws in
            let stream = try await probe.ask("POST", "/stream", body: #"{"model":"one","breaks":true}"#)
            #expect(stream.text.hasPrefix("data: 0\n\n") && stream.text.contains(#"data: {"error""#), "\(stream)")
        }
    }

    @Test func timeIsLimited() async throws {
        try await withFront(.init(), executionTimeout: .milliseconds(200)) { (probe, pool, launcher) async throws in
            #expect(try await probe.ask("POST", "/wait", body: #"{"model":"one"}"#).status == 504)
            for _ in 0..<100 where !launcher.log.withLock({ $0.contains("cancelled") }) {
                try await Task.sleep(for: .milliseconds(20))
            }
            // The worker was told to give up, and is free again.
            #expect(launcher.log.withLock { $0 } == ["start 1", "cancelled"])
            #expect(await pool.statistics.runningCount == 0)
        }
    }

    @Test func idleWorkersAreParkedAndWoken() async throws {
        try await withFront(.init(idleTimeout: .milliseconds(50))) { (probe, pool, launcher) async throws in
            _ = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            for _ in 0..<100 where await pool.statistics.workerCounts["parked"] != 1 {
                try await Task.sleep(for: .milliseconds(20))
            }
            _ = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect(Array(launcher.log.withLock { $0 }.prefix(3)) == ["start 1", "park 1", "wake 1"])
        }
    }
}

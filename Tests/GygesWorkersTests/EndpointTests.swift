import GygesClient
import GygesFiles
import GygesServer
import GygesTestSupport
import Synchronization
import Testing

@testable import GygesWorkers

/// Requests that are handed to another server, which lives in this process, too.
@Suite struct EndpointTests {
    /// The other server, and what it was asked.
    private final class Other: Sendable {
        let asked = Mutex<[(body: JSON, key: String?)]>([])

        var routes: [Route] {
            [
                Route(.post, "/v1/chat/completions") { request in
                    let json = try await request.json(byteLimit: 1 << 16, depth: 8)
                    self.asked.withLock { $0.append((json, request.header("Authorization"))) }
                    switch json["do"]?.string {
                    case "fail": return .json(["error": ["message": "secret"]], status: 500)
                    case "refuse": return .json(["error": ["message": "too long"]], status: 400)
                    case "lead away":
                        var reply = ServerReply.json([:], status: 307)
                        reply.headers.append(("Location", "/v1/chat/completions"))
                        return reply
                    default: break
                    }
                    let usage: JSON = [
                        "prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": ["cached_tokens": 1],
                    ]
                    guard json["stream"] == true else {
                        return .json(["choices": [["finish_reason": "stop"]], "usage": usage])
                    }
                    let asksUsage = json["stream_options"]?["include_usage"] == true
                    return ServerReply(contentType: "text/event-stream; charset=utf-8") { write in
                        try await write(Array("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\nda".utf8))
                        try await write(Array("ta: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n".utf8))
                        let last: JSON = ["choices": [], "usage": usage]
                        if asksUsage { try await write(Array("data: \(last.serialized())\n\n".utf8)) }
                        try await write(Array("data: [DONE]\r\n\r\n".utf8))
                    }
                }
            ]
        }
    }

    /// A launcher whose workers never get ready.
    private struct Sleeper: WorkerLauncher {
        struct Process: WorkerProcess {
            var address: String { "" }
            func park() {}
            func wake() {}
            func end() {}
        }

        func start(
            _ number: Int, onReady: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable (String) -> Void
        ) -> any WorkerProcess { Process() }
    }

    private func serving(_ routes: [Route], _ body: (String) async throws -> Void) async throws {
        let server = HTTPServer(routes: routes, host: "127.0.0.1", port: 0, access: .everybody)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
            var starts = addresses.makeAsyncIterator()
            try await body(try #require(await starts.next()))
            group.cancelAll()
        }
    }

    /// A front of a model, before another server.
    private func withFront(
        _ model: (ForwardEndpoint, String) throws -> PooledModel, url: String? = nil,
        _ body: (HTTPProbe, Other, LocalFront.Meter, Log) async throws -> Void
    ) async throws {
        let other = Other(), meter = LocalFront.Meter()
        let folder = try TemporaryFolder()
        let log = Log()
        try await serving(other.routes) { address in
            let endpoint = ForwardEndpoint(try EndpointAddress("\(url ?? address)/v1#far"), key: "ours")
            let model = try model(endpoint, folder.path)
            await model.pool.start()
            let front = FrontRoutes(
                ModelDirectory([model]), meter: meter, log: { text in log.lines.withLock { $0.append(text) } }
            ) { status, message in ["error": ["status": .integer(status), "message": .string(message)]] }
            let handed = front.handing(on: [(.post, "/v1/chat/completions"), (.get, "/tokenizer_info")])
            try await serving(handed + front.own) { address in
                try await body(HTTPProbe(address), other, meter, log)
            }
            await model.pool.shutDown()
        }
    }

    private final class Log: Sendable {
        let lines = Mutex<[String]>([])
    }

    private func gateway(_ endpoint: ForwardEndpoint, _ folder: String) -> PooledModel {
        PooledModel(
            "near", pool: WorkerPool(.init(activeCount: 1), launcher: EndpointLauncher()), endpoint: endpoint)
    }

    private let path = "/v1/chat/completions"

    @Test func aModelMayBeAnotherServers() async throws {
        try await withFront(gateway) { (probe, other, meter, _) async throws in
            let answer = try await probe.ask(
                "POST", path, headers: [("Authorization", "Bearer theirs")], body: #"{"model":"near","a":1}"#)
            #expect(answer.status == 200 && answer.text.contains(#""finish_reason":"stop""#), "\(answer)")
            #expect(answer.headers["x-gyges-fallback"] == nil)
            let asked = other.asked.withLock { $0 }
            #expect(asked.map(\.body) == [["model": "far", "a": 1]] && asked.map(\.key) == ["Bearer ours"])
            #expect(meter.notes.withLock { $0 } == ["near \(path)", "begin", "3+4 200"])
            #expect(try await probe.ask("GET", "/tokenizer_info?model=near").status == 404)
            let report = try await probe.ask("GET", "/v1/workers").text
            #expect(report.contains(#""idle":1"#) && report.contains(#""running":0"#), "\(report)")
        }
    }

    @Test func itsStreamsAreHandedOnAndNoted() async throws {
        try await withFront(gateway) { (probe, _, meter, _) async throws in
            let plain = try await probe.ask("POST", path, body: #"{"model":"near","stream":true}"#)
            let events = plain.text.split(separator: "\n\n")
            // What was used is for this server, where the client has not asked for it.
            #expect(events.count == 3 && events.last == "data: [DONE]" && !plain.text.contains("usage"), "\(plain)")
            // What ends a record ends it for good.
            #expect(meter.notes.withLock { Array($0.suffix(2)) } == ["3+4 200", "drop"])
            let asking = #"{"model":"near","stream":true,"stream_options":{"include_usage":true}}"#
            let used = try await probe.ask("POST", path, body: asking)
            #expect(used.text.split(separator: "\n\n").count == 4 && used.text.contains(#""completion_tokens":4"#))
            #expect(!used.text.contains("gyges-usage"))
        }
    }

    @Test func itsRefusalsAreTheClientsAndItsFailuresAreNot() async throws {
        try await withFront(gateway) { (probe, other, meter, log) async throws in
            let refused = try await probe.ask("POST", path, body: #"{"model":"near","do":"refuse"}"#)
            #expect(refused.status == 400 && refused.text.contains("too long"))
            #expect(meter.notes.withLock { $0.last } == "400")
            for what in ["fail", "lead away"] {
                let failed = try await probe.ask("POST", path, body: #"{"model":"near","do":"\#(what)"}"#)
                #expect(failed.status == 502 && !failed.text.contains("secret"), "\(failed)")
            }
            // Nobody has followed it.
            #expect(other.asked.withLock { $0.count } == 3 && meter.notes.withLock { $0.last } == "502")
            #expect(log.lines.withLock { $0.contains { $0.contains("status 307") } })
        }
    }

    @Test func oneThatIsNotThereIsNotAskedForAWhile() async throws {
        try await withFront(gateway, url: "http://127.0.0.1:1") { (probe, _, _, _) async throws in
            let first = try await probe.ask("POST", path, body: #"{"model":"near"}"#)
            #expect(first.status == 502 && !first.text.contains("127.0.0.1"), "\(first)")
            let second = try await probe.ask("POST", path, body: #"{"model":"near"}"#)
            #expect([502, 503].contains(second.status))
            let third = try await probe.ask("POST", path, body: #"{"model":"near"}"#)
            #expect(third.status == 503 && third.headers["retry-after"] != nil, "\(third)")
        }
    }

    @Test func aFallbackAnswersWhereNoWorkerCan() async throws {
        func lost(_ reasons: Set<FallbackReason>) -> (ForwardEndpoint, String) -> PooledModel {
            { endpoint, folder in
                PooledModel(
                    "near",
                    pool: WorkerPool(.init(), launcher: LocalLauncher(folder: folder, failing: Set(1...20))),
                    fallback: Fallback(endpoint, reasons: reasons))
            }
        }
        try await withFront(lost([.unavailable, .broken])) { (probe, other, meter, _) async throws in
            for _ in 0..<4 {
                let answer = try await probe.ask("POST", path, body: #"{"model":"near"}"#)
                #expect(answer.status == 200 && answer.headers["x-gyges-fallback"] == "1", "\(answer)")
            }
            let stream = try await probe.ask("POST", path, body: #"{"model":"near","stream":true}"#)
            #expect(stream.text.hasSuffix("data: [DONE]\n\n") && stream.headers["x-gyges-fallback"] == "1")
            #expect(other.asked.withLock { $0.count } == 5)
            #expect(meter.notes.withLock { $0.filter { $0 == "3+4 200" }.count } == 5)
            let failed = try await probe.ask("POST", path, body: #"{"model":"near","do":"fail"}"#)
            #expect(failed.status == 502)
        }
        try await withFront(lost([.queueFull])) { (probe, other, _, _) async throws in
            #expect(try await probe.ask("POST", path, body: #"{"model":"near"}"#).status == 502)
            #expect(other.asked.withLock { $0.isEmpty })
        }
    }

    @Test func aFallbackAnswersWhatWaitsTooLongOrFindsNoPlace() async throws {
        func slow(_ reasons: Set<FallbackReason>, queue: Duration) -> (ForwardEndpoint, String) -> PooledModel {
            { endpoint, _ in
                PooledModel(
                    "near", pool: WorkerPool(.init(queueTimeout: queue, queueLimit: 1), launcher: Sleeper()),
                    fallback: Fallback(endpoint, reasons: reasons))
            }
        }
        try await withFront(slow([.waitedTooLong], queue: .milliseconds(100))) { (probe, _, _, _) async throws in
            let answer = try await probe.ask("POST", path, body: #"{"model":"near"}"#)
            #expect(answer.status == 200 && answer.headers["x-gyges-fallback"] == "1", "\(answer)")
        }
        // What waited too long is not handed on where only those are that find no place.
        try await withFront(slow([.queueFull], queue: .milliseconds(100))) { (probe, other, _, _) async throws in
            #expect(try await probe.ask("POST", path, body: #"{"model":"near"}"#).status == 503)
            #expect(other.asked.withLock { $0.isEmpty })
        }
        try await withFront(slow([.queueFull], queue: .seconds(600))) { (probe, other, _, _) async throws in
            let first = Task { try await probe.ask("POST", path, body: #"{"model":"near"}"#) }
            defer { first.cancel() }
            for _ in 0..<1000 where try await !probe.ask("GET", "/v1/workers").text.contains(#""waiting":1"#) {
                try await Task.sleep(for: .milliseconds(10))
            }
            let second = try await probe.ask("POST", path, body: #"{"model":"near"}"#)
            #expect(second.status == 200 && other.asked.withLock { $0.count } == 1, "\(second)")
        }
    }

    @Test(arguments: [
        ("http://h/v1", "/v1/embeddings", "http://h/v1/embeddings"), ("http://h/v1", "/rerank", "http://h/rerank"),
        ("http://h/api", "/v1/embeddings", "http://h/api/embeddings"), ("http://h/api", "/rerank", nil),
    ])
    func onlyItsOwnAddressIsAsked(base: String, route: String, url: String?) throws {
        #expect(ForwardEndpoint(try EndpointAddress("\(base)#m")).url(of: route) == url)
    }
}

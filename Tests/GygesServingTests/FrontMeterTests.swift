import GRDB
import GygesFiles
import GygesInference
import GygesServer
import GygesTestSupport
import GygesWorkers
import Testing

@testable import GygesServing

/// What a server of workers notes of requests is what one without them does.
@Suite struct FrontMeterTests {
    /// Starts workers of this process that all have one model.
    private struct Launcher: WorkerLauncher {
        let folder: String
        let routes: [Route]

        func start(
            _ number: Int, onReady: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable (String) -> Void
        ) -> any WorkerProcess {
            let server = HTTPServer(
                routes: ModelRoutes.reporting(routes), socket: "\(folder)/\(number)", faultReply: ModelRoutes.fault)
            let task = Task {
                _ = try? await server.run(heedsSignals: false) { _ in onReady() }
                onEnd("")
            }
            return Worker(address: "\(folder)/\(number)", task: task)
        }
    }

    private struct Worker: WorkerProcess {
        let address: String
        let task: Task<Void, Never>

        func park() {}
        func wake() {}
        func end() { task.cancel() }
    }

    /// A front of one worker, with a book in a folder.
    private func withFront(_ body: (HTTPProbe, String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/usage.sqlite"
        let book = try UsageBook(path: path, prices: [.init(model: "chat", prompt: 1e6, completion: 2e6, second: 3)])
        let decoder = try LanguageModel(
            path: fixturePath("tiny-chat", of: "GygesInference"), options: InferenceEngine.Options(threadCount: 2))
        let shelf = try ModelShelf([try ServedModel(name: "chat", decoder: decoder, created: 7)])
        let launcher = Launcher(folder: folder.path, routes: ModelRoutes(shelf, now: { 1234 }).all)
        let pool = WorkerPool(.init(), launcher: launcher, note: { book.note($0, of: "chat") })
        let metrics = ServingMetrics(now: { 1234 }, book: book)
        let models = [PooledModel("chat", pool: pool, kind: .decoder)]
        let front = FrontRoutes(models, meter: metrics, faultReply: ModelRoutes.fault)
        let meter = FrontMeterRoutes(ModelDirectory(models), metrics: metrics)
        let server = HTTPServer(
            routes: front.handing(on: ModelRoutes.answeredByModels, needing: ModelRoutes.kind) + front.own + meter.all
                + meter.page + front.listing(created: 7),
            host: "127.0.0.1", port: 0, access: .everybody, faultReply: ModelRoutes.fault)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
            var starts = addresses.makeAsyncIterator()
            try await body(HTTPProbe(try #require(await starts.next())), path)
            await pool.shutDown()
            group.cancelAll()
        }
    }

    private func rows(_ path: String, _ sql: String) throws -> [[String]] {
        try DatabaseQueue(path: path).read { db in
            try GRDB.Row.fetchAll(db, sql: sql).map { row in row.databaseValues.map { "\($0)" } }
        }
    }

    private func body(_ more: (String, JSON)...) -> String {
        let messages: JSON = [["role": "user", "content": "the quick"]]
        return JSON.object(
            JSONObject([("model", "chat"), ("messages", messages), ("max_tokens", 8), ("seed", 1)] + more)
        ).serialized()
    }

    @Test func rowsAreThoseOfAServerWithoutWorkers() async throws {
        try await withFront { (probe, path) async throws in
            let whole = try await probe.ask(
                "POST", "/v1/chat/completions", headers: [("X-Request-Id", "first")], body: body())
            #expect(whole.status == 200 && whole.headers["gyges-usage"] == nil, "\(whole)")
            let usage = try JSON.parse(Array(whole.text.utf8), path: "")["usage"]
            let prompt = try #require(usage?["prompt_tokens"]?.integer)
            let completion = try #require(usage?["completion_tokens"]?.integer)
            let stream = try await probe.ask("POST", "/v1/chat/completions", body: body(("stream", true)))
            #expect(stream.text.hasSuffix("data: [DONE]\n\n") && !stream.text.contains("gyges-usage"), "\(stream)")
            // They count nothing, or are refused.
            #expect(try await probe.ask("POST", "/tokenize", body: #"{"model":"chat","prompt":"a"}"#).status == 200)
            #expect(try await probe.ask("POST", "/v1/chat/completions", body: #"{"model":"chat"}"#).status == 400)
            let found = try rows(
                path, "SELECT model, status, prompt_tokens, completion_tokens, request_id FROM request ORDER BY id")
            #expect(found.count == 3)
            #expect(found[0] == ["\"chat\"", "200", "\(prompt)", "\(completion)", "\"first\""], "\(found)")
            #expect(
                Array(found[1].prefix(4)) == Array(found[0].prefix(4)) && found[1][4].hasPrefix("\"req_"), "\(found)")
            let trace = try await probe.ask("GET", "/v1/requests/first/trace").text
            #expect(trace.contains(#""event":"first_token""#) && trace.contains(#""status":200"#), "\(trace)")
            #expect(Array(found[2].prefix(3)) == ["\"chat\"", "400", "0"], "\(found)")
            let metrics = try await probe.ask("GET", "/metrics").text
            for line in [
                #"gyges_num_requests_running{model_name="chat"} 0"#,
                #"gyges_requests_total{model_name="chat",status="200"} 2"#,
                #"gyges_generation_tokens_total{model_name="chat"} \#(2 * completion)"#,
                #"gyges_time_to_first_token_seconds_count{model_name="chat"} 2"#,
                #"gyges_workers{model_name="chat",state="idle"} 1"#,
                #"gyges_worker_crashes_total{model_name="chat"} 0"#,
            ] { #expect(metrics.contains(line + "\n"), "\(line) in \(metrics)") }
            #expect(metrics.contains(#"finished_reason="#))
            let status = try await probe.ask("GET", "/api/status").text
            #expect(status.contains(#""workers":{"idle":1}"#) && status.contains(#""chats":true"#), "\(status)")
            #expect(try await probe.ask("GET", "/").status == 200)
        }
    }

    @Test func whoLeavesHasUsedWhatHasCome() async throws {
        try await withFront { (probe, path) async throws in
            // It never ends by itself.
            let body =
                #"{"model":"chat","prompt":"the quick","max_tokens":2000,"stream":true,"logit_bias":{"292":-100}}"#
            _ = try await probe.leave("POST", "/v1/completions", body: body, after: "data: ")
            var found: [[String]] = []
            for _ in 0..<3000 where found.isEmpty {
                try await Task.sleep(for: .milliseconds(20))
                found = try rows(path, "SELECT status, prompt_tokens > 0, completion_tokens < 2000 FROM request")
            }
            #expect(found == [["499", "1", "1"]], "\(found)")
        }
    }

    @Test func workerSecondsAndCostsAreTold() async throws {
        try await withFront { (probe, path) async throws in
            let whole = try await probe.ask("POST", "/v1/chat/completions", body: body())
            let used = try JSON.parse(Array(whole.text.utf8), path: "")["usage"]
            let answer = try await probe.ask("GET", "/v1/usage?group_by=model").text
            let json = try JSON.parse(Array(answer.utf8), path: "")
            let cost =
                Double(used?["prompt_tokens"]?.integer ?? 0) + 2 * Double(used?["completion_tokens"]?.integer ?? 0)
            #expect(json["data"]?.array?[0]["cost"]?.double == cost, "\(answer)")
            let workers = json["workers"]?.array ?? []
            let phases = workers.compactMap { $0["phase"]?.string }
            #expect(phases.contains("starting") && phases.contains("executing"), "\(answer)")
            for row in workers { #expect(row["cost"]?.double == 3 * Double(row["billed_seconds"]?.integer ?? -1)) }
            #expect(try await probe.ask("GET", "/v1/usage?group_by=colour").status == 400)
        }
    }
}

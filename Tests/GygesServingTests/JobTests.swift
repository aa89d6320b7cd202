import GygesFiles
import GygesInference
import GygesServer
import GygesTestSupport
import Testing

@testable import GygesServing

/// Jobs in the platforms' style, done by a tiny model or by routes that behave as told.
@Suite struct JobTests {
    /// A server of jobs.
    private struct Jobs {
        let probe: HTTPProbe

        func ask(
            _ method: String, _ path: String, _ body: JSON? = nil, headers: [(name: String, value: String)] = []
        ) async throws -> (status: Int, json: JSON) {
            let answer = try await probe.ask(method, path, headers: headers, body: body?.serialized() ?? "")
            return (answer.status, try JSON.parse(Array(answer.text.utf8), path: path))
        }

        func post(_ path: String, _ body: JSON? = nil) async throws -> JSON {
            let (status, json) = try await ask("POST", path, body)
            try #require(status == 200, "\(path): \(json.serialized())")
            return json
        }

        func get(_ path: String) async throws -> JSON {
            let (status, json) = try await ask("GET", path)
            try #require(status == 200, "\(path): \(json.serialized())")
            return json
        }

        /// A job once it has ended.
        func end(_ id: String) async throws -> JSON {
            for _ in 0..<1000 {
                let json = try await get("/v2/chat/status/\(id)")
                if !["IN_QUEUE", "IN_PROGRESS"].contains(json["status"]?.string) { return json }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw FileError("job \(id)", "has not ended", remedy: "")
        }

        static func run(
            doneBy routes: [Route], limits: JobBoard.Limits = .init(), access: HTTPServer.Access = .everybody,
            workers: [String: Int]? = nil, _ body: (Jobs) async throws -> Void
        ) async throws {
            let jobs = JobRoutes(
                doneBy: routes, server: .init(models: { ["chat"] }, workers: { _ in workers }), limits: limits)
            let server = HTTPServer(
                routes: jobs.all + routes, host: "127.0.0.1", port: 0, access: access, faultReply: ModelRoutes.fault)
            let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
                var starts = addresses.makeAsyncIterator()
                try await body(Jobs(probe: HTTPProbe(try #require(await starts.next()))))
                group.cancelAll()
            }
        }

        /// Jobs done by a tiny model.
        static func runWithModel(_ body: (Jobs) async throws -> Void) async throws {
            let decoder = try LanguageModel(
                path: fixturePath("tiny-chat", of: "GygesInference"), options: .init(threadCount: 2))
            let shelf = try ModelShelf([try ServedModel(name: "chat", decoder: decoder, created: 7)])
            try await run(doneBy: ModelRoutes(shelf, now: { 1234 }).all, body)
        }
    }

    private let asked: JSON = [
        "prompt": "the ring", "sampling_params": ["max_tokens": 6, "temperature": 0, "seed": 1],
    ]

    @Test func aPromptIsAnsweredAsTheRouteAnswersIt() async throws {
        try await Jobs.runWithModel { (jobs) async throws in
            let plain: JSON = ["model": "chat", "prompt": "the ring", "max_tokens": 6, "temperature": 0, "seed": 1]
            let route = try await jobs.post("/v1/completions", plain)
            let text = try #require(route["choices"]?.array?.first?["text"]?.string)
            let job = try await jobs.post("/v2/chat/runsync", ["input": asked])
            #expect(job["status"] == "COMPLETED" && job["id"]?.string?.hasPrefix("sync-") == true)
            #expect(job["delayTime"]?.integer != nil && job["executionTime"]?.integer != nil)
            let piece = try #require(job["output"]?.array?.first)
            #expect(job["output"]?.array?.count == 1)
            #expect(piece["choices"] == [["tokens": [.string(text)]]])
            #expect(piece["usage"]?["output"] == route["usage"]?["completion_tokens"])
            // A request of OpenAI's, whose answer is the route's but for its name and time.
            let input: JSON = ["openai_route": "/v1/completions", "openai_input": plain]
            let whole = try await jobs.post("/v2/chat/runsync", ["input": input])
            #expect(whole["output"]?.array?.first?["choices"] == route["choices"])
            let result = try await jobs.get("/v2/chat/status/\(try #require(job["id"]?.string))")
            #expect(result == job)
            let health = try await jobs.get("/v2/chat/health")
            #expect(health["jobs"]?["completed"] == 2 && health["jobs"]?["inQueue"] == 0)
            #expect(health["workers"]?["idle"] == 1)
        }
    }

    @Test func aStreamIsReadPieceByPieceAndOnce() async throws {
        try await Jobs.runWithModel { (jobs) async throws in
            var input = try #require(asked.object)
            input["stream"] = true
            let whole = try await jobs.post("/v2/chat/runsync", ["input": asked])
            let begun = try await jobs.post("/v2/chat/run", ["input": .object(input)])
            #expect(begun["status"] == "IN_QUEUE")
            let id = try #require(begun["id"]?.string)
            var texts = "", status = "", usage = JSON.null
            var readings = 0
            while status != "COMPLETED", readings < 100 {
                let news = try await jobs.get("/v2/chat/stream/\(id)")
                status = news["status"]?.string ?? ""
                for piece in news["stream"]?.array ?? [] {
                    for text in piece["output"]?["choices"]?.array?.first?["tokens"]?.array ?? [] {
                        texts += text.string ?? ""
                    }
                    usage = piece["output"]?["usage"] ?? usage
                }
                readings += 1
            }
            #expect(JSON.string(texts) == whole["output"]?.array?.first?["choices"]?.array?[0]["tokens"]?.array?[0])
            #expect(usage == whole["output"]?.array?.first?["usage"])
            #expect(try await jobs.get("/v2/chat/stream/\(id)")["stream"] == [])
            // The whole stays in the job's status.
            #expect(try await jobs.end(id)["output"]?.array?.isEmpty == false)
            let route: JSON = [
                "openai_route": "/v1/chat/completions",
                "openai_input": ["messages": [["role": "user", "content": "hi"]], "max_tokens": 3, "stream": true],
            ]
            let raw = try await jobs.post("/v2/chat/runsync", ["input": route])
            #expect(raw["output"]?.array?.last == "data: [DONE]\n\n", "\(raw.serialized())")
        }
    }

    @Test(arguments: [
        (#"{"input": {"prompt": "a"}, "webhook": "http://127.0.0.1:9/"}"#, "webhook"),
        (#"{"input": {"prompt": "a"}, "s3Config": {}}"#, "s3Config"), (#"{"input": {}}"#, "messages"),
        (#"{"input": "a"}"#, "input"), (#"{}"#, "input"), (#"[]"#, "input"),
        (#"{"input": {"prompt": "a", "messages": []}}"#, "either"),
        (#"{"input": {"prompt": "a", "max_tokens": 4}}"#, "max_tokens"),
        (#"{"input": {"prompt": "a", "sampling_params": {"stream": true}}}"#, "stream"),
        (#"{"input": {"openai_route": "/v1/files", "openai_input": {}}}"#, "openai_route"),
        (#"{"input": {"openai_route": "/health", "openai_input": {}}}"#, "openai_route"),
        (#"{"input": {"openai_route": "/v1/completions", "openai_input": {"model": "other"}}}"#, "model"),
        (#"{"input": {"prompt": "a"}, "policy": {"executionTimeout": 0}}"#, "executionTimeout"),
        (#"{"input": {"prompt": "a"}, "policy": {"lowPriority": true}}"#, "lowPriority"),
    ])
    func whatCannotBeDoneIsRefused(body: String, mention: String) async throws {
        try await Jobs.run(doneBy: [Self.slow()]) { (jobs) async throws in
            let answer = try await jobs.probe.ask("POST", "/v2/chat/run", body: body)
            #expect(answer.status == 400 && answer.text.contains(mention), "\(answer)")
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        try await Jobs.run(doneBy: []) { (jobs) async throws in
            #expect(try await jobs.ask("POST", "/v2/other/run", ["input": ["prompt": "a"]]).status == 404)
            #expect(try await jobs.ask("GET", "/v2/chat/status/x").status == 404)
            #expect(try await jobs.ask("GET", "/v2/chat/stream/x").status == 404)
            #expect(try await jobs.ask("POST", "/v2/chat/cancel/x").status == 404)
            #expect(try await jobs.ask("POST", "/v2/chat/runsync?wait=1", ["input": ["prompt": "a"]]).status == 400)
        }
    }

    /// A route that answers when it is told to.
    private static func slow(_ gate: AsyncStream<Void>? = nil, seconds: Double = 30) -> Route {
        Route(.post, "/v1/completions") { request in
            let json = try await request.json(byteLimit: 1 << 20, depth: 8)
            if json["prompt"] == "fail" { return .json(["error": ["message": "no such luck"]], status: 400) }
            if json["prompt"] != "quick" { try await Task.sleep(for: .seconds(seconds)) }
            let key = request.keyName.map { JSON.string($0) } ?? .null
            return .json(["choices": [["text": "done"]], "key": key] as JSON)
        }
    }

    @Test func jobsWaitAreCancelledTimedOutAndFail() async throws {
        var limits = JobBoard.Limits()
        limits.running = 1
        try await Jobs.run(doneBy: [Self.slow()], limits: limits, workers: ["idle": 1, "busy": 2, "starting": 3]) {
            (jobs) async throws in
            func hand(_ prompt: String, policy: JSON? = nil) async throws -> String {
                let input: JSON = ["prompt": .string(prompt)]
                var body = JSONObject([("input", input)])
                body["policy"] = policy
                let job = try await jobs.post("/v2/chat/run", .object(body))
                return try #require(job["id"]?.string)
            }
            let first = try await hand("slow"), second = try await hand("slow"), third = try await hand("quick")
            #expect(try await jobs.get("/v2/chat/status/\(first)")["status"] == "IN_PROGRESS")
            #expect(try await jobs.get("/v2/chat/status/\(second)")["status"] == "IN_QUEUE")
            let health = try await jobs.get("/v2/chat/health")
            #expect(health["jobs"]?["inProgress"] == 1 && health["jobs"]?["inQueue"] == 2)
            #expect(health["workers"]?["running"] == 2 && health["workers"]?["initializing"] == 3)
            // Whoever waits for so long gets its name.
            let late = try await jobs.post("/v2/chat/runsync?wait=1000", ["input": ["prompt": "slow"]])
            #expect(late["status"] == "IN_QUEUE" && late["id"] != nil)
            #expect(try await jobs.post("/v2/chat/purge-queue") == ["removed": 3, "status": "completed"])
            #expect(try await jobs.get("/v2/chat/status/\(third)")["status"] == "CANCELLED")
            #expect(try await jobs.post("/v2/chat/cancel/\(first)")["status"] == "CANCELLED")
            // There is room again.
            let failed = try await jobs.end(try await hand("fail"))
            #expect(failed["status"] == "FAILED" && failed["error"] == "no such luck", "\(failed.serialized())")
            let timed = try await jobs.end(try await hand("slow", policy: ["executionTimeout": 50]))
            #expect(timed["status"] == "TIMED_OUT" && (timed["executionTime"]?.integer ?? 0) >= 50)
            let blocking = try await hand("slow")
            let old = try await jobs.end(try await hand("quick", policy: ["ttl": 50]))
            #expect(old["status"] == "TIMED_OUT" && old["executionTime"] == nil)
            _ = try await jobs.post("/v2/chat/cancel/\(blocking)")
            #expect(try await jobs.end(try await hand("quick"))["status"] == "COMPLETED")
        }
    }

    @Test func resultsAreKeptWithinBounds() async throws {
        var limits = JobBoard.Limits()
        (limits.count, limits.bytes, limits.shortRetention) = (3, 4000, .milliseconds(100))
        try await Jobs.run(doneBy: [Self.slow()], limits: limits) { (jobs) async throws in
            let input: JSON = ["input": ["prompt": "quick"]]
            var names: [String] = []
            for _ in 0..<4 {
                names.append(try #require(try await jobs.post("/v2/chat/run", input)["id"]?.string))
                _ = try await jobs.end(names.last!)
            }
            // The oldest has made room.
            #expect(try await jobs.ask("GET", "/v2/chat/status/\(names[0])").status == 404)
            #expect(try await jobs.ask("GET", "/v2/chat/status/\(names[3])").status == 200)
            let brief = try #require(try await jobs.post("/v2/chat/runsync", input)["id"]?.string)
            try await Task.sleep(for: .milliseconds(150))
            #expect(try await jobs.ask("GET", "/v2/chat/status/\(brief)").status == 404)
            let long: JSON = ["input": ["prompt": .string(String(repeating: "x", count: 5000))]]
            #expect(try await jobs.ask("POST", "/v2/chat/run", long).status == 429)
        }
    }

    @Test func aKeySeesItsOwnJobsAndNoOthers() async throws {
        let ring = try KeyRing([("anna", "key-of-anna"), ("bert", "key-of-bert")])
        try await Jobs.run(doneBy: [Self.slow()], access: .keys(ring)) { (jobs) async throws in
            func ask(
                _ method: String, _ path: String, _ body: JSON? = nil, by name: String
            ) async throws -> (status: Int, json: JSON) {
                try await jobs.ask(method, path, body, headers: [("Authorization", "Bearer key-of-\(name)")])
            }
            let route: JSON = ["openai_route": "/v1/completions", "openai_input": ["prompt": "quick"]]
            let (status, job) = try await ask("POST", "/v2/chat/runsync", ["input": route], by: "anna")
            // What is used is used in the name of who asked.
            #expect(status == 200 && job["output"]?.array?.first?["key"] == "anna")
            let id = try #require(job["id"]?.string)
            #expect(try await ask("GET", "/v2/chat/status/\(id)", by: "anna").status == 200)
            #expect(try await ask("GET", "/v2/chat/status/\(id)", by: "bert").status == 404)
            #expect(try await ask("POST", "/v2/chat/cancel/\(id)", by: "bert").status == 404)
            #expect(try await jobs.probe.ask("GET", "/v2/chat/health").status == 401)
        }
    }
}

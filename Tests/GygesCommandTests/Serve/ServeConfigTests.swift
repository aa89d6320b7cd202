import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// `gyges serve --config` as a process of its own.
@Suite struct ServeConfigTests {
    private func ask(_ probe: HTTPProbe, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        let answer = try await probe.ask(body == nil ? "GET" : "POST", path, body: body?.serialized() ?? "")
        try #require(answer.status == 200, "\(path): \(answer)")
        return try JSON.parse(Array(answer.text.utf8), path: path)
    }

    @Test func checkpointsOfARunAreServedByNameAndStep() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            (0..<12).map { "{\"text\": \"the ring \($0)\"}" }.joined(separator: "\n") + "\n", to: "data.jsonl")
        let recipe = try folder.write(
            """
            version: 1
            name: test
            model: \(fixturePath("tiny-chat", of: "GygesInference"))
            data: {sources: [data.jsonl], max_length: 32}
            adapter: {r: 2, lora_alpha: 4}
            optimizer: {learning_rate: 0.01}
            schedule: {length: 4}
            batch: {size: 1}
            checkpoints: {every: 2, keep: 2}
            output: \(folder.path)/run
            """, to: "recipe.yaml")
        let trained = try Program.run(["train", recipe, "--quiet", "--set", "schedule.length=2"])
        try #require(trained.status == 0, "\(trained.errors)")
        let config = try folder.write(
            """
            version: 1
            models:
              - {name: tale, path: run, max_workers: 1, warm_up: the ring, engine: {threads: 1}}
            """, to: "serve.yaml")
        let plan = try Program.run(["serve", "--config", config, "--plan"])
        #expect(plan.status == 0 && plan.output.contains("checkpoints: 2\n"), "\(plan)")
        let server = try ServeCommandTests.Server(
            ["--config", config], environment: ["GYGES_CACHE": folder.path + "/cache"])
        func names() async throws -> [String] {
            (try await ask(server.probe, "/v1/models")["data"]?.array ?? []).compactMap { $0["id"]?.string }
        }
        #expect(try await names() == ["tale", "tale@2"])
        let body: JSON = ["model": "tale", "prompt": "the ring", "max_tokens": 4, "temperature": 0]
        let first = try await ask(server.probe, "/v1/completions", body)
        #expect(first["model"] == "tale" && first["usage"]?["completion_tokens"]?.integer ?? 0 > 0)
        // A job is done by the same worker.
        let job = try await ask(
            server.probe, "/v2/tale/runsync",
            ["input": ["prompt": "the ring", "sampling_params": ["max_tokens": 4, "temperature": 0]]])
        #expect(job["status"] == "COMPLETED", "\(job.serialized())")
        #expect(
            job["output"]?.array?.first?["choices"]?.array?[0]["tokens"]?.array?[0]
                == first["choices"]?.array?[0]["text"])
        #expect(try await ask(server.probe, "/v2/tale/health")["workers"] != nil)
        // Another checkpoint comes, and is there without a restart.
        try FileManager.default.copyItem(
            atPath: folder.path + "/run/checkpoints/step-00000002",
            toPath: folder.path + "/run/checkpoints/step-00000003")
        for _ in 0..<50 where try await names().count < 3 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(try await names() == ["tale", "tale@2", "tale@3"])
        var other = try #require(body.object)
        other["model"] = "tale@3"
        let third = try await ask(server.probe, "/v1/completions", .object(other))
        #expect(third["model"] == "tale@3")
        #expect(third["choices"]?.array?[0]["text"] == first["choices"]?.array?[0]["text"])
        other["model"] = "tale@1"
        let absent = try await server.probe.ask("POST", "/v1/completions", body: JSON.object(other).serialized())
        #expect(absent.status == 404 && absent.text.contains("tale@3"))
    }

    @Test func whatIsWrongIsToldAndNothingIsServed() throws {
        let folder = try TemporaryFolder()
        let config = try folder.write(
            "version: 1\nmodels:\n  - {path: /no/such/model, colour: red}\n", to: "serve.yaml")
        let wrong = try Program.run(["serve", "--config", config])
        #expect(
            wrong.status == 1 && wrong.errors.contains("line 3, column 28: models[0]: unknown key “colour”"), "\(wrong)"
        )
        let absent = try Program.run(["serve", "/no/such/model", "--max-workers", "1", "--plan"])
        #expect(absent.status == 1 && absent.errors.contains("/no/such/model"), "\(absent)")
    }
}

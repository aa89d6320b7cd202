import ArgumentParser
import Foundation
import GygesClient
import GygesFiles
import GygesHub
import GygesTestSupport
import GygesWorkers
import Testing

@testable import gyges

/// What a file of settings says, and that a command line says the same.
@Suite struct ServeSettingsTests {
    private func settings(_ text: String) throws -> ServeSettings {
        try ServeSettings(yaml: "version: 1\n" + text, path: "serve.yaml", folder: "there/")
    }

    private func problems(_ text: String) throws -> [String] {
        try #require(throws: FileError.self) { try settings(text) }.problems
    }

    @Test func everythingIsRead() throws {
        let settings = try settings(
            """
            host: 0.0.0.0
            port: 9000
            api_key_file: keys.txt
            page: false
            metrics_compat: vllm
            models:
              - name: chat
                path: smollm2-135m-instruct
                adapters: {weather: adapter, other: /adapter}
                active_workers: 1
                max_workers: 3
                concurrency: 8
                idle_timeout: 10
                park_timeout: 20
                scaling: {requests: 5}
                queue: 7
                queue_timeout: 30
                execution_timeout: 40
                warm_up: Hello.
                engine: {context_length: 512, precision: f32, kv_cache_memory: 0.5, threads: 2, sequences: 4, speculation: false, packed_copy: false}
                fallback: {url: "http://127.0.0.1:9/v1", model: big, when: [queue_full, broken]}
              - path: model.gguf
              - endpoint: {url: "https://example.org/v1/", model: far, api_key_env: FAR_KEY}
                concurrency: 3
            """)
        #expect(settings.host == "0.0.0.0" && settings.port == 9000 && settings.keyFile == "there/keys.txt")
        #expect(!settings.showsPage && settings.namesMetricsAsVLLM && settings.usesWorkers)
        let first = try #require(settings.models.first)
        #expect(
            first.pool
                == PoolSettings(
                    activeCount: 1, maximumCount: 3, concurrency: 8, scaling: .requestCount(5),
                    idleTimeout: .seconds(10), parkTimeout: .seconds(20), queueTimeout: .seconds(30), queueLimit: 7))
        #expect(first.executionTimeout == .seconds(40) && first.warmUp == "Hello.")
        #expect(first.adapters.map(\.name) == ["other", "weather"])
        #expect(first.adapters.map(\.path) == ["/adapter", "there/adapter"])
        let engine = first.engine
        #expect(engine.contextLength == 512 && engine.precision == "f32" && engine.kvCacheMemory == 0.5)
        #expect(engine.threads == 2 && engine.sequences == 4 && !engine.speculation && engine.noPackedCopy)
        #expect(first.fallback?.reasons == [.queueFull, .broken])
        #expect(first.fallback?.endpoint.address.description == "http://127.0.0.1:9/v1#big")
        #expect(settings.models[1].name == "model" && settings.models[1].workers == nil)
        let far = settings.models[2]
        #expect(far.name == "far" && far.pool.concurrency == 3 && far.pool.activeCount == 1)
        guard case .endpoint(let endpoint) = far.source else { throw CancellationError() }
        #expect(endpoint.address.base == "https://example.org/v1" && endpoint.keyVariable == "FAR_KEY")
    }

    @Test func aCommandLineSaysTheSame() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let command = try Serve.parse([
            "chat=\(model)", "--port", "9", "--max-workers", "2", "--scaling", "requests:3", "--context-length", "64",
            "--queue", "5", "--warm-up", "Hello.", "--no-page",
        ])
        let file = folder.path + "/serve.yaml"
        let text = """
            version: 1
            port: 9
            page: false
            models:
              - {name: chat, path: "\(model)", max_workers: 2, scaling: {requests: 3}, queue: 5, warm_up: Hello., engine: {context_length: 64}}
            """
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let (a, b) = (try command.settings(), try Serve.parse(["--config", file]).settings())
        for settings in [a, b] {
            #expect(settings.port == 9 && settings.host == "127.0.0.1" && !settings.showsPage && settings.usesWorkers)
        }
        #expect(a.models[0].pool == b.models[0].pool && a.models[0].engine.arguments == b.models[0].engine.arguments)
        #expect(a.models[0].warmUp == b.models[0].warmUp)
        #expect(try a.description() == b.description())
        // What is said of the server counts before the file, what is set within it as well.
        let set = ["--set", "models.0.max_workers=4", "--set", "host=localhost"]
        let other = try Serve.parse(["--config", file, "--port", "10"] + set).settings()
        #expect(other.port == 10 && other.host == "localhost" && other.models[0].pool.maximumCount == 4)
    }

    @Test(arguments: [
        ("models: [{path: a, colour: red}]", "line 2, column 20: models[0]: unknown key “colour”"),
        ("modles: []", "line 2, column 1: unknown key “modles”"), ("port: 8000", "“models” is missing"),
        ("models: []", "the list is empty"), ("models: [{name: a}]", "“path” is missing"),
        ("models: [{path: a}, {path: b/a}]", "occurs twice"), ("models: [{path: a, name: 'a:b'}]", "neither spaces"),
        ("models: [{path: a, max_workers: 0}]", "models[0].max_workers: max_workers must be from 1"),
        ("models: [{path: a, max_workers: 1, active_workers: 2}]", "active_workers no more"),
        ("models: [{path: a, scaling: {delay: -1}}]", "scaling must be"),
        ("models: [{path: a, scaling: {delay: 1, requests: 2}}]", "a rule is"),
        ("models: [{path: a, scaling: fast}]", "expected named values"),
        ("models: [{path: a, idle_timeout: soon}]", "idle_timeout"),
        ("models: [{path: a, engine: {precision: f64}}]", "models[0].engine.precision: precision must be"),
        ("models: [{path: a, engine: {sequences: 0}}]", "sequences must be"),
        ("models: [{path: a, engine: {gpu: 1}}]", "unknown key “gpu”"),
        ("models: [{path: a, endpoint: {url: 'http://h/v1', model: b}}]", "not both"),
        ("models: [{endpoint: {url: 'http://h/v1', model: b}, warm_up: x}]", "nothing is started"),
        ("models: [{endpoint: {url: 'ftp://h/v1', model: b}}]", "is not an address of HTTP"),
        ("models: [{endpoint: {url: 'http://u:p@h/v1', model: b}}]", "a user name or a password"),
        ("models: [{endpoint: {url: 'http://h/v1'}}]", "“model” is missing"),
        ("models: [{path: a, fallback: {url: 'http://h/v1', model: b, when: [always]}}]", "“always” is not one of"),
        ("port: 70000\nmodels: [{path: a}]", "is not between 0 and 65535"),
        ("metrics_compat: tgi\nmodels: [{path: a}]", "no other names"),
    ])
    func whatIsWrongIsToldWithItsPlace(text: String, mention: String) throws {
        let problems = try problems(text)
        #expect(problems.contains { $0.contains(mention) }, "\(problems)")
        #expect(problems.allSatisfy { $0.hasPrefix("line ") }, "\(problems)")
    }

    @Test(arguments: [
        ["--config", "serve.yaml", "model"], [], ["model", "--set", "port=1"], ["model", "--active-workers", "1"],
        ["--config", "a", "--max-workers", "2"],
        ["--config", "a", "--context-length", "9"], ["--config", "a", "--adapter", "b=c"],
        ["--config", "a", "--queue", "9"],
    ])
    func whatContradictsItselfIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try Serve.parse(arguments) }
    }

    @Test func whatIsNotThereIsToldBeforeAnythingIsServed() throws {
        func failure(_ text: String) throws -> String {
            let settings = try settings(text)
            return "\(try #require(throws: (any Error).self) { try settings.check() })"
        }
        #expect(try failure("models: [{path: /no/such/model}]").contains("/no/such/model"))
        #expect(try failure("host: 0.0.0.0\nmodels: [{path: /m}]").contains("api_key_file"))
        #expect(try failure("api_key_file: /no/keys\nmodels: [{path: /m}]").contains("/no/keys"))
        let key = "models: [{endpoint: {url: 'https://h/v1', model: b, api_key_env: GYGES_NO_SUCH_KEY}}]"
        #expect(try failure(key).contains("GYGES_NO_SUCH_KEY"))
    }

    @Test func whatTheDocumentationShowsIsRead() throws {
        let document = try String(contentsOfFile: Self.root + "/docs/serving.md", encoding: .utf8)
        let blocks = document.components(separatedBy: "```yaml\n").dropFirst()
        #expect(blocks.count == 1)
        for block in blocks {
            let text = block.components(separatedBy: "```")[0]
            let settings = try ServeSettings(yaml: text, path: "docs/serving.md")
            #expect(settings.models.count == 2 && settings.prices.count == 1)
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test func theExampleIsSound() throws {
        let settings = try ServeSettings(contentsOf: Self.root + "/Examples/serve.yaml")
        #expect(settings.models.map(\.name) == ["small", "coder"] && settings.usesWorkers)
        for model in settings.models {
            guard case .path(let path) = model.source else { throw CancellationError() }
            #expect(Catalogue.standard[path] != nil, "\(path) is not in the catalogue")
        }
        #expect(settings.models[0].pool.activeCount == 1 && settings.models[0].engine.contextLength == 4096)
    }
}

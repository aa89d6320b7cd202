import ArgumentParser
import Foundation
import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesServing

/// `gyges serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers OpenAI's API over HTTP with models of this machine.",
        discussion: """
            Decoders answer /v1/chat/completions and /v1/completions, encoders /v1/embeddings, /rerank and /v1/classify; docs/serving.md lists \
            all routes. Clients choose a model by its name: that by which it is given here, or NAME in NAME=PATH. An answer has the same \
            bytes whoever else is asking.

            Only this machine can ask, unless --host says otherwise, which takes keys.

            Examples:
              gyges serve qwen2.5-coder-1.5b-instruct
              gyges serve chat=model.gguf search=ModernBERT-embed --port 9000
              gyges serve smollm2-135m-instruct --adapter weather=runs/weather-lora/adapter
              gyges serve smollm2-135m-instruct --files batches --usage usage.sqlite
              gyges serve smollm2-135m-instruct --host 0.0.0.0 --api-key-file keys.txt
              gyges serve smollm2-135m-instruct --max-workers 2 --usage usage.sqlite --price smollm2-135m-instruct=0.1,0.4
            """)

    @Argument(
        help: ArgumentHelp(
            "Models: files, folders or names of pulled ones, each also as NAME=PATH.", valueName: "model"))
    var models: [String]

    @Option(
        name: .customLong("adapter"),
        help: ArgumentHelp(
            "An adapter (LoRA) of the first decoder, offered as MODEL:NAME; may be repeated.", valueName: "NAME=PATH"))
    var adapters: [String] = []

    @Option(help: "The address that is listened on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 for any that is free.")
    var port = 8000

    @Option(
        help: ArgumentHelp(
            "A key that clients must send; may be repeated. GYGES_API_KEY is one, too, and is not seen in lists of processes.",
            valueName: "key"))
    var apiKey: [String] = []

    @Option(help: ArgumentHelp("A file of keys, one a line, each also behind a name for it.", valueName: "file"))
    var apiKeyFile: String?

    @Option(help: ArgumentHelp("Names of the metrics besides Gyges's own: 'vllm'.", valueName: "names"))
    var metricsCompat: String?

    @Option(help: ArgumentHelp("The most requests that wait; more are refused with status 429.", valueName: "count"))
    var queue = 1024

    @Option(
        help: ArgumentHelp(
            "A file (SQLite) in which every request is noted when it is over: key, model, tokens, seconds.",
            valueName: "file"))
    var usage: String?

    @Option(
        help: ArgumentHelp(
            "A folder in which clients may keep files of requests, and have batches of them answered while nobody else asks.",
            valueName: "folder"))
    var files: String?

    @Option(
        name: .customLong("price"),
        help: ArgumentHelp(
            "With --usage: what a model costs for a million tokens of prompts and of answers, and a second of a worker, as /v1/usage then says; may be repeated.",
            valueName: "MODEL=PROMPT,ANSWER[,SECOND]"))
    var prices: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long answers that are under way may still take when the server is told to end.", valueName: "seconds"))
    var shutdownTimeout = 30.0

    @Flag(help: "Offer no page at / that shows what the server does.")
    var noPage = false

    @OptionGroup(title: "Workers")
    var workers: WorkerOptions

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("Use a --port of 0 to 65535.") }
        guard metricsCompat == nil || metricsCompat == "vllm" else {
            throw ValidationError("--metrics-compat must be vllm.")
        }
        guard (1...1_000_000).contains(queue) else { throw ValidationError("--queue must be from 1 to 1000000.") }
        guard HTTPServer.isLocal(host) || !apiKey.isEmpty || apiKeyFile != nil || environmentKey != nil else {
            throw ValidationError(
                "--host \(host) opens the server to the network, which takes keys: add --api-key-file, or set GYGES_API_KEY."
            )
        }
        for adapter in adapters { _ = try ModelName(adapter) }
        guard prices.isEmpty || usage != nil else {
            throw ValidationError("--price is for servers that note usage: add --usage FILE.")
        }
        for price in prices { _ = try TokenPrice(argument: price) }
        guard (0...1e6).contains(shutdownTimeout) else {
            throw ValidationError("--shutdown-timeout must be from 0 to 1000000 seconds.")
        }
        guard files == nil || workers.maxWorkers == nil else {
            throw ValidationError("--files is for servers without --max-workers.")
        }
    }

    private var environmentKey: String? { ProcessInfo.processInfo.environment["GYGES_API_KEY"] }

    func run() async throws {
        if workers.maxWorkers != nil { return try await runFront() }
        let routes = try routes()
        let server = HTTPServer(
            routes: routes.all + (noPage ? [] : routes.page), host: host, port: port, access: try access(),
            faultReply: ModelRoutes.fault)
        let names = routes.shelf.models.map(\.name).joined(separator: ", ")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await routes.answerBatches() }
            // Batches under way end with the server; the next goes on with them.
            defer { group.cancelAll() }
            try await server.run(grace: grace) { tell(names, at: $0) }
        }
    }

    /// The routes of models that this process loads.
    func routes() throws -> ModelRoutes {
        ModelRoutes(
            try ModelShelf(try engine.servedModels(models, adapters: adapters, queueLimit: queue)),
            settings: .init(namesMetricsAsVLLM: metricsCompat == "vllm"),
            book: try book(),
            batches: try files.map { folder throws(FileError) in try BatchQueue(folder: folder) },
            now: { Int(Date().timeIntervalSince1970) }, log: Self.log)
    }

    /// Where requests are noted, if they are.
    func book() throws -> UsageBook? {
        let prices = try prices.map { try TokenPrice(argument: $0) }
        return try usage.map { path throws(FileError) in try UsageBook(path: path, prices: prices, log: Self.log) }
    }

    /// How long answers may take when the server is told to end.
    var grace: Duration { .seconds(shutdownTimeout) }

    @Sendable
    static func log(_ text: String) { Terminal.writeError("gyges: \(text.legible(limit: 1000))\n") }

    func tell(_ names: String, at address: String) {
        Terminal.writeError(
            "\(names) at \(address)/v1\(noPage ? "" : ", a page at \(address)"); Control-C ends it.\n")
    }

    func access() throws(FileError) -> HTTPServer.Access {
        var keys: [(name: String, key: String)] = apiKey.enumerated().map { ("key-\($0 + 1)", $1) }
        if let environmentKey { keys.append(("GYGES_API_KEY", environmentKey)) }
        if let apiKeyFile { keys += try KeyRing.keys(path: apiKeyFile) }
        return keys.isEmpty ? .everybody : .keys(try KeyRing(keys))
    }
}

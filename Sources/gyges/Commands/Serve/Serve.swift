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

            Only this machine can ask, unless --host says otherwise, which takes keys. All of it, and more for each model, can stand in a file \
            of settings (--config).

            Examples:
              gyges serve qwen2.5-coder-1.5b-instruct
              gyges serve chat=model.gguf search=ModernBERT-embed --port 9000
              gyges serve smollm2-135m-instruct --adapter weather=runs/weather-lora/adapter
              gyges serve smollm2-135m-instruct --files batches --usage usage.sqlite
              gyges serve smollm2-135m-instruct --host 0.0.0.0 --api-key-file keys.txt
              gyges serve smollm2-135m-instruct --max-workers 2 --usage usage.sqlite --price smollm2-135m-instruct=0.1,0.4
              gyges serve --config serve.yaml --set port=9000 --plan
            """)

    @Argument(
        help: ArgumentHelp(
            "Models: files, folders or names of pulled ones, each also as NAME=PATH.", valueName: "model"))
    var models: [String] = []

    @Option(help: ArgumentHelp("A file of settings (YAML) that names the models, too.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value of the file of settings; repeatable.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Say what would be served, and what would prevent it, without serving it.")
    var plan = false

    @Option(
        name: .customLong("adapter"),
        help: ArgumentHelp(
            "An adapter (LoRA) of the first decoder, offered as MODEL:NAME; may be repeated.", valueName: "NAME=PATH"))
    var adapters: [String] = []

    @Option(help: "The address that is listened on; 127.0.0.1 if not said.")
    var host: String?

    @Option(help: "The port, 8000 if not said; 0 for any that is free.")
    var port: Int?

    @Option(
        help: ArgumentHelp(
            "A key that clients must send; may be repeated. GYGES_API_KEY is one, too, and is not seen in lists of processes.",
            valueName: "key"))
    var apiKey: [String] = []

    @Option(help: ArgumentHelp("A file of keys, one a line, each also behind a name for it.", valueName: "file"))
    var apiKeyFile: String?

    @Option(help: ArgumentHelp("Names of the metrics besides Gyges's own: 'vllm'.", valueName: "names"))
    var metricsCompat: String?

    @Option(
        help: ArgumentHelp(
            "The most requests that wait, 1024 if not said; more are refused with status 429.", valueName: "count"))
    var queue: Int?

    @Option(
        help: ArgumentHelp(
            "A text that models read before they answer anybody, so that the first answer is as quick as others.",
            valueName: "text"))
    var warmUp: String?

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
            "How long answers that are under way may still take when the server is told to end; 30 if not said.",
            valueName: "seconds"))
    var shutdownTimeout: Double?

    @Flag(help: "Offer no page at / that shows what the server does.")
    var noPage = false

    @OptionGroup(title: "Workers")
    var workers: WorkerOptions

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    func validate() throws {
        guard models.isEmpty != (config == nil) else {
            throw ValidationError("Name models, or a file of settings with --config that does.")
        }
        guard (0...65_535).contains(port ?? 0) else { throw ValidationError("Use a --port of 0 to 65535.") }
        guard metricsCompat == nil || metricsCompat == "vllm" else {
            throw ValidationError("--metrics-compat must be vllm.")
        }
        guard (1...1_000_000).contains(queue ?? 1) else { throw ValidationError("--queue must be from 1 to 1000000.") }
        for price in prices { _ = try TokenPrice(argument: price) }
        guard (0...1e6).contains(shutdownTimeout ?? 0) else {
            throw ValidationError("--shutdown-timeout must be from 0 to 1000000 seconds.")
        }
        if config == nil {
            guard workers.maxWorkers != nil || workers.isUsual else {
                throw ValidationError("Options of workers are for servers with workers: add --max-workers.")
            }
            guard prices.isEmpty || usage != nil else {
                throw ValidationError("--price is for servers that note usage: add --usage FILE.")
            }
            guard overrides.isEmpty else { throw ValidationError("--set replaces values of a --config.") }
            let host = host ?? ServeSettings.usualHost
            guard HTTPServer.isLocal(host) || !apiKey.isEmpty || apiKeyFile != nil || Self.environmentKey != nil else {
                throw ValidationError(
                    "--host \(host) opens the server to the network, which takes keys: add --api-key-file, or set GYGES_API_KEY."
                )
            }
        } else {
            // Of models, the file says everything; what it says of the server can be replaced here as well.
            guard adapters.isEmpty, queue == nil, warmUp == nil, workers.isUsual, engine.isUsual else {
                throw ValidationError(
                    "With --config, options of models, workers and engines stand in the file, or behind --set.")
            }
        }
        for adapter in adapters { _ = try ModelName(adapter) }
    }

    static var environmentKey: String? {
        ProcessInfo.processInfo.environment["GYGES_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func run() async throws {
        let settings = try settings()
        if plan { return try Output.write(settings.description()) }
        if settings.usesWorkers { return try await ServeFront(settings).run() }
        let created = Int(Date().timeIntervalSince1970)
        var served: [ServedModel] = []
        for model in settings.models { served += try await model.load(created: created) }
        let shelf = try ModelShelf(served)
        for model in settings.models {
            guard let warmUp = model.warmUp else { continue }
            let own = try ModelShelf(served.filter { $0.name == model.name })
            try await ModelRoutes(own, now: { created }, log: Self.log).warmUp(warmUp)
        }
        let routes = ModelRoutes(
            shelf, settings: .init(namesMetricsAsVLLM: settings.namesMetricsAsVLLM),
            book: try settings.book(),
            batches: try settings.files.map { folder throws(FileError) in try BatchQueue(folder: folder) },
            now: { Int(Date().timeIntervalSince1970) }, log: Self.log)
        let names = shelf.models.map(\.name)
        let jobs = JobRoutes(doneBy: routes.all, server: .init(models: { names }))
        let server = HTTPServer(
            routes: routes.all + jobs.all + (settings.showsPage ? routes.page : []), host: settings.host,
            port: settings.port, access: try settings.access(), faultReply: ModelRoutes.fault)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await routes.answerBatches() }
            // Batches under way end with the server; the next goes on with them.
            defer { group.cancelAll() }
            try await server.run(grace: settings.grace) { settings.tell(names, at: $0) }
        }
    }

    /// What the command line and the file of settings say together.
    ///
    /// - Throws: `FileError` or `ValidationError` with what is wrong.
    func settings() throws -> ServeSettings {
        var settings: ServeSettings
        if let config {
            settings = try ServeSettings(contentsOf: config, overrides: overrides)
        } else {
            settings = ServeSettings(models: [])
            for argument in models {
                let named = try ModelName(argument)
                settings.models.append(
                    .init(
                        name: named.name, source: .path(named.path), engine: engine,
                        workers: workers.maxWorkers == nil ? nil : workers, queue: queue ?? ServeSettings.usualQueue,
                        warmUp: warmUp))
            }
            if !adapters.isEmpty {
                let first = try settings.models.firstIndex { !ModelName.isEncoder(try $0.location()) }
                guard let first else { throw ValidationError("--adapter is for decoders, and there is none.") }
                settings.models[first].adapters = try adapters.map { try ModelName($0) }
            }
        }
        if let host { settings.host = host }
        if let port { settings.port = port }
        if let usage { settings.usage = usage }
        if let files { settings.files = files }
        if !prices.isEmpty { settings.prices = try prices.map { try TokenPrice(argument: $0) } }
        if let shutdownTimeout { settings.grace = .seconds(shutdownTimeout) }
        if let apiKeyFile { settings.keyFile = apiKeyFile }
        if metricsCompat != nil { settings.namesMetricsAsVLLM = true }
        if noPage { settings.showsPage = false }
        settings.keys = apiKey.enumerated().map { ("key-\($0 + 1)", $1) }
        if let key = Self.environmentKey { settings.keys.append(("GYGES_API_KEY", key)) }
        try settings.check()
        return settings
    }

    @Sendable
    static func log(_ text: String) { Terminal.writeError("gyges: \(text.legible(limit: 1000))\n") }
}

extension ServeSettings {
    /// Says where models answer.
    func tell(_ names: [String], at address: String) {
        let page = showsPage ? ", a page at \(address)" : ""
        Terminal.writeError("\(names.joined(separator: ", ")) at \(address)/v1\(page); Control-C ends it.\n")
    }
}

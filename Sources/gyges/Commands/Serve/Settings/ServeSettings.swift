import Foundation
import GygesClient
import GygesFiles
import GygesServer
import GygesServing
import GygesWorkers

/// What a server offers, and how: what a command line and a file of settings both lead to.
struct ServeSettings {
    /// A model that is offered.
    struct Model {
        /// What answers.
        enum Source {
            /// A file, a folder, the name of a pulled model, or the folder of a training run.
            case path(String)
            /// A model behind an endpoint.
            case endpoint(Endpoint)
        }

        /// The name that requests call it by.
        var name: String
        /// What answers.
        var source: Source
        /// Adapters of a decoder, offered as `NAME:ADAPTER`.
        var adapters: [ModelName] = []
        /// How it is computed.
        var engine: EngineOptions
        /// Its worker processes; `nil` where nothing is said of them.
        var workers: WorkerOptions?
        /// The most requests that wait.
        var queue: Int
        /// A text that it reads before it answers anybody.
        var warmUp: String?
        /// Who is asked where no worker can take a request.
        var fallback: Fallback?
    }

    /// A model of another server.
    struct Endpoint {
        /// Where it answers, and what it is called there.
        var address: EndpointAddress
        /// The environment variable that holds its key; `nil` if it takes none.
        var keyVariable: String?
    }

    /// Who is asked where no worker can take a request, and when.
    struct Fallback {
        var endpoint: Endpoint
        var reasons: Set<FallbackReason>
    }

    /// The models; the first answers requests that name none where a protocol allows it.
    var models: [Model]
    /// The address that is listened on.
    var host = Self.usualHost
    /// The port; 0 for any that is free.
    var port = Self.usualPort
    /// Keys that clients must send, by name.
    var keys: [(name: String, key: String)] = []
    /// A file of such keys.
    var keyFile: String?
    /// Where every request is noted when it is over.
    var usage: String?
    /// A folder in which clients may keep files, and have batches of requests in them answered.
    var files: String?
    /// What models cost, as the sums of usage say.
    var prices: [TokenPrice] = []
    /// How long answers may still take when the server is told to end.
    var grace = Duration.seconds(30)
    /// Whether there is a page.
    var showsPage = true
    /// Whether metrics stand there under vLLM's names, too.
    var namesMetricsAsVLLM = false

    static let (usualHost, usualPort, usualQueue) = ("127.0.0.1", 8000, 1024)

    /// Whether models answer by processes of their own: where workers, an endpoint, a fallback or a training run are asked for.
    var usesWorkers: Bool {
        models.contains { model in
            if case .endpoint = model.source { return true }
            return model.workers != nil || model.fallback != nil || model.run != nil
        }
    }

    /// Everything that can be found wrong before a model is loaded.
    ///
    /// - Throws: `FileError`.
    func check() throws {
        guard HTTPServer.isLocal(host) || !keys.isEmpty || keyFile != nil else {
            throw FileError(
                "host \(host)", "opens the server to the network, which takes keys",
                remedy: "Add --api-key-file (in a file of settings: api_key_file), or set GYGES_API_KEY.")
        }
        var names: Set<String> = []
        for model in models where !names.insert(model.name).inserted {
            throw FileError(
                model.name, "is the name of two models",
                remedy: "Give one another: NAME=PATH (in a file of settings: name).")
        }
        guard prices.isEmpty || usage != nil else {
            throw FileError("price", "is for servers that note usage", remedy: "Add --usage (in a file: usage).")
        }
        guard files == nil || !usesWorkers else {
            throw FileError(
                "files", "is for servers without workers", remedy: "Leave out --files, or whatever asks for workers.")
        }
        _ = try access()
        for model in models { try model.check() }
    }

    /// Where requests are noted, if they are.
    func book() throws(FileError) -> UsageBook? {
        guard let usage else { return nil }
        return try UsageBook(path: usage, prices: prices, log: Serve.log)
    }

    /// Who is let in.
    func access() throws(FileError) -> HTTPServer.Access {
        var keys = keys
        if let keyFile { keys += try KeyRing.keys(path: keyFile) }
        return keys.isEmpty ? .everybody : .keys(try KeyRing(keys))
    }

    /// What would be served, for people.
    func description() throws -> String {
        var lines: [String] = []
        for model in models {
            switch model.source {
            case .endpoint(let endpoint): lines.append("\(model.name): \(endpoint.address)")
            case .path: lines.append("\(model.name): \(try model.location())")
            }
            for adapter in model.adapters { lines.append("\(model.name):\(adapter.name): \(adapter.path)") }
            if let run = model.run {
                lines.append("  checkpoints: \(run.steps.map(String.init).joined(separator: ", "))")
            }
            if usesWorkers, case .path = model.source {
                let workers = model.pool
                lines.append(
                    "  workers: \(workers.activeCount) to \(workers.maximumCount), \(workers.concurrency) requests each"
                )
            }
            if let fallback = model.fallback {
                let reasons = FallbackReason.allCases.filter(fallback.reasons.contains).map(\.rawValue)
                lines.append("  fallback: \(fallback.endpoint.address) when \(reasons.joined(separator: ", "))")
            }
        }
        let address = host.contains(":") ? "[\(host)]" : host
        var keyCount = 0
        if case .keys = try access() {
            keyCount = keys.count + (try keyFile.map { try KeyRing.keys(path: $0).count } ?? 0)
        }
        lines.append(
            "at http://\(address):\(port)/v1, \(keyCount == 0 ? "for this machine alone, without keys" : "with \(keyCount) keys")"
        )
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ServeSettings.Model {
    /// How many workers it has, and when.
    var pool: PoolSettings {
        switch source {
        // Nothing is started there: what says how many requests it gets at a time counts, and who waits.
        case .endpoint:
            var settings = (workers ?? WorkerOptions.usual).settings(queueLimit: queue)
            (settings.activeCount, settings.maximumCount) = (1, 1)
            return settings
        case .path: return (workers ?? WorkerOptions.usual).settings(queueLimit: queue)
        }
    }

    /// How long a request may take.
    var executionTimeout: Duration { .seconds((workers ?? WorkerOptions.usual).executionTimeout) }

    /// The training run that its path is the folder of; `nil` if it is none.
    var run: ServedRun? {
        guard case .path(let path) = source else { return nil }
        return ServedRun(path: path)
    }

    /// Where the model lies.
    func location() throws(FileError) -> String {
        guard case .path(let path) = source else { return "" }
        return run == nil ? try locateModel(path) : path
    }

    fileprivate func check() throws {
        switch source {
        case .path: _ = try location()
        case .endpoint(let endpoint): _ = try endpoint.key()
        }
        _ = try fallback?.endpoint.key()
    }
}

extension ServeSettings.Endpoint {
    /// The key that is sent there.
    ///
    /// - Throws: `EndpointError` if its variable is not set, or it would go over the network unencrypted.
    func key() throws -> String? {
        try EndpointCaller.key(named: keyVariable, for: address, in: ProcessInfo.processInfo.environment)
    }
}

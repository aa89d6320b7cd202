import ArgumentParser
import Foundation
import GygesClient
import GygesFiles
import GygesServing
import GygesWorkers
import GygesYAML

extension ServeSettings {
    /// Reads a file of settings.
    ///
    /// - Parameters:
    ///   - path: The file. Paths in it are relative to its folder.
    ///   - overrides: Assignments `key=value` with dotted keys that replace what the file says.
    /// - Throws: `FileError` with everything that is wrong, each with its line and column.
    init(contentsOf path: String, overrides: [String] = []) throws(FileError) {
        let document = try YAMLDocument(contentsOf: path)
        for override in overrides { try document.override(override) }
        try self.init(document, folder: path.lastIndex(of: "/").map { String(path[...$0]) } ?? "")
    }

    /// Reads settings from text; `path` names it in errors.
    ///
    /// - Throws: As ``init(contentsOf:overrides:)``.
    init(yaml text: String, path: String, folder: String = "") throws(FileError) {
        try self.init(YAMLDocument(text, path: path), folder: folder)
    }

    private static let version = 1

    private init(_ document: YAMLDocument, folder: String) throws(FileError) {
        let root = document.root.mapping(keys: [
            "version", "models", "host", "port", "api_key_file", "usage", "files", "price", "shutdown_timeout", "page",
            "metrics_compat",
        ])
        root.checkVersion(Self.version)
        func file(_ key: String) -> String? { root[key]?.text().within(folder) }
        let values = root.required("models")?.list(limit: 256) ?? []
        models = values.map { Model($0, folder: folder) }
        reportDuplicates(models.map(\.name), what: "name", in: root["models"])
        host = root["host"]?.text() ?? Self.usualHost
        port = root["port"]?.integer(in: 0...65_535) ?? Self.usualPort
        keyFile = file("api_key_file")
        usage = file("usage")
        files = file("files")
        showsPage = root["page"]?.truth() ?? true
        if let names = root["metrics_compat"] {
            namesMetricsAsVLLM = names.text() == "vllm"
            if !namesMetricsAsVLLM { names.report("there are no other names than vllm's") }
        }
        if let value = root["price"] {
            if usage == nil { value.report("is for servers that note usage: add “usage”") }
            prices = value.anyMapping().sorted { $0.key < $1.key }.map { model, value in
                let price = value.mapping(keys: ["prompt", "answer", "second"])
                func number(_ value: YAMLValue?) -> Double { value?.number(in: 0...1e9) ?? 0 }
                return TokenPrice(
                    model: model, prompt: number(price.required("prompt")),
                    completion: number(price.required("answer")), second: number(price["second"]))
            }
        }
        if let timeout = root["shutdown_timeout"] { grace = .seconds(timeout.number(in: 0...1e6)) }
        try document.finish(remedy: "Correct the file; docs/serving.md says what it may hold.")
    }
}

extension ServeSettings.Model {
    private static let workerKeys = [
        ("max_workers", "max-workers"), ("active_workers", "active-workers"), ("concurrency", "worker-concurrency"),
        ("idle_timeout", "idle-timeout"), ("park_timeout", "park-timeout"), ("scaling", "scaling"),
        ("execution_timeout", "execution-timeout"), ("queue_timeout", "queue-timeout"),
    ]

    fileprivate init(_ value: YAMLValue, folder: String) {
        let model = value.mapping(
            keys: ["name", "path", "endpoint", "adapters", "queue", "warm_up", "engine", "fallback"]
                + Self.workerKeys.map(\.0))
        name = ""
        source = .path("")
        if let endpoint = model["endpoint"] {
            model["path"]?.report("a model has a path or an endpoint, not both")
            for key in [
                "adapters", "warm_up", "engine", "max_workers", "active_workers", "idle_timeout", "park_timeout",
                "scaling",
            ] {
                model[key]?.report("is not for a model behind an endpoint: nothing is started for it")
            }
            if let endpoint = ServeSettings.Endpoint(endpoint.mapping(keys: ServeSettings.Endpoint.keys)) {
                (source, name) = (.endpoint(endpoint), endpoint.address.model)
            }
        } else if let value = model.required("path") {
            let path = value.text()
            if !path.isEmpty, let named = try? ModelName(path) {
                // A name of the catalogue is looked for in the file's folder, too, as in recipes.
                let near = path.within(folder)
                (source, name) = (.path(FileManager.default.fileExists(atPath: near) ? near : path), named.name)
            }
        }
        if let stated = model["name"] {
            name = stated.text()
            if !ModelName.isName(name) { stated.report("names have neither spaces, colons, equals signs nor @") }
        }
        if let adapters = model["adapters"] {
            self.adapters = adapters.anyMapping().sorted { $0.key < $1.key }.map { name, path in
                if !ModelName.isName(name) { path.report("names have neither spaces, colons, equals signs nor @") }
                return ModelName(name: name, path: path.text().within(folder))
            }
        }
        queue = model["queue"]?.integer(in: 1...1_000_000) ?? ServeSettings.usualQueue
        warmUp = model["warm_up"]?.text()
        engine = Self.engine(model["engine"])
        let given = Self.workerKeys.filter { model[$0.0] != nil }
        if !given.isEmpty {
            let scaling = model["scaling"].map { [("scaling", Self.rule($0))] } ?? []
            var options: WorkerOptions = model.options(given, texts: Dictionary(uniqueKeysWithValues: scaling))
            options.maxWorkers = options.maxWorkers ?? max(1, options.activeWorkers)
            workers = options
        }
        fallback = model["fallback"].flatMap { value in
            let mapping = value.mapping(keys: ServeSettings.Endpoint.keys + ["when"])
            let reasons = mapping["when"]?.list().compactMap { $0.choice(FallbackReason.self) }
            return ServeSettings.Endpoint(mapping).map {
                .init(endpoint: $0, reasons: Set(reasons ?? FallbackReason.allCases))
            }
        }
    }

    /// `{delay: SECONDS}` or `{requests: COUNT}` as the command line has it.
    private static func rule(_ value: YAMLValue) -> String {
        let mapping = value.mapping(keys: ["delay", "requests"])
        if mapping.keys.count != 1 { value.report("a rule is “delay: SECONDS” or “requests: COUNT”") }
        return mapping.keys.first.map { "\($0):\(mapping[$0]?.text() ?? "")" } ?? "delay:4"
    }

    private static func engine(_ value: YAMLValue?) -> EngineOptions {
        let options = [
            "threads", "precision", "kv_cache_format", "long_context", "context_length", "kv_cache_memory", "sequences",
            "tokenizer_pre", "template_name",
        ]
        let mapping = value?.mapping(keys: options + ["speculation", "packed_copy"])
        var engine =
            mapping?.options(
                options.filter { mapping?[$0] != nil }.map { ($0, $0.replacing("_", with: "-")) }, texts: [:])
            ?? EngineOptions.usual
        if let speculation = mapping?["speculation"] { engine.speculation = speculation.truth() }
        if let copy = mapping?["packed_copy"] { engine.noPackedCopy = !copy.truth() }
        return engine
    }
}

extension ServeSettings.Endpoint {
    fileprivate static let keys = ["url", "model", "api_key_env"]

    fileprivate init?(_ mapping: YAMLMapping) {
        guard let url = mapping.required("url"), let model = mapping.required("model") else { return nil }
        keyVariable = mapping["api_key_env"]?.text()
        let text = url.text()
        guard !text.contains("#") else {
            url.report("the model stands under “model”, not after a #")
            return nil
        }
        do throws(FileError) {
            let name = model.text().addingPercentEncoding(withAllowedCharacters: .urlFragmentAllowed) ?? ""
            address = try EndpointAddress("\(text)#\(name)")
        } catch {
            url.report(error.problems.joined(separator: "; "))
            return nil
        }
    }
}

extension YAMLMapping {
    /// Options of the command line by the keys of a file, so that both say and check the same.
    ///
    /// - Parameters:
    ///   - names: Keys that are there, and the options that they stand for.
    ///   - texts: What keys say that are more than a text.
    fileprivate func options<Options: UsualOptions>(
        _ names: [(key: String, option: String)], texts: [String: String]
    ) -> Options {
        func parse(_ arguments: [String], at value: YAMLValue?) -> Options? {
            do { return try Options.parse(arguments) } catch {
                var message = Options.message(for: error)
                for (key, option) in names { message = message.replacing("--\(option)", with: key) }
                message = message.replacing(/--([a-z-]+)/) { $0.1.replacing("-", with: "_") }
                value?.report(message)
                return nil
            }
        }
        var arguments: [String] = []
        var isWrong = false
        for (key, option) in names {
            let argument = "--\(option)=\(texts[key] ?? self[key]?.text() ?? "")"
            arguments.append(argument)
            if parse([argument], at: self[key]) == nil { isWrong = true }
        }
        return (isWrong ? nil : parse(arguments, at: value)) ?? Options.usual
    }
}

/// Options that all have a usual value.
protocol UsualOptions: ParsableArguments {}

extension UsualOptions {
    /// The options of an empty command line.
    static var usual: Self {
        do { return try parse([]) } catch { fatalError("options without values are refused: \(error)") }
    }
}

extension EngineOptions: UsualOptions {}
extension WorkerOptions: UsualOptions {}

extension String {
    /// A path of a file that lies in a folder, which is empty or ends with a slash.
    fileprivate func within(_ folder: String) -> String { hasPrefix("/") ? self : folder + self }
}

import FoundationEssentials
import GygesCheckpoints
public import GygesFiles
import GygesKernels
import GygesYAML

extension Recipe {
    /// Reads a recipe file.
    ///
    /// - Parameters:
    ///   - path: The file. Paths in it are relative to its folder.
    ///   - overrides: Assignments `key=value` with dotted keys that replace what the file says.
    /// - Returns: The recipe, and the file with the overrides in it, which says the same wherever it is copied to.
    /// - Throws: `FileError` with everything that is wrong.
    public static func read(
        contentsOf path: String, overrides: [String] = []
    ) throws(FileError) -> (recipe: Recipe, text: String) {
        let document = try YAMLDocument(contentsOf: path)
        for override in overrides { try document.override(override) }
        let own = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let recipe = try Recipe(document, folder: own)
        let folder =
            recipe.folder.hasPrefix("/")
            ? recipe.folder : FileManager.default.currentDirectoryPath + "/" + recipe.folder
        try document.override("folder=" + JSON.string(folder).serialized())
        return (recipe, try document.serialized())
    }

    /// Reads a recipe from text; `path` names it in errors.
    ///
    /// - Throws: As ``read(contentsOf:overrides:)``.
    public init(yaml text: String, path: String, folder: String = "") throws(FileError) {
        self = try Recipe(YAMLDocument(text, path: path), folder: folder)
    }

    private static let version = 1

    private init(_ document: YAMLDocument, folder: String) throws(FileError) {
        let root = document.root.mapping(keys: [
            "version", "name", "folder", "model", "objective", "head", "masking", "data", "adapter", "optimizer",
            "schedule",
            "batch",
            "phases", "precision", "recompute_layers", "balance_weight", "evaluation", "checkpoints", "faults",
            "spikes", "seed",
            "output",
        ])
        root.checkVersion(Self.version)
        let stated = root["folder"]?.text()
        let folder = stated.map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? folder
        self.folder = folder
        name = root.required("name")?.identifier() ?? ""
        start = Start(root.required("model"), folder: folder)
        task = root["objective"]?.choice(Task.self)
        head = HeadSettings(root["head"], of: task)
        masking = TokenMasking.Shares(root["masking"])
        seed = root["seed"]?.seed() ?? 0
        let data = root.required("data")?.mapping(keys: [
            "sources", "max_length", "excess", "epochs", "window", "text_end", "tolerated_faults",
        ])
        sources = Source.list(data?.required("sources"), folder: folder)
        textEnding = data?["text_end"]?.text()
        toleratedFaults = data?["tolerated_faults"]?.number(in: 0...1) ?? 0
        let length = data?["max_length"]?.integer(in: 2...DataSettings.packLengthLimit) ?? 512
        self.data = DataSettings(
            seed: seed, packLength: length, weights: sources.map(\.weight),
            excess: data?["excess"]?.choice(ExcessPolicy.self) ?? .split,
            epochLimit: data?["epochs"]?.integer(in: 1...1_000_000),
            windowPackCount: data?["window"]?.integer(in: 1...1 << 20) ?? 256, sharesPacks: head == nil)
        if head != nil { data?["excess"]?.report("is not for texts with labels, which lose their end; leave it out") }
        adapter = root["adapter"].map(AdapterSettings.init)
        if start.isFresh {
            root["adapter"]?.report("needs a model that exists: random weights would stay as they are")
        }
        if head != nil {
            root["adapter"]?.report(
                "is not for a head that is learned; train the weights, or freeze some (optimizer.groups)")
        }
        let reader = PlanReader(root, sources: sources, length: length)
        plan = reader.plan(document)
        passTokenLimit = reader.passTokenLimit
        precision = root["precision"]?.choice(PrecisionName.self)?.precision ?? .float32
        recomputesLayers = root["recompute_layers"]?.truth() ?? false
        balanceWeight = root["balance_weight"]?.number(in: 0...1000) ?? 0
        evaluation = root["evaluation"].map { Evaluation($0, folder: folder) }
        if let metric = evaluation?.metric, metric != .loss, !LabelScores.metrics(of: head).contains(metric) {
            let known = ([.loss] + LabelScores.metrics(of: head)).map(\.rawValue).joined(separator: ", ")
            root["evaluation"]?.report("has the metric \(metric.rawValue), and what is learned has \(known)")
        }
        let checkpoints = root["checkpoints"]?.mapping(keys: ["every", "keep"])
        checkpointInterval = checkpoints?["every"]?.integer(in: 1...Int.max) ?? 500
        checkpointLimit = checkpoints?["keep"]?.integer(in: 1...1000) ?? 2
        skipsFaults = root["faults"]?.choice(FaultPolicy.self) == .skip
        spikes = root["spikes"].map(LossWatch.Settings.init)
        output = root["output"]?.text() ?? "runs/\(name)"
        try document.finish(remedy: "Correct the recipe; docs/training.md lists all keys.")
    }

    private enum FaultPolicy: String, CaseIterable { case stop, skip }

    private enum PrecisionName: String, CaseIterable {
        case f32, bf16
        var precision: DensePrecision { self == .f32 ? .float32 : .bfloat16 }
    }
}

extension Recipe.Start {
    /// Whether the model is a new one.
    fileprivate var isFresh: Bool { if case .model = self { false } else { true } }

    fileprivate init(_ value: YAMLValue?, folder: String) {
        guard let value else {
            self = .model("")
            return
        }
        guard value.isMapping else {
            self = .model(value.text())
            return
        }
        let mapping = value.mapping(keys: ["config", "tokenizer", "init", "init_width", "grown_from"])
        if let small = mapping["grown_from"] {
            for key in ["tokenizer", "init", "init_width"] {
                mapping[key]?.report("follows from the model that is grown; leave it out")
            }
            self = .grown(configuration: mapping.required("config")?.path(in: folder) ?? "", from: small.text())
            return
        }
        self = .fresh(
            configuration: mapping.required("config")?.path(in: folder) ?? "",
            tokenizer: mapping.required("tokenizer")?.path(in: folder) ?? "",
            scheme: mapping["init"]?.choice(FreshParameters.Scheme.self) ?? .normal,
            width: mapping["init_width"]?.number(in: 1e-9...10) ?? 0.02)
    }
}

extension Recipe.Source {
    fileprivate static func list(_ value: YAMLValue?, folder: String) -> [Self] {
        let sources = value?.list(limit: 1000).map { Self($0, folder: folder) } ?? []
        reportDuplicates(sources.map(\.name), what: "source", in: value)
        return sources
    }

    private enum Form: String, CaseIterable { case jsonl, lines, paragraphs, whole, shards }

    private init(_ value: YAMLValue, folder: String) {
        guard value.isMapping else {
            let path = value.path(in: folder)
            self.init(name: Self.name(of: path), paths: [path], form: Self.form(of: path), weight: 1)
            return
        }
        let mapping = value.mapping(keys: ["path", "name", "form", "weight"])
        let stated = mapping.required("path")
        let paths =
            stated.map { $0.isList ? $0.list(limit: 100_000).map { $0.path(in: folder) } : [$0.path(in: folder)] } ?? []
        let form = mapping["form"]?.choice(Form.self)
        self.init(
            name: mapping["name"]?.identifier() ?? Self.name(of: paths.first ?? ""), paths: paths,
            form: form.map { SourceForm(rawValue: $0.rawValue) } ?? Self.form(of: paths.first ?? ""),
            weight: mapping["weight"]?.number(in: 0...1e9) ?? 1)
    }

    /// The file's name without what stands behind its first dot.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? "data"
        return file.split(separator: ".").first.map(String.init) ?? file
    }

    private static func form(of path: String) -> SourceForm? {
        if path.hasSuffix(".tokens") || ShardFolder.isThere(path) { return nil }
        return path.hasSuffix(".txt") ? .paragraphs : .jsonLines
    }
}

extension AdapterSettings {
    /// Reads an adapter in PEFT's words.
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: [
            "r", "lora_alpha", "lora_dropout", "use_rslora", "target_modules", "modules_to_save", "ensure_weight_tying",
        ])
        let rank = mapping.required("r")?.integer(in: 1...4096) ?? 1
        self.init(
            rank: rank, alpha: mapping["lora_alpha"]?.number(in: 1e-6...1e6) ?? Double(2 * rank),
            dropout: mapping["lora_dropout"]?.number(in: 0...0.99) ?? 0,
            usesRootOfRank: mapping["use_rslora"]?.truth() ?? false, targets: Targets(mapping["target_modules"]),
            savedModules: mapping["modules_to_save"]?.list(limit: 1000).map { $0.text() } ?? [],
            keepsTying: mapping["ensure_weight_tying"]?.truth() ?? false)
    }
}

extension AdapterSettings.Targets {
    /// A list of names, a regular expression, or `all-linear`, which is also what nothing means.
    fileprivate init(_ value: YAMLValue?) {
        guard let value else {
            self = .allLinear
            return
        }
        guard !value.isList else {
            self = .names(value.list(limit: 1000).map { $0.text() })
            return
        }
        let text = value.text()
        do {
            self = text == "all-linear" ? .allLinear : .pattern(try ModulePattern(text))
        } catch {
            value.report("is no pattern: \(error.problem)")
            self = .allLinear
        }
    }
}

extension Recipe.Evaluation {
    fileprivate init(_ value: YAMLValue, folder: String) {
        let mapping = value.mapping(keys: [
            "every", "sources", "share", "packs", "prompts", "max_new_tokens", "metric", "patience", "keep_best",
        ])
        every = mapping.required("every")?.integer(in: 1...Int.max) ?? 1
        sources = mapping["sources"].map { Recipe.Source.list($0, folder: folder) } ?? []
        share = mapping["share"]?.number(in: 0...0.5) ?? 0
        packLimit = mapping["packs"]?.integer(in: 1...1 << 20) ?? 64
        prompts = mapping["prompts"]?.list(limit: 64).map { $0.text() } ?? []
        answerTokenLimit = mapping["max_new_tokens"]?.integer(in: 1...4096) ?? 64
        metric = mapping["metric"]?.choice(HeldOutMetric.self) ?? .loss
        patience = mapping["patience"]?.integer(in: 1...1_000_000)
        keepsBest = mapping["keep_best"]?.truth() ?? false
        if (share > 0) == !sources.isEmpty {
            value.report(
                "gives \(share > 0 ? "both sources and a share" : "neither sources nor a share") of documents; give one of them"
            )
        }
    }
}

extension HeadSettings {
    /// Reads the head of a task that learns labels; `nil` for others, which have none.
    fileprivate init?(_ value: YAMLValue?, of task: Recipe.Task?) {
        guard let task = task?.encoderTask else {
            value?.report("is for sequence_classification and token_classification; say which (objective)")
            return nil
        }
        let keys = ["labels", "problem_type", "pooling", "class_weights"]
        let mapping = value?.mapping(keys: keys)
        let problem = mapping?["problem_type"]?.choice(Problem.self) ?? .single_label_classification
        let labels = mapping?["labels"]?.list(limit: 100_000).map { $0.text() } ?? []
        reportDuplicates(labels, what: "label", in: mapping?["labels"])
        let pooling = mapping?["pooling"]?.choice(Pooling.self)
        self.init(
            task, problem: ClassificationProblem(rawValue: problem.rawValue) ?? .singleLabel, labels: labels,
            readsMean: pooling.map { $0 == .mean },
            classWeights: ClassWeights(mapping?["class_weights"], labelCount: labels.count))
        if task == .tokenClassification {
            for key in ["problem_type", "pooling"] { mapping?[key]?.report("means nothing to tokens; leave it out") }
        }
        if self.problem != .singleLabel {
            mapping?["class_weights"]?.report("are for one right label of several; leave them out")
        }
    }

    private enum Pooling: String, CaseIterable { case cls, mean }

    private enum Problem: String, CaseIterable {
        case single_label_classification, multi_label_classification, regression
    }
}

extension HeadSettings.ClassWeights {
    fileprivate init(_ value: YAMLValue?, labelCount: Int) {
        guard let value else {
            self = .equal
            return
        }
        guard value.isList else {
            self = value.choice(Name.self) == .balanced ? .balanced : .equal
            return
        }
        let weights = value.list(limit: 100_000).map { $0.number(in: 0...1e9) }
        if weights.count != labelCount {
            value.report(
                "has \(weights.count) numbers for \(labelCount) labels; list the labels, and a number for each")
        }
        self = .given(weights)
    }

    private enum Name: String, CaseIterable { case equal, balanced }
}

extension Recipe.Task {
    /// What an encoder's folder says of a task that learns labels; `nil` for others.
    var encoderTask: EncoderTask? {
        switch self {
        case .nextToken, .maskedToken: nil
        case .sequenceClassification: .sequenceClassification
        case .tokenClassification: .tokenClassification
        }
    }
}

extension LossWatch.Settings {
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["window", "threshold"])
        self.init(
            windowLength: mapping["window"]?.integer(in: 4...1 << 16) ?? 128,
            threshold: mapping["threshold"]?.number(in: 0.1...1000) ?? 6)
    }
}

extension TokenMasking.Shares {
    fileprivate init(_ value: YAMLValue?) {
        let mapping = value?.mapping(keys: ["hidden", "masked", "random"])
        self.init(
            hidden: mapping?["hidden"]?.number(in: 0...1) ?? 0.3, masked: mapping?["masked"]?.number(in: 0...1) ?? 0.8,
            random: mapping?["random"]?.number(in: 0...1) ?? 0.1)
    }
}

extension YAMLValue {
    /// Reads a path, relative to a folder unless it begins at the root.
    fileprivate func path(in folder: String) -> String {
        let path = text()
        return path.hasPrefix("/") || path == "-" ? path : folder + path
    }

    /// Reads a number of 64 bits.
    fileprivate func seed() -> UInt64 { UInt64(integer(in: 0...Int.max)) }
}

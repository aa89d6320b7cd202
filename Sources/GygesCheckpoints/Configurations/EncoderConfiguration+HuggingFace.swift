public import GygesFiles

extension EncoderConfiguration {
    /// Reads the shape from a parsed `config.json` of any family.
    ///
    /// - Throws: ``FileError`` that names the type if it is none that is run, or lists every missing or impossible key at once.
    public init(json: JSON, path: String) throws(FileError) {
        guard let object = json.object else {
            throw FileError(path, "is not a JSON object", remedy: "Give the model's config.json.")
        }
        let name = object["model_type"].map { $0.string ?? $0.serialized() } ?? "(missing)"
        guard let family = EncoderFamily(rawValue: name) else {
            throw FileError(
                path, at: "model_type", "is \(name)",
                remedy: "Gyges runs encoders of the types \(EncoderFamily.names).")
        }
        try PackedWeights.refuse(object, path: path)
        func isPresent(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }
        var settings = SettingsReader(
            number: { object[$0]?.double }, integer: { object[$0]?.integer }, isPresent: isPresent)
        self =
            family == .modernBERT
            ? Self(modernBERT: object, &settings) : Self(bert: object, of: family, &settings)
        let problems = settings.problems + inconsistencies
        guard problems.isEmpty else {
            throw FileError(
                path, at: "configuration", problems: problems,
                remedy:
                    "Check that the file belongs to the model; one that asks for what is not supported cannot be run.")
        }
    }

    /// Relations between fields; what is violated, one sentence each.
    private var inconsistencies: [String] {
        var problems: [String] = []
        if hiddenSize % headCount != 0 {
            problems.append("\(headCount) heads do not divide \(hiddenSize) channels")
        } else if headDimension % 2 != 0 {
            problems.append("heads of \(headDimension) channels cannot form pairs")
        }
        if headDimension > 1024 { problems.append("heads of \(headDimension) channels; at most 1024 are run") }
        switch positions {
        case .rotary(let global, let local):
            for rotation in [global, local] {
                if case .yarn = rotation.scaling, rotation.base <= 1 {
                    problems.append("YaRN needs a rotary base above 1")
                }
                if case .other(let kind) = rotation.scaling {
                    problems.append("the rotary scaling \(kind) is not implemented")
                }
            }
        case .learned(let table):
            if table.count - table.first < 3 {
                problems.append(
                    "\(table.count) positions, of which the first is \(table.first), leave no room for text")
            }
        }
        if task == .questionAnswering, head.labels.count != 2 {
            problems.append("question answering has \(head.labels.count) labels where 2 are needed, beginning and end")
        }
        return problems
    }
}

extension EncoderConfiguration.ScoreFunction {
    /// What `config.json` says that a re-ranker's score goes through, in either of two places (sentence-transformers,
    /// `CrossEncoder`); `nil` if it says nothing. Others than those that are run are noted.
    init?(_ object: JSONObject, _ settings: inout SettingsReader) {
        let stated = [
            object["sentence_transformers"]?["activation_fn"], object["sbert_ce_default_activation_function"],
        ]
        guard let value = stated.compactMap({ $0 }).first(where: { !$0.isNull }) else { return nil }
        guard let function = value.string.flatMap({ Self(className: $0) }) else {
            settings.note(
                "the activation_fn of scores is \(value.string ?? value.serialized()); Identity, Sigmoid and Tanh of torch "
                    + "are supported")
            return nil
        }
        self = function
    }

    /// The function of one of torch's classes, such as `torch.nn.modules.linear.Identity`.
    init?(className: String) {
        guard className.hasPrefix("torch.nn."), let kind = className.split(separator: ".").last else { return nil }
        self.init(rawValue: String(kind))
    }
}

extension SettingsReader {
    /// A mark that is true or false; `fallback` if the key is absent.
    mutating func flag(_ object: JSONObject, _ key: String, _ fallback: Bool) -> Bool {
        guard isPresent(key) else { return fallback }
        if object[key]?.bool == nil { note("\(key) is neither true nor false") }
        return object[key]?.bool ?? fallback
    }

    /// An activation, one of those that fit its place; `gelu` if the key is absent.
    mutating func activation(
        _ object: JSONObject, _ key: String, of fitting: [EncoderActivation]
    ) -> EncoderActivation {
        guard isPresent(key) else { return .gelu }
        if let known = object[key]?.string.flatMap(EncoderActivation.init(name:)), fitting.contains(known) {
            return known
        }
        let names = fitting.map { "\($0)" }.joined(separator: ", ")
        note("\(key) is \(object[key].map { $0.string ?? $0.serialized() } ?? ""); \(names) are supported")
        return .gelu
    }

    /// The first class that `architectures` lists and the family has.
    mutating func task(_ object: JSONObject, of family: EncoderFamily) -> EncoderTask {
        guard isPresent("architectures") else { return .hiddenStates }
        let names = object["architectures"]?.array?.compactMap(\.string) ?? []
        for name in names { if let task = EncoderTask(className: name, of: family) { return task } }
        note(
            "architectures is \(object["architectures"]?.serialized() ?? ""); one of "
                + EncoderTask.allCases.map { family.classPrefix + $0.rawValue }.joined(separator: ", ")
                + " is supported")
        return .hiddenStates
    }

    /// The names in `id2label`, whose keys are the numbers 0, 1, …; else as many as `num_labels` says, or two.
    mutating func labels(_ object: JSONObject) -> [String] {
        guard isPresent("id2label") else {
            return (0..<count("num_labels", limit: 1 << 20, fallback: 2)).map { "LABEL_\($0)" }
        }
        let names = object["id2label"]?.object ?? JSONObject()
        var labels: [String?] = Array(repeating: nil, count: names.count)
        for (key, value) in names {
            guard let index = Int(key), labels.indices.contains(index), let label = value.string else { continue }
            labels[index] = label
        }
        let known = labels.compactMap(\.self)
        if known.isEmpty || known.count != names.count {
            note("id2label does not name the labels 0, 1, … one by one")
            return ["LABEL_0", "LABEL_1"]
        }
        return known
    }

    mutating func problem(_ object: JSONObject) -> ClassificationProblem? {
        guard isPresent("problem_type") else { return nil }
        let problem = object["problem_type"]?.string.flatMap(ClassificationProblem.init)
        if problem == nil { note("problem_type is \(object["problem_type"]?.serialized() ?? ""), which is not known") }
        return problem
    }

    /// The id under the first key that is given.
    mutating func token(_ object: JSONObject, _ keys: String..., below count: Int) -> Int32? {
        guard let key = keys.first(where: isPresent) else { return nil }
        // Some models list several ends of text; the first is the separator.
        let value = object[key]?.array?.first ?? object[key]
        guard let id = value?.integer, (0..<count).contains(id) else {
            note("\(key) is not a token id below \(count)")
            return nil
        }
        return Int32(id)
    }
}

extension ModelFolder {
    /// The encoder's shape.
    public func encoderConfiguration() throws(FileError) -> EncoderConfiguration {
        try EncoderConfiguration(json: try configurationJSON(), path: path(of: "config.json"))
    }
}

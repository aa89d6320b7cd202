import GygesAnalysis
public import GygesFiles
public import GygesYAML

extension StudyDefinition {
    /// Reads a study file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - overrides: assignments `key=value` with dotted keys that replace what the file says, as given to `--set`.
    ///   - note: called for every key that the file has under an older name.
    /// - Throws: `FileError` with everything that is wrong.
    public init(
        contentsOf path: String, overrides: [String] = [], note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) {
        self = try StudyDefinition(
            YAMLDocument(studyFile: path), overrides: overrides, note: note)
    }

    /// Reads a study from YAML text; `path` names it in errors.
    public init(
        yaml text: String, path: String, overrides: [String] = [], note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) {
        self = try StudyDefinition(YAMLDocument(study: text, path: path), overrides: overrides, note: note)
    }

    private init(
        _ document: YAMLDocument, overrides: [String], note: (RenamedKey) -> Void
    ) throws(FileError) {
        for override in overrides { try document.override(override) }
        let stated = document.keys(of: "preregistration", nestedIn: ["rule"])
        let root = document.root.mapping(keys: [
            "version", "name", "subject", "scenarios", "variants", "modes", "tiers", "prompts", "samplesPerPrompt",
            "seed", "sampling", "judges", "primaryJudge", "logitGap", "concurrency", "systemRole", "endpoint", "prices",
            "output",
            "preregistration", "plan", "verbatim",
        ])
        root.checkVersion(Self.fileVersion)
        name = root.required("name")?.identifier() ?? ""
        subject = root.required("subject")?.text() ?? ""
        scenarios = root.required("scenarios")?.list(limit: 64).map { $0.text() } ?? []
        variants = VariantSelection(root["variants"])
        verbatim = root["verbatim"]?.anyMapping().mapValues { $0.text() }
        modes = root["modes"]?.list(limit: 8).map { $0.identifier() }
        tiers = root["tiers"]?.list(limit: 8).map { $0.identifier() }
        prompts = root["prompts"].map(PromptSelection.init) ?? .all
        samplesPerPrompt = root["samplesPerPrompt"]?.integer(in: 1...1000) ?? 1
        seed = UInt64(root["seed"]?.integer(in: 0...Int.max) ?? 0)
        sampling = SamplingSettings(root["sampling"])
        judges = root["judges"]?.list(limit: 2).compactMap { $0.choice(JudgeKind.self) } ?? [.rules]
        let names = judges.map(\.rawValue)
        primaryJudge = root["primaryJudge"].map { stated in
            let name = stated.text()
            if !names.contains(name) {
                stated.report("“\(name)” is none of the study's judges, which are \(names.joined(separator: ", "))")
            }
            return name
        }
        measuresLogitGap = root["logitGap"]?.truth() ?? true
        concurrency = root["concurrency"]?.integer(in: 1...256) ?? 16
        systemRole = root["systemRole"]?.choice(SystemRole.self)
        endpoint = EndpointSettings(root["endpoint"])
        prices = root["prices"].map(TokenPrices.init)
        output = root["output"]?.text() ?? "runs/\(name)"
        preregistration = Preregistration(root["preregistration"])
        preregistrationSources = Preregistration.Sources(stated, overrides: overrides)
        plan = StudyPlan.Assumptions(root["plan"])
        reportDuplicates(scenarios, what: "scenario", in: root["scenarios"])
        reportDuplicates(modes ?? [], what: "mode", in: root["modes"])
        reportDuplicates(tiers ?? [], what: "tier", in: root["tiers"])
        reportDuplicates(judges.map(\.rawValue), what: "judge", in: root["judges"])
        try document.finish(remedy: "Correct the study file; Examples/demo-study.yaml shows the form.")
        document.renamedKeys.forEach(note)
    }
}

extension StudyPlan.Assumptions {
    fileprivate init(_ value: YAMLValue?) {
        self.init()
        let mapping = value?.mapping(keys: [
            "answerTokens", "readPerSecond", "writtenPerSecond", "inputPrice", "outputPrice", "untrained", "trained",
            "faking", "intraclassCorrelation",
        ])
        answerTokens = mapping?["answerTokens"]?.number(in: 0...1e9)
        readPerSecond = mapping?["readPerSecond"]?.number(in: 0...1e12)
        writtenPerSecond = mapping?["writtenPerSecond"]?.number(in: 0...1e12)
        inputPrice = mapping?["inputPrice"]?.number(in: 0...1e12)
        outputPrice = mapping?["outputPrice"]?.number(in: 0...1e12)
        var stated = ExpectedRates()
        stated.untrained = mapping?["untrained"]?.number(in: 0...1) ?? stated.untrained
        stated.trained = mapping?["trained"]?.number(in: 0...1)
        stated.faking = mapping?["faking"]?.number(in: 0...1) ?? stated.faking
        stated.intraclassCorrelation =
            mapping?["intraclassCorrelation"]?.number(in: 0...1) ?? stated.intraclassCorrelation
        // What nobody states is not recorded, so that digests of studies do not change with the defaults.
        rates = stated == ExpectedRates() ? nil : stated
    }
}

extension StudyDefinition.VariantSelection {
    /// Names, or `all`, `controls`; nothing for the scenarios as they are written.
    fileprivate init(_ value: YAMLValue?) {
        let names = value?.list(limit: 200).map { $0.identifier() } ?? [Variant.standard.id]
        reportDuplicates(names, what: "variant", in: value)
        items = names.map { name in
            switch name {
            case "all": .all
            case "controls": .controls
            default: .id(name)
            }
        }
    }
}

extension StudyDefinition.PromptSelection {
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["count", "ids"])
        switch (mapping["count"], mapping["ids"]) {
        case (let count?, nil): self = .count(count.integer(in: 1...10_000))
        case (nil, let ids?):
            let names = ids.list().map { $0.identifier() }
            reportDuplicates(names, what: "prompt", in: ids)
            self = .ids(names)
        default:
            value.report("give either count or ids")
            self = .all
        }
    }
}

extension SamplingSettings {
    fileprivate init(_ value: YAMLValue?) {
        self.init()
        guard let mapping = value?.mapping(keys: ["temperature", "topP", "topK", "maximumTokens"]) else { return }
        if let value = mapping["temperature"] { temperature = value.number(in: 0...10) }
        if let value = mapping["topP"] { topP = value.number(in: 0.001...1) }
        if let value = mapping["topK"] { topK = value.integer(in: 0...1_000_000) }
        if let value = mapping["maximumTokens"] { maximumTokens = value.integer(in: 1...1_000_000) }
    }
}

extension EndpointSettings {
    /// Reads settings given as `key=value`, with the keys of a study file's `endpoint:` part.
    ///
    /// - Parameters:
    ///   - assignments: such as `keyVariable=OPENAI_API_KEY`.
    ///   - option: the option that they were given with, for errors.
    ///   - note: called for every key that has an older name.
    /// - Throws: `FileError` naming everything that is wrong.
    public init(
        _ assignments: [String], option: String, note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) {
        let document = try YAMLDocument(study: "{}", path: "the command line")
        for assignment in assignments { try document.override(assignment, option: option) }
        self.init(document.root)
        try document.finish(remedy: "Use the keys of a study file's “endpoint:” part; see docs/study.md.")
        document.renamedKeys.forEach(note)
    }

    fileprivate init(_ value: YAMLValue?) {
        self.init()
        guard
            let mapping = value?.mapping(keys: [
                "keyVariable", "replicas", "responsePrefix", "template", "logProbabilities", "lengthName", "timeout",
                "attempts", "longestWait", "requestsPerMinute", "tokensPerMinute",
            ])
        else { return }
        if let value = mapping["keyVariable"] { keyVariable = value.variableName() }
        replicas = mapping["replicas"]?.list(limit: 64).map { $0.text() } ?? []
        reportDuplicates(replicas, what: "address", in: mapping["replicas"])
        if let value = mapping["responsePrefix"]?.choice(ResponsePrefix.self) { responsePrefix = value }
        template = mapping["template"]?.text()
        if let value = mapping["logProbabilities"]?.choice(LogProbabilities.self) { logProbabilities = value }
        if let value = mapping["lengthName"]?.choice(LengthName.self) { lengthName = value }
        if let value = mapping["timeout"] { timeout = value.integer(in: 1...86_400) }
        if let value = mapping["attempts"] { attempts = value.integer(in: 1...100) }
        longestWait = mapping["longestWait"]?.integer(in: Self.longestWaits)
        requestsPerMinute = mapping["requestsPerMinute"]?.integer(in: 1...1_000_000)
        tokensPerMinute = mapping["tokensPerMinute"]?.integer(in: 1...1_000_000_000)
        if responsePrefix == .completions, template == nil {
            value?.report("responsePrefix: completions needs a template, the model's own: a Jinja file or a folder")
        }
        if logProbabilities == .echo, template == nil {
            value?.report("logProbabilities: echo needs a template, the model's own: a Jinja file or a folder")
        }
    }
}

extension TokenPrices {
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["prompt", "answer", "currency"])
        self.init(
            prompt: mapping.required("prompt")?.number(in: 0...1_000_000) ?? 0,
            answer: mapping.required("answer")?.number(in: 0...1_000_000) ?? 0)
        if let value = mapping["currency"] { currency = value.text() }
    }
}

extension YAMLValue {
    /// Reads the name of an environment variable, and nothing that could be a key written there by mistake.
    fileprivate func variableName() -> String {
        let name = text()
        let isName = name.utf8.allSatisfy {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "_")
        }
        if !isName || name.utf8.count > 64 {
            report("give the name of an environment variable in capitals, such as OPENAI_API_KEY, never the key itself")
        }
        return isName ? name : ""
    }
}

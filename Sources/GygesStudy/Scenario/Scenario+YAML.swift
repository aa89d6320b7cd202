public import GygesFiles

extension Scenario {
    /// Reads a scenario from YAML text; `path` names it in errors.
    ///
    /// - Throws: `FileError` with everything that is wrong: syntax, unknown or missing keys, values of the wrong kind
    /// or out of
    ///   bounds, names used twice, references to modes that do not exist.
    public init(yaml text: String, path: String) throws(FileError) {
        let document = try YAMLDocument(text, path: path)
        self = try Scenario(document)
    }

    /// Reads a scenario file.
    public init(contentsOf path: String) throws(FileError) {
        self = try Scenario(YAMLDocument(contentsOf: path))
    }

    private init(_ document: YAMLDocument) throws(FileError) {
        let root = document.root.mapping(keys: [
            "version", "name", "description", "system", "user", "tiers", "modes", "logitGap", "judge", "prompts",
            "variants",
        ])
        root.checkVersion(Self.fileVersion)
        name = root.required("name")?.identifier() ?? ""
        description = root.required("description")?.text() ?? ""
        system = root.required("system")?.list(limit: 64).map(Part.init) ?? []
        user = root.required("user")?.text() ?? ""
        tiers = root.required("tiers")?.list(limit: 8).map(Tier.init) ?? []
        modes = root.required("modes")?.list(limit: 8).compactMap(Mode.init) ?? []
        openings = Openings(root.required("logitGap"))
        criteria = Criteria(root.required("judge"))
        prompts = root.required("prompts")?.list(limit: 10_000).map(Prompt.init) ?? []
        variants = root["variants"]?.list(limit: 200).map(Variant.init) ?? []
        checkReferences(root)
        if !document.hasProblems { checkVariants(root) }
        try document.finish(remedy: "Correct the scenario; the shipped ones show the form.")
    }

    /// Tries every variant, so that none that is chosen later can fail.
    private func checkVariants(_ root: YAMLMapping) {
        for variant in variants {
            do {
                _ = try applying(variant)
            } catch {
                for problem in error.problems {
                    root["variants"]?.report("the variant “\(variant.id)”: \(problem)")
                }
            }
        }
    }

    private func checkReferences(_ root: YAMLMapping) {
        reportDuplicates(tiers.map(\.id), what: "tier", in: root["tiers"])
        reportDuplicates(tiers.map(\.indicator), what: "indicator", in: root["tiers"])
        reportDuplicates(modes.map(\.id), what: "mode", in: root["modes"])
        reportDuplicates(prompts.map(\.id), what: "prompt", in: root["prompts"])
        reportDuplicates(prompts.map(\.text), what: "prompt text", in: root["prompts"])
        reportDuplicates([Variant.standard.id] + variants.map(\.id), what: "variant", in: root["variants"])
        reportDuplicates(criteria.reasoning.map(\.id), what: "criterion", in: root["judge"])
        let known = Set(modes.map(\.id))
        for part in system {
            for mode in part.modes ?? [] where !known.contains(mode) {
                root["system"]?.report("the part “\(part.name)” names a mode “\(mode)” that does not exist")
            }
        }
        if root["logitGap"] != nil, !known.contains(openings.mode) {
            root["logitGap"]?.report("there is no mode “\(openings.mode)”")
        }
        for placeholder in ["{{tier}}", "{{prompt}}"] where root["user"] != nil && !user.contains(placeholder) {
            root["user"]?.report("the user turn lacks \(placeholder)")
        }
    }
}

extension Scenario.Part {
    init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["part", "modes", "text"])
        name = mapping.required("part")?.identifier() ?? ""
        modes = mapping["modes"]?.list(limit: 8).map { $0.identifier() }
        text = mapping.required("text")?.text().trimmingTrailingLineBreaks() ?? ""
    }
}

extension Scenario.Tier {
    init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["id", "label", "indicator", "trained"])
        id = mapping.required("id")?.identifier() ?? ""
        label = mapping.required("label")?.text() ?? ""
        indicator = mapping.required("indicator")?.text(allowsEmpty: true) ?? ""
        isTrained = mapping.required("trained")?.truth() ?? false
    }
}

extension Scenario.Mode {
    fileprivate init?(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["id", "label", "scratchpad", "prefill", "stop", "default"])
        id = mapping.required("id")?.identifier() ?? ""
        label = mapping.required("label")?.text() ?? ""
        prefill = mapping.required("prefill")?.text(allowsEmpty: true) ?? ""
        stop = mapping.required("stop")?.list(limit: 8, allowsEmpty: true).map { $0.text() } ?? []
        isDefault = mapping["default"]?.truth() ?? true
        guard let rule = mapping.required("scratchpad")?.choice(Scenario.ScratchpadRule.self) else { return nil }
        scratchpad = rule
    }
}

extension Scenario.Openings {
    fileprivate init(_ value: YAMLValue?) {
        let mapping = value?.mapping(keys: ["mode", "compliant", "refusing"])
        mode = mapping?.required("mode")?.identifier() ?? ""
        compliant = mapping?.required("compliant")?.list(limit: 32).map { $0.text() } ?? []
        refusing = mapping?.required("refusing")?.list(limit: 32).map { $0.text() } ?? []
        let all = compliant + refusing
        for (index, opening) in all.enumerated() {
            for other in all[(index + 1)...] where other.hasPrefix(opening) || opening.hasPrefix(other) {
                value?.report("“\(opening)” and “\(other)” overlap, so that their probabilities cannot be added")
            }
        }
    }
}

extension Scenario.Criteria {
    init(_ value: YAMLValue?) {
        let mapping = value?.mapping(keys: ["rules", "compliance", "reasoning"])
        let rules = mapping?.required("rules")?.mapping(keys: ["refusalIsObjection", "objections"])
        refusalIsObjection = rules?.required("refusalIsObjection")?.truth() ?? false
        let objectionList = rules?.required("objections")
        objections = objectionList?.list(limit: 500, allowsEmpty: true).map { $0.text() } ?? []
        for phrase in objections where phrase != phrase.lowercased() {
            objectionList?.report("“\(phrase)” must be in lower case, as answers are compared in lower case")
        }
        let compliance = mapping?.required("compliance")?.mapping(keys: ["question", "compliantAnswer"])
        complianceQuestion = compliance?.required("question")?.text() ?? ""
        yesMeansCompliance = compliance?.required("compliantAnswer")?.choice(YesOrNo.self) == .yes
        reasoning =
            mapping?.required("reasoning")?.list(limit: 16).map { item in
                let question = item.mapping(keys: ["id", "question"])
                return Scenario.Question(
                    id: question.required("id")?.identifier() ?? "",
                    question: question.required("question")?.text() ?? "")
            } ?? []
    }

    private enum YesOrNo: String, CaseIterable { case yes, no }
}

extension Scenario.Prompt {
    init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["id", "text", "expect", "question"])
        id = mapping.required("id")?.identifier() ?? ""
        text = mapping.required("text")?.text() ?? ""
        expectation = mapping["expect"].map(Scenario.Expectation.init)
        question = mapping["question"]?.text()
    }
}

extension Scenario.Expectation {
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["choices", "trained", "untrained"])
        choices = mapping.required("choices")?.list(limit: 16).map { $0.text() } ?? []
        whenTrained = mapping.required("trained")?.text() ?? ""
        whenUntrained = mapping.required("untrained")?.text() ?? ""
        for word in choices where word != word.lowercased() || word.contains(where: \.isWhitespace) {
            value.report("“\(word)” must be one word in lower case")
        }
        for word in [whenTrained, whenUntrained] where !choices.contains(word) {
            value.report("“\(word)” is not one of the choices")
        }
    }
}

extension String {
    /// The text without line breaks at its end, which YAML's block style adds.
    func trimmingTrailingLineBreaks() -> String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}

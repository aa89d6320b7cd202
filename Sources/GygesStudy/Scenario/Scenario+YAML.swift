import GygesAnalysis
public import GygesFiles
public import GygesYAML

extension Scenario {
    /// Reads a scenario from YAML text; `path` names it in errors.
    ///
    /// - Throws: `FileError` with everything that is wrong: syntax, unknown or missing keys, values of the wrong kind
    /// or out of
    ///   bounds, names used twice, references to modes that do not exist.
    public init(
        yaml text: String, path: String, note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) {
        self = try Scenario(YAMLDocument(study: text, path: path), note: note)
    }

    /// Reads a scenario file.
    public init(contentsOf path: String) throws(FileError) {
        self = try Scenario(YAMLDocument(studyFile: path))
    }

    /// Reads a scenario; one that extends another keeps of it what it does not say itself.
    ///
    /// - Parameter note: called for every key that a file has under an older name.
    init(
        _ document: YAMLDocument, depth: Int = 0, note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) {
        let root = document.root.mapping(keys: [
            "version", "name", "description", "extends", "edits", "system", "user", "tiers", "modes", "logitGap",
            "judge",
            "prompts", "variants", "variantFiles",
        ])
        let folder = Self.folder(of: document.path)
        var base: Scenario?
        if let reference = root["extends"] {
            guard depth < 4 else {
                throw FileError(
                    document.path, "it extends a scenario that extends another, more than four times.",
                    remedy: "Extend a scenario that stands for itself.")
            }
            base = try Scenario(Self.document(reference.text(), relativeTo: folder), depth: depth + 1, note: note)
        }
        func value(_ key: String) -> YAMLValue? { base == nil ? root.required(key) : root[key] }
        root.checkVersion(Self.fileVersion)
        name = root.required("name")?.identifier() ?? ""
        description = root.required("description")?.text() ?? ""
        system = value("system")?.list(limit: 64).map(Part.init) ?? base?.system ?? []
        user = value("user")?.text() ?? base?.user ?? ""
        tiers = value("tiers")?.list(limit: 8).map(Tier.init) ?? base?.tiers ?? []
        modes = value("modes")?.list(limit: 8).compactMap(Mode.init) ?? base?.modes ?? []
        openings = value("logitGap").map { Openings($0) } ?? base?.openings ?? Openings(nil)
        criteria = value("judge").map { Criteria($0, base: base?.criteria) } ?? base?.criteria ?? Criteria(nil)
        prompts = value("prompts")?.list(limit: 10_000).map(Prompt.init) ?? base?.prompts ?? []
        demandsDecision = base?.demandsDecision ?? false
        edit(root)
        variants = try Self.sharedVariants(root["variantFiles"], relativeTo: folder)
        variants += Variant.list(root["variants"], after: variants)
        checkReferences(root)
        if !document.hasProblems { checkVariants(root) }
        try document.finish(remedy: "Correct the scenario; the shipped ones show the form.")
        document.renamedKeys.forEach(note)
    }

    /// The variants of files that several scenarios share, in order.
    private static func sharedVariants(
        _ value: YAMLValue?, relativeTo folder: String
    ) throws(FileError) -> [Variant] {
        var variants: [Variant] = []
        for reference in value?.list(limit: 32) ?? [] {
            let document = try document(reference.text(), relativeTo: folder)
            let root = document.root.mapping(keys: ["version", "variants"])
            root.checkVersion(fileVersion)
            variants += Variant.list(root.required("variants"), after: variants)
            try document.finish(remedy: "Correct the variants; the shipped ones show the form.")
        }
        return variants
    }

    /// Does the edits of a scenario that extends another.
    private mutating func edit(_ root: YAMLMapping) {
        guard let value = root["edits"] else { return }
        guard root["extends"] != nil else {
            return value.report("only a scenario that extends another has edits; say what you mean in its parts")
        }
        let edits = Variant.edits(value)
        do {
            self = try applying(Variant(id: name, label: "", role: .main, edits: edits))
        } catch {
            for problem in error.problems { value.report("\(problem)") }
        }
    }

    /// Tries every variant, so that none that is chosen later can fail.
    private func checkVariants(_ root: YAMLMapping) {
        for variant in variants {
            do {
                let resolved = try applying(variant)
                for problem in problems(of: variant.contrasts ?? [], in: resolved) {
                    (root["variants"] ?? root["variantFiles"])?.report("the variant “\(variant.id)”: \(problem)")
                }
            } catch {
                for problem in error.problems {
                    (root["variants"] ?? root["variantFiles"])?.report("the variant “\(variant.id)”: \(problem)")
                }
            }
        }
    }

    /// What is wrong with contrasts of a variant of this scenario, which is `resolved` with its edits.
    private func problems(of contrasts: [Contrast], in resolved: Scenario) -> [String] {
        var problems: [String] = []
        for contrast in contrasts {
            func places(in scenario: Scenario) -> [Int?] {
                [contrast.first, contrast.second].map { name in scenario.tiers.firstIndex { $0.id == name } }
            }
            func check(_ scenario: Scenario, _ name: String) {
                guard let first = places(in: scenario)[0], let second = places(in: scenario)[1] else {
                    return problems.append(
                        "the contrast “\(contrast.id)” compares \(contrast.first) and \(contrast.second), and \(name) lacks one."
                    )
                }
                if first >= second {
                    problems.append(
                        "the contrast “\(contrast.id)” names \(contrast.first) first, which does not stand before \(contrast.second)."
                    )
                }
            }
            check(resolved, "the variant")
            guard let than = contrast.than else { continue }
            guard let other = variant(than) else {
                problems.append("the contrast “\(contrast.id)” names a variant “\(than)” that does not exist.")
                continue
            }
            if let scenario = try? applying(other) { check(scenario, "“\(than)”") }
        }
        return problems
    }

    private func checkReferences(_ root: YAMLMapping) {
        reportDuplicates(tiers.map(\.id), what: "tier", in: root["tiers"])
        reportDuplicates(tiers.map(\.indicator), what: "indicator", in: root["tiers"])
        reportDuplicates(modes.map(\.id), what: "mode", in: root["modes"])
        reportDuplicates(prompts.map(\.id), what: "prompt", in: root["prompts"])
        reportDuplicates(prompts.map(\.text), what: "prompt text", in: root["prompts"])
        reportDuplicates(
            [Variant.standard.id] + variants.map(\.id), what: "variant", in: root["variants"] ?? root["variantFiles"])
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
        let mapping = value.mapping(keys: ["id", "label", "scratchpad", "responsePrefix", "stop", "default"])
        id = mapping.required("id")?.identifier() ?? ""
        label = mapping.required("label")?.text() ?? ""
        responsePrefix = mapping.required("responsePrefix")?.text(allowsEmpty: true) ?? ""
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
    /// Reads how answers are judged; what is not said is as in `base`, if there is one.
    init(_ value: YAMLValue?, base: Scenario.Criteria? = nil) {
        let mapping = value?.mapping(keys: ["rules", "compliance", "reasoning"])
        func part(_ key: String) -> YAMLValue? { base == nil ? mapping?.required(key) : mapping?[key] }
        self = base ?? Scenario.Criteria()
        if let rules = part("rules")?.mapping(keys: ["refusalIsObjection", "objections", "requirements"]) {
            refusalIsObjection = rules.required("refusalIsObjection")?.truth() ?? false
            objections = Self.phrases(rules.required("objections"))
            requirements = Self.phrases(rules["requirements"])
        }
        if let compliance = part("compliance")?.mapping(keys: ["question", "compliantAnswer"]) {
            complianceQuestion = compliance.required("question")?.text() ?? ""
            yesMeansCompliance = compliance.required("compliantAnswer")?.choice(YesOrNo.self) == .yes
        }
        if let questions = part("reasoning") {
            reasoning = questions.list(limit: 16).map { item in
                let question = item.mapping(keys: ["id", "question"])
                return Scenario.Question(
                    id: question.required("id")?.identifier() ?? "",
                    question: question.required("question")?.text() ?? "")
            }
        }
    }

    /// Phrases that answers are searched for.
    private static func phrases(_ value: YAMLValue?) -> [String] {
        let phrases = value?.list(limit: 500, allowsEmpty: true).map { $0.text() } ?? []
        for phrase in phrases where phrase != phrase.lowercased() {
            value?.report("“\(phrase)” must be in lower case, as answers are compared in lower case")
        }
        return phrases
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
    init(_ value: YAMLValue) {
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

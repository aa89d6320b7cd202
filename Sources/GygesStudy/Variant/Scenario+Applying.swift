extension Scenario {
    /// The scenario with a variant's edits, which has no variants itself.
    ///
    /// - Throws: ``VariantError`` with everything that does not fit, if anything does not.
    /// - Complexity: O(edits × length of the prompt).
    public func applying(_ variant: Variant) throws(VariantError) -> Scenario {
        if let followUp = variant.followUp { return try asking(followUp, in: variant) }
        var editor = ScenarioEditor(scenario: self)
        editor.scenario.variants = []
        for (index, edit) in variant.edits.enumerated() { editor.apply(edit, number: index + 1) }
        editor.check()
        guard editor.problems.isEmpty else {
            throw VariantError(scenario: name, variant: variant.id, problems: editor.problems)
        }
        return editor.scenario
    }

    /// The scenario of the variant that is followed, with a question after its answers.
    private func asking(_ followUp: FollowUp, in variant: Variant) throws(VariantError) -> Scenario {
        func problem(_ problem: VariantError.Problem) -> VariantError {
            VariantError(scenario: name, variant: variant.id, problems: [problem])
        }
        guard let followed = self.variant(followUp.variant) else { throw problem(.missingVariant(followUp.variant)) }
        guard followed.followUp == nil else {
            throw problem(.unsuited(followed.id, because: "which follows an answer itself"))
        }
        var scenario = try applying(followed)
        guard !scenario.demandsDecision else {
            throw problem(.unsuited(followed.id, because: "which demands a tag that an answer to a question lacks"))
        }
        scenario.followUp = followUp
        for index in scenario.prompts.indices {
            scenario.prompts[index].expectation = followUp.expectation
            scenario.prompts[index].question = followUp.question
        }
        return scenario
    }

    /// The variant of a name: the standard one, or one that the scenario lists.
    public func variant(_ id: String) -> Variant? {
        id == Variant.standard.id ? .standard : variants.first { $0.id == id }
    }
}

/// A scenario while it is edited. An edit that does not fit is noted and left out, so that the others are tried too.
private struct ScenarioEditor {
    var scenario: Scenario
    var problems: [VariantError.Problem] = []

    mutating func apply(_ edit: Variant.Edit, number: Int) {
        let (before, problemCount) = (scenario, problems.count)
        switch edit {
        case .replacePart(let address, let text):
            if let index = onePart(address, number) { scenario.system[index].text = text }
        case .cutPart(let address):
            let indices = parts(address, number)
            scenario.system = scenario.system.indices.filter { !indices.contains($0) }.map { scenario.system[$0] }
        case .addPart(let part, let placement): add(part, placement, number)
        case .replaceText(let place, let find, let replacement): replace(find, with: replacement, in: place, number)
        case .rename(let name, let other): rename(name, to: other, number)
        case .user(let text): scenario.user = text
        case .suffix(let text): scenario.user += text
        case .tiers(let tiers): scenario.tiers = tiers
        case .indicators(let indicators):
            for (tier, indicator) in indicators.sorted(by: { $0.key < $1.key }) {
                if let index = scenario.tiers.firstIndex(where: { $0.id == tier }) {
                    scenario.tiers[index].indicator = indicator
                } else {
                    problems.append(.missingTier(edit: number, name: tier))
                }
            }
        case .responsePrefix(let mode, let text):
            if let index = scenario.modes.firstIndex(where: { $0.id == mode }) {
                scenario.modes[index].responsePrefix = text
            } else {
                problems.append(.missingMode(edit: number, name: mode))
            }
        case .criteria(let criteria): scenario.criteria = criteria
        case .prompts(let prompts): scenario.prompts = prompts
        case .demandDecision: scenario.demandsDecision = true
        case .wording(let wording):
            (scenario.system, scenario.user, scenario.tiers) = (wording.system, wording.user, wording.tiers)
            (scenario.modes, scenario.prompts) = (wording.modes, wording.prompts)
        }
        if scenario == before, problems.count == problemCount { problems.append(.withoutEffect(edit: number)) }
    }

    /// What must hold of the result, whatever the edits were.
    mutating func check() {
        for placeholder in ["{{tier}}", "{{prompt}}"] {
            let count = scenario.user.places(of: placeholder).count
            if count != 1 { problems.append(.placeholder(placeholder, count: count)) }
        }
        var seen: Set<String> = []
        for tier in scenario.tiers where !seen.insert(tier.indicator).inserted {
            problems.append(.equalIndicators(tier.indicator))
        }
        for mode in scenario.modes where scenario.systemPrompt(for: mode).isEmpty {
            problems.append(.emptySystemPrompt(mode: mode.id))
        }
    }

    private mutating func parts(_ address: Variant.PartAddress, _ number: Int) -> [Int] {
        if let mode = address.mode, !scenario.modes.contains(where: { $0.id == mode }) {
            problems.append(.missingMode(edit: number, name: mode))
            return []
        }
        let indices = scenario.system.indices.filter { index in
            let part = scenario.system[index]
            guard part.name == address.name else { return false }
            guard let mode = address.mode else { return true }
            return part.modes?.contains(mode) ?? true
        }
        if indices.isEmpty {
            problems.append(.missingPart(edit: number, name: address.name, mode: address.mode))
        }
        return indices
    }

    private mutating func onePart(_ address: Variant.PartAddress, _ number: Int) -> Int? {
        let indices = parts(address, number)
        if indices.count > 1 {
            problems.append(.ambiguousPart(edit: number, name: address.name, count: indices.count))
        }
        return indices.count == 1 ? indices[0] : nil
    }

    private mutating func add(_ part: Scenario.Part, _ placement: Variant.Placement, _ number: Int) {
        for mode in part.modes ?? [] where !scenario.modes.contains(where: { $0.id == mode }) {
            problems.append(.missingMode(edit: number, name: mode))
        }
        switch placement {
        case .before(let name):
            if let index = parts(Variant.PartAddress(name), number).first { scenario.system.insert(part, at: index) }
        case .after(let name):
            if let index = parts(Variant.PartAddress(name), number).last { scenario.system.insert(part, at: index + 1) }
        }
    }

    private mutating func replace(
        _ text: String, with replacement: String, in place: Variant.Place, _ number: Int
    ) {
        switch place {
        case .user:
            let ranges = scenario.user.places(of: text)
            guard ranges.count == 1 else {
                return problems.append(.occurrences(edit: number, text: text, count: ranges.count))
            }
            scenario.user.replaceSubrange(ranges[0], with: replacement)
        case .part(let address):
            let indices = parts(address, number)
            guard !indices.isEmpty else { return }
            let places = indices.flatMap { index in scenario.system[index].text.places(of: text).map { (index, $0) } }
            guard places.count == 1 else {
                return problems.append(.occurrences(edit: number, text: text, count: places.count))
            }
            scenario.system[places[0].0].text.replaceSubrange(places[0].1, with: replacement)
        }
    }

    private mutating func rename(_ name: String, to other: String, _ number: Int) {
        guard scenario.system.contains(where: { !$0.text.places(of: name).isEmpty }) else {
            return problems.append(.occurrences(edit: number, text: name, count: 0))
        }
        func renamed(_ text: String) -> String { text.substituting(other, for: name) }
        for index in scenario.system.indices { scenario.system[index].text = renamed(scenario.system[index].text) }
        scenario.user = renamed(scenario.user)
        for index in scenario.tiers.indices {
            scenario.tiers[index].indicator = renamed(scenario.tiers[index].indicator)
        }
        scenario.criteria.complianceQuestion = renamed(scenario.criteria.complianceQuestion)
        for list in [\Scenario.Openings.compliant, \.refusing] {
            scenario.openings[keyPath: list] = scenario.openings[keyPath: list].map(renamed)
        }
        for list in [\Scenario.Criteria.objections, \.requirements] {
            scenario.criteria[keyPath: list] = scenario.criteria[keyPath: list].map {
                $0.substituting(other.lowercased(), for: name.lowercased())
            }
        }
        for index in scenario.criteria.reasoning.indices {
            scenario.criteria.reasoning[index].question = renamed(scenario.criteria.reasoning[index].question)
        }
        for index in scenario.prompts.indices {
            scenario.prompts[index].text = renamed(scenario.prompts[index].text)
            scenario.prompts[index].question = scenario.prompts[index].question.map(renamed)
        }
    }
}

import FoundationEssentials
import GygesAnalysis
public import GygesFiles
import GygesStatistics
public import GygesYAML

/// A study ready to run: its definition and the scenarios it names, checked against each other.
public struct Study: Sendable, Equatable, Codable {
    /// What is asked, with defaults filled in.
    public internal(set) var definition: StudyDefinition
    /// The scenarios in the definition's order, each with the variants that are asked and no others, in the scenario's order
    /// and with the standard one as one of them.
    public let scenarios: [Scenario]
    /// Where the study was read from, so that a resumed run can tell whether it has changed; `nil` if it was not read
    /// from a file.
    private(set) var origin: Origin?

    /// A study file and the overrides given with it.
    struct Origin: Sendable, Equatable, Codable {
        var path: String
        var overrides: [String]
    }

    /// Reads a study file and the scenarios it names; relative paths start from the study file's folder.
    ///
    /// - Parameters:
    ///   - path: the study file; `-` for standard input.
    ///   - overrides: assignments `key=value` with dotted keys, as given to `--set`.
    ///   - note: called for every key that the study file or a scenario has under an older name.
    /// - Throws: `FileError` with everything that is wrong in the file that is wrong first.
    public static func load(
        _ path: String, overrides: [String] = [], note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) -> Study {
        var definition = try StudyDefinition(contentsOf: path, overrides: overrides, note: note)
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        var scenarios: [Scenario] = []
        for reference in definition.scenarios {
            scenarios.append(try Scenario.find(reference, relativeTo: folder, note: note))
        }
        for (name, reference) in (definition.verbatim ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let index = scenarios.firstIndex(where: { $0.name == name }) else {
                throw FileError(
                    path, at: "verbatim.\(name)", "the study asks no scenario of this name.",
                    remedy: "Name a scenario that stands under “scenarios”.")
            }
            let file = try Scenario.find(reference, relativeTo: folder, note: note)
            guard scenarios[index].variant(Variant.verbatim) == nil else {
                throw FileError(
                    path, at: "verbatim.\(name)", "the scenario has a variant “\(Variant.verbatim)” of its own.",
                    remedy: "Leave one of the two out.")
            }
            scenarios[index].variants.append(
                try Variant(wordForWord: file, of: scenarios[index], path: reference))
        }
        // Whoever says where the words are wants them asked.
        if definition.verbatim != nil, !definition.variants.ids.contains(Variant.verbatim) {
            definition.variants.items.append(.id(Variant.verbatim))
        }
        let absolute = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return try Study(
            definition: definition, scenarios: scenarios, path: path,
            // What was read from standard input cannot be read again.
            origin: path == "-" ? nil : Origin(path: absolute, overrides: overrides))
    }

    /// The same study with its results in another folder, and no longer bound to a study file.
    func moved(to output: String) -> Study {
        var moved = self
        moved.definition.output = output
        moved.origin = nil
        return moved
    }

    /// The study read again from where it came from; `nil` if the file is no longer there.
    func reloaded() throws(FileError) -> Study? {
        guard let origin, FileManager.default.fileExists(atPath: origin.path) else { return nil }
        return try Study.load(origin.path, overrides: origin.overrides)
    }

    /// Combines a definition with its scenarios; `path` names the definition in errors.
    ///
    /// - Throws: `FileError` if the definition names modes, tiers or prompts that a scenario does not have.
    public init(definition: StudyDefinition, scenarios: [Scenario], path: String) throws(FileError) {
        self = try Study(definition: definition, scenarios: scenarios, path: path, origin: nil)
    }

    private init(
        definition: StudyDefinition, scenarios: [Scenario], path: String, origin: Origin?
    ) throws(FileError) {
        self.definition = definition
        self.origin = origin
        var problems: [String] = []
        func require(_ names: [String]?, among known: [String], what: String, in scenario: Scenario) {
            for name in names ?? [] where !known.contains(name) {
                problems.append("the scenario “\(scenario.name)” has no \(what) “\(name)”.")
            }
        }
        for scenario in scenarios {
            require(definition.modes, among: scenario.modes.map(\.id), what: "mode", in: scenario)
            require(definition.tiers, among: scenario.tiers.map(\.id), what: "tier", in: scenario)
            switch definition.prompts {
            case .ids(let ids): require(ids, among: scenario.prompts.map(\.id), what: "prompt", in: scenario)
            case .count(let count) where count > scenario.prompts.count:
                problems.append(
                    "the scenario “\(scenario.name)” has \(scenario.prompts.count) prompts, and \(count) are asked for."
                )
            default: break
            }
        }
        if Set(scenarios.map(\.name)).count != scenarios.count {
            problems.append("two scenarios have the same name.")
        }
        self.scenarios = scenarios.map { scenario in
            var chosen = scenario
            chosen.variants = definition.variants.choose(from: scenario)
            return chosen
        }
        for scenario in self.scenarios {
            for variant in scenario.variants {
                guard let followed = variant.followUp?.variant,
                    !scenario.variants.contains(where: { $0.id == followed })
                else { continue }
                problems.append(
                    "the variant “\(variant.id)” of “\(scenario.name)” follows “\(followed)”, which is not among the variants asked."
                )
            }
        }
        for name in definition.variants.ids where !self.scenarios.contains(where: { $0.variant(name) != nil }) {
            problems.append("no scenario has a variant “\(name)”.")
        }
        if let last = definition.preregistration.looks?.after.last, let prompts = mainPrompts, last >= prompts {
            problems.append(
                "a look after \(last) prompts comes no earlier than the end, at which \(prompts) have been asked; looks before it are stated."
            )
        }
        guard problems.isEmpty else {
            throw FileError(
                path, problems: problems,
                remedy: "Use the names that the scenario files list; `gyges study scenarios` shows them.")
        }
    }

    /// The digest of the study as registered: all that it says, except where the run writes to, how much it does at once, what the
    /// subject is called and what a plan assumed.
    var digest: ContentKey {
        get throws {
            var comparable = definition
            (comparable.output, comparable.concurrency, comparable.subject) = ("", 1, "")
            comparable.plan = StudyPlan.Assumptions()
            comparable.preregistrationSources = nil
            // What of this decides answers is part of the endpoint's identity.
            (comparable.endpoint, comparable.prices) = (EndpointSettings(), nil)
            return try ContentKey(of: comparable)
        }
    }

    /// The digest of what decides the answers, by the names of what they depend on.
    ///
    /// Judges, logit gaps, hypotheses, contrasts and descriptions decide none: a run whose study differs in them goes on, and the difference is
    /// marked.
    func decisiveDigests() throws -> [String: ContentKey] {
        var comparable = definition
        (comparable.output, comparable.concurrency, comparable.subject, comparable.name) = ("", 1, "", "")
        (comparable.judges, comparable.primaryJudge) = ([], nil)
        (comparable.measuresLogitGap, comparable.scenarios) = (true, [])
        (comparable.preregistration, comparable.plan) = (Preregistration(), StudyPlan.Assumptions())
        // The words themselves are the scenarios'.
        comparable.verbatim = nil
        comparable.preregistrationSources = nil
        // What else of these decides answers is part of the subject's identity: patience and speed may change.
        (comparable.endpoint, comparable.systemRole) = (EndpointSettings(), nil)
        comparable.endpoint.logProbabilities = definition.endpoint.logProbabilities
        var digests = ["the study file": try ContentKey(of: comparable)]
        for scenario in scenarios {
            var comparable = scenario
            comparable.description = ""
            for index in comparable.variants.indices { comparable.variants[index].label = "" }
            for index in comparable.variants.indices { comparable.variants[index].source = nil }
            for index in comparable.variants.indices { comparable.variants[index].contrasts = nil }
            digests["the scenario “\(scenario.name)”"] = try ContentKey(of: comparable)
        }
        return digests
    }

    /// The prompts of a condition that are asked, in the scenario's order. Prompts that a variant brings are all asked, as far as
    /// the study's number of prompts allows.
    package func prompts(of condition: Condition) -> [Scenario.Prompt] {
        let prompts = condition.scenario.prompts
        switch definition.prompts {
        case .ids(let ids) where !beginning(of: condition).replacesPrompts:
            let wanted = Set(ids)
            return prompts.filter { wanted.contains($0.id) }
        case .count(let count):
            // Other words are asked about the prompts that are drawn for the scenario as it is written.
            let written = scenarios.first { $0.name == condition.scenario.name }?.prompts ?? prompts
            let prompts = beginning(of: condition).replacesPrompts ? prompts : written
            guard count < prompts.count else { return condition.scenario.prompts }
            // Ranked by draws rather than shuffled: the standard library may change how it shuffles.
            var generator = SeededGenerator(seed: definition.seed)
            let ranks = prompts.indices.map { (rank: generator.next(), index: $0) }.sorted { $0 < $1 }
            let drawn = Set(ranks.prefix(count).map(\.index))
            let names = Set(prompts.indices.filter(drawn.contains).map { prompts[$0].id })
            return condition.scenario.prompts.filter { names.contains($0.id) }
        default: return prompts
        }
    }

    /// How many prompts the largest main condition asks; `nil` without one.
    var mainPrompts: Int? {
        scenarios.compactMap { scenario in
            scenario.variants.first { $0.role == .main }.flatMap { variant in
                scenario.modes.first.map {
                    prompts(of: Condition(scenario: scenario, variant: variant, mode: $0)).count
                }
            }
        }.max()
    }

    /// The variant that decides what a condition's conversations begin with: the one that a question follows, or its own.
    private func beginning(of condition: Condition) -> Variant {
        guard let followUp = condition.variant.followUp else { return condition.variant }
        let scenario = scenarios.first { $0.name == condition.scenario.name }
        return scenario?.variant(followUp.variant) ?? condition.variant
    }

    /// The modes of a scenario that are asked in.
    func modes(of scenario: Scenario) -> [Scenario.Mode] {
        scenario.modes.filter { mode in definition.modes.map { $0.contains(mode.id) } ?? mode.isDefault }
    }

    /// The tiers of a condition that are asked as; all of them where a variant brings its own.
    package func tiers(of condition: Condition) -> [Scenario.Tier] {
        guard let wanted = definition.tiers, !beginning(of: condition).replacesTiers else {
            return condition.scenario.tiers
        }
        return condition.scenario.tiers.filter { wanted.contains($0.id) }
    }
}

extension StudyDefinition.VariantSelection {
    /// The variants of a scenario that are meant, the standard one first and the others in the scenario's order.
    func choose(from scenario: Scenario) -> [Variant] {
        ([.standard] + scenario.variants.filter { $0.id != Variant.standard.id }).filter { variant in
            items.contains { item in
                switch item {
                case .all: true
                case .controls: variant.role.isControl
                case .id(let id): variant.id == id
                }
            }
        }
    }

    /// The variants that are named.
    var ids: [String] {
        items.compactMap { if case .id(let id) = $0 { id } else { nil } }
    }
}

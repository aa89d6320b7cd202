import GygesAnalysis
public import GygesReport

extension StudyDocument {
    /// What a report of the run in `folder` shows, from its journal alone; a run that is not finished says so.
    ///
    /// - Parameter judge: the short name of the judge whose findings lead; `nil` for the one that the study states.
    /// - Throws: ``StudyError`` if there is no run or no such judge, or the journal cannot be read.
    public init(runIn folder: String, judge: String? = nil) throws {
        self = try StudyDocument(RunRecord(folder: folder, judge: judge))
    }

    init(_ record: RunRecord) throws { self = try StudyDocument(record, results: record.results()) }

    init(_ record: RunRecord, results: StudyResults) throws {
        let study = record.manifest.study
        self.init(
            title: study.definition.name, purpose: study.scenarios.map(\.description).joined(separator: " "),
            subject: record.manifest.subject.name, facts: try Self.facts(record),
            judges: record.judges.map { record.names.describe($0) },
            sections: try record.conditions.map { try Section($0, in: study) }, results: results)
        preregistration = Preregistration(
            study.definition.preregistration, primaryJudge: study.definition.primaryJudge, origin: record.origin,
            deviations: record.deviations)
        notes = Self.notes(record, self)
        let program = ProgramIdentity.current
        origin = Origin(version: program.version, commit: program.commit)
    }

    private static func facts(_ record: RunRecord) throws -> [Fact] {
        let study = record.manifest.study
        let (definition, subject) = (study.definition, record.manifest.subject)
        var facts = [Fact("Subject", subject.name), Fact("Subject's digest", subject.digest, isVerbatim: true)]
        facts += subject.details.sorted { $0.key < $1.key }.map { Fact("Subject: \($0.key)", $0.value) }
        facts.append(
            Fact("Digest of the study as registered", record.registeredDigest.hexadecimal, isVerbatim: true))
        for scenario in study.scenarios {
            let digest = try ContentKey(of: scenario).hexadecimal
            facts.append(Fact("Digest of \(scenario.name)", digest, isVerbatim: true))
        }
        let sampling = definition.sampling
        facts += [
            Fact("Samples per prompt, tier and mode", "\(definition.samplesPerPrompt)"),
            Fact("Seed", "\(definition.seed)"),
            Fact(
                "Sampling",
                """
                temperature \(sampling.temperature), top-p \(sampling.topP), top-k \(sampling.topK), \
                at most \(sampling.maximumTokens) tokens
                """),
        ]
        if !record.programs.isEmpty {
            let programs = record.programs.map(\.description).joined(separator: "; ")
            facts.append(Fact("Journal written by", programs))
        }
        facts += usage(record)
        if let judge = record.manifest.judge {
            facts += [
                Fact("Judge model", judge.name), Fact("Judge model's digest", judge.digest, isVerbatim: true),
            ]
        }
        return facts
    }
}

extension StudyDocument {
    /// How many tokens the answers took, and what they cost where the study has prices; what judges used is not counted.
    private static func usage(_ record: RunRecord) -> [Fact] {
        let (prompts, answers) = record.tokens
        guard prompts + answers > 0 else { return [] }
        var facts = [Fact("Tokens", "\(prompts) in prompts, \(answers) in answers")]
        if let prices = record.manifest.study.definition.prices {
            let cost = prices.cost(promptTokens: prompts, answerTokens: answers)
            facts.append(Fact("Cost of the answers", "\((cost * 10_000).rounded() / 10_000) \(prices.currency)"))
        }
        return facts
    }
}

extension StudyDocument.Section {
    /// A condition as readers are told of it.
    fileprivate init(_ asked: AskedCondition, in study: Study) throws {
        let condition = asked.condition
        let (scenario, mode) = (condition.scenario, condition.mode)
        self.init(
            id: asked.id, scenario: scenario.name,
            variant: condition.variant == .standard ? "" : condition.variant.label, mode: mode.label,
            summary: scenario.description,
            tiers: asked.tiers.map { StudyDocument.Tier(id: $0.id, label: $0.label, isTrained: $0.isTrained) },
            systemPrompt: scenario.systemPrompt(for: mode), userTurn: scenario.user)
        (variantID, modeID) = (condition.variant.id, mode.id)
        role = condition.role.rawValue
        isMain = condition.role == .main
        if condition.variant != .standard, let written = study.scenarios.first(where: { $0.name == scenario.name }) {
            difference = Self.lines(of: try condition.variant.difference(in: written, mode: mode.id))
        }
    }

    /// A variant's difference as a report shows it, with a line of what is the same around it.
    private static func lines(of difference: VariantDifference) -> [StudyDocument.DifferenceLine] {
        difference.items.flatMap { item in
            [StudyDocument.DifferenceLine(.heading, item.place)]
                + item.difference.excerpt().map { line in
                    switch line?.change {
                    case .kept: StudyDocument.DifferenceLine(.same, line?.text ?? "")
                    case .removed: StudyDocument.DifferenceLine(.removed, line?.text ?? "")
                    case .added: StudyDocument.DifferenceLine(.added, line?.text ?? "")
                    case nil: StudyDocument.DifferenceLine(.same, "…")
                    }
                }
        }
    }
}

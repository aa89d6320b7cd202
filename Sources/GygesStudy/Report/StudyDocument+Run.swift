public import GygesReport
import GygesStatistics

extension StudyDocument {
    /// What a report of the run in `folder` shows, from its journal alone; a run that is not finished says so.
    ///
    /// - Throws: ``StudyError`` if there is no run, or its journal cannot be read.
    public init(runIn folder: String) throws {
        self = try StudyDocument(RunRecord(folder: folder))
    }

    init(_ record: RunRecord) throws {
        self = try StudyDocument(record, analyses: record.analyses(), agreements: record.judgeAgreements())
    }

    init(_ record: RunRecord, analyses: [StudyAnalysis], agreements: [GygesStudy.JudgeAgreement]) throws {
        let study = record.manifest.study
        self.init(
            title: study.definition.name, purpose: study.scenarios.map(\.description).joined(separator: " "),
            subject: record.manifest.subject.name, facts: try Self.facts(record),
            judges: record.judges.map { record.names.describe($0) },
            sections: [], notes: [])
        let conditions = record.tallies.map(\.condition)
        let logitGaps = record.pairedLogitGaps
        for tally in record.tallies {
            let condition = tally.condition
            let name = condition.scenario.name
            var section = tally.section
            if condition.variant != .standard, let written = study.scenarios.first(where: { $0.name == name }) {
                section.difference = try Self.lines(
                    of: condition.variant.difference(in: written, mode: condition.mode.id))
            }
            // Measured in the context of one mode, whether or not answers are asked for in it.
            let siblings = conditions.filter { $0.scenario.name == name && $0.variant == condition.variant }
            let home = siblings.first { $0.mode.id == condition.scenario.openings.mode } ?? siblings.first
            if condition.variant == .standard, condition.mode == home?.mode {
                section.logitGap = Self.logitGap(
                    condition.scenario, logitGaps[RunRecord.home(ofLogitGapsIn: condition.scenario)] ?? [])
            }
            sections.append(section)
        }
        preregistration = Preregistration(study.definition.preregistration, deviations: record.deviations)
        calibrations = Self.calibrations(record)
        take(analyses, agreements: agreements)
        notes = Self.notes(record, sections)
    }

    /// A variant's difference as a report shows it, with a line of what is the same around it.
    private static func lines(of difference: VariantDifference) -> [DifferenceLine] {
        difference.items.flatMap { item in
            [DifferenceLine(.heading, item.place)]
                + item.difference.excerpt().map { line in
                    switch line?.change {
                    case .kept: DifferenceLine(.same, line?.text ?? "")
                    case .removed: DifferenceLine(.removed, line?.text ?? "")
                    case .added: DifferenceLine(.added, line?.text ?? "")
                    case nil: DifferenceLine(.same, "…")
                    }
                }
        }
    }

    private static func logitGap(
        _ scenario: Scenario, _ pairs: [(prompt: String, first: GygesStudy.LogitGap, second: GygesStudy.LogitGap)]
    ) -> LogitGap? {
        guard let trained = scenario.trainedTier, let untrained = scenario.untrainedTier, !pairs.isEmpty else {
            return nil
        }
        let summary = StudyAnalysis.LogitGap(pairs.map { ($0.first, $0.second) })
        return LogitGap(
            first: trained.id, second: untrained.id,
            points: pairs.map { LogitGap.Point(prompt: $0.prompt, first: $0.first.gap, second: $0.second.gap) },
            positions: summary.positions.map {
                LogitGap.Position(
                    isCompliant: $0.isCompliant, place: $0.place, difference: $0.difference.mean, interval: $0.interval)
            })
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

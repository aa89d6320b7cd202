public import GygesAnalysis

extension RunRecord {
    /// What the run's answers say, by the rule that the study states; the first judge's verdicts are the study's.
    ///
    /// Rates are corrected for a judge's errors where there are labels: those of the labeller who gave most, the first by name of
    /// several.
    func results() throws -> StudyResults {
        let definition = manifest.study.definition
        let accuracies = accuracies
        return try StudyResults(
            observations[0], judges: findings(accuracies), rule: definition.preregistration.rule,
            hypotheses: definition.preregistration.hypotheses, contrasts: manifest.study.contrasts,
            logitGaps: logitGapFindings, accuracies: accuracies, sequential: definition.preregistration.looks,
            seed: definition.seed)
    }

    /// The look at which the run stands by the primary judge's findings; `nil` where it is looked at once, or nothing was judged.
    func look() -> Look? {
        let definition = manifest.study.definition
        guard let plan = definition.preregistration.looks, let primary = findings(accuracies).first else { return nil }
        return plan.look(primary, rule: definition.preregistration.rule, seed: definition.seed)
    }

    /// What each judge found, the primary judge's first.
    private func findings(_ accuracies: [JudgeAccuracy]) -> [JudgeFindings] {
        let counts = Dictionary(grouping: labels, by: \.labeller).mapValues(\.count)
        let labeller = counts.min { (-$0.value, $0.key) < (-$1.value, $1.key) }?.key
        return zip(zip(judges, judgeable), observations).map { counted, observations in
            let (judge, judgeable) = counted
            return JudgeFindings(
                judge: names[judge], judgesFaking: names.judgesFaking(judge), observations: observations,
                calibration: labeller.map { labeller in
                    JudgeCalibration(accuracies.filter { $0.labeller == labeller && $0.judge == names[judge] })
                }, judgeable: judgeable)
        }
    }

    /// The logit gaps measured in both tiers of a prompt, by the condition with which they are shown: that of the mode in whose
    /// context they were measured, or the variant's first where nothing else is asked in that mode.
    private var logitGapFindings: [String: LogitGapFindings] {
        var findings: [String: LogitGapFindings] = [:]
        for (measured, recorded) in Dictionary(grouping: logitGaps, by: \.cell.condition.id) {
            guard let condition = recorded.first?.cell.condition else { continue }
            let home =
                conditions.first { $0.id == measured }
                ?? conditions.first {
                    $0.condition.scenario.name == condition.scenario.name
                        && $0.condition.variant.id == condition.variant.id
                }
            guard let home else { continue }
            let second = Dictionary(
                recorded.lazy.filter { !$0.cell.tier.isTrained }.map { ($0.cell.prompt.id, $0.gap) },
                uniquingKeysWith: { first, _ in first })
            let pairs = recorded.compactMap { entry -> LogitGapPair? in
                guard entry.cell.tier.isTrained, let mine = entry.gap, let its = second[entry.cell.prompt.id] ?? nil
                else { return nil }
                return LogitGapPair(prompt: entry.cell.prompt.id, first: mine, second: its)
            }
            findings[home.id] = LogitGapFindings(mode: condition.mode.id, pairs: pairs)
        }
        return findings
    }
}

extension JudgeAgreement {
    /// How far every two judges of the run in `folder` agree.
    ///
    /// - Throws: ``StudyError`` if there is no run.
    public static func agreements(ofRunIn folder: String) throws -> [JudgeAgreement] {
        try RunRecord(folder: folder).results().agreements
    }
}

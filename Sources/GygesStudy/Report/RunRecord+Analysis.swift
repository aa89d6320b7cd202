import GygesStatistics

extension RunRecord {
    /// What each judge's findings say, by the rule that the study states; the first judge's verdicts are the study's.
    ///
    /// Rates are corrected for a judge's errors where there are labels: those of the labeller who gave most, the first by name of
    /// several.
    func analyses() -> [StudyAnalysis] {
        let definition = manifest.study.definition
        let counts = Dictionary(grouping: labels, by: \.labeller).mapValues(\.count)
        let labeller = counts.min { (-$0.value, $0.key) < (-$1.value, $1.key) }?.key
        let accuracies = labeller.map { JudgeAccuracy.accuracies(self, labeller: $0) } ?? []
        let gaps = pairedLogitGaps.mapValues { $0.map { (first: $0.first, second: $0.second) } }
        return zip(judges, observations).map { judge, observations in
            func errors(_ outcome: LabelOutcome) -> JudgeErrors? {
                accuracies.first { $0.judge == judge && $0.outcome == outcome }.map {
                    JudgeErrors(sensitivity: $0.positives.proportion, specificity: $0.negatives.proportion)
                }
            }
            let calibration =
                labeller == nil
                ? nil : JudgeCalibration(compliance: errors(.compliance), faking: errors(.alignmentFaking))
            return StudyAnalysis(
                observations, judge: names[judge], rule: definition.preregistration.rule,
                hypotheses: definition.preregistration.hypotheses, calibration: calibration,
                logitGaps: gaps, seed: definition.seed)
        }
    }

    /// The logit gaps measured in both tiers of a prompt, by the condition in whose context they were.
    var pairedLogitGaps: [String: [(prompt: String, first: LogitGap, second: LogitGap)]] {
        Dictionary(grouping: logitGaps) { Self.home(ofLogitGapsIn: $0.cell.scenario) }.mapValues { recorded in
            let second = Dictionary(
                recorded.lazy.filter { !$0.cell.tier.isTrained }.map { ($0.cell.prompt.id, $0.gap) },
                uniquingKeysWith: { first, _ in first })
            return recorded.compactMap { entry in
                guard entry.cell.tier.isTrained, let mine = entry.gap, let its = second[entry.cell.prompt.id] ?? nil
                else { return nil }
                return (entry.cell.prompt.id, mine, its)
            }
        }
    }

    /// The condition in whose context a scenario's openings are measured.
    static func home(ofLogitGapsIn scenario: Scenario) -> String {
        "\(scenario.name)/\(Variant.standard.id)/\(scenario.openings.mode)"
    }
}

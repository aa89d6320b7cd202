import GygesAnalysis
import GygesFiles
import GygesStatistics

extension StudyDocument {
    /// One row for each condition, tier and judge: counts, shares and Wilson intervals (CSV, RFC 4180).
    ///
    /// The last column holds the canary. The same document gives the same bytes.
    public func conditionsTable() -> String {
        var table = CommaSeparatedTable(
            columns: ["condition", "scenario", "mode", "tier", "is_trained", "judge", "primary_judge", "asked"]
                + Exchange.State.allCases.map { $0.rawValue.replacing("-", with: "_") } + [
                    "judged", "complied", "compliance", "compliance_low", "compliance_high", "faking_judged", "faking",
                    "faking_rate", "faking_low", "faking_high", "bounds_low", "bounds_high", "corrected",
                    "corrected_low",
                    "corrected_high", "faking_corrected", "faking_corrected_low", "faking_corrected_high", "level",
                    "canary",
                ])
        for section in sections {
            for tier in section.tiers {
                for analysis in results.judges {
                    guard let found = analysis.condition(section.id)?.tier(tier.id) else { continue }
                    var row = [
                        section.id, section.scenario, section.mode, tier.id, tier.isTrained ? "true" : "false",
                        analysis.judge, primaryJudge?.id ?? "", "\(found.ledger.asked)",
                    ]
                    row += Exchange.State.allCases.map { "\(found.ledger[$0.form])" }
                    row += fields(found.compliance) + fields(found.faking)
                    row += [field(found.compliance.bounds.lower), field(found.compliance.bounds.upper)]
                    row += fields(found.compliance.corrected) + fields(found.faking?.corrected)
                    table.append(row + ["\(analysis.level)", Canary.line])
                }
            }
        }
        return table.text
    }

    /// One row for each comparison of two tiers: paired counts, gap, interval and tests (CSV, RFC 4180).
    public func gapsTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "condition", "judge", "primary_judge", "first_tier", "second_tier", "pairs", "both", "only_first",
            "only_second", "neither",
            "gap", "gap_low", "gap_high", "interval", "p_mcnemar", "p", "p_holm", "p_bh", "p_permutation", "bounds_low",
            "bounds_high", "corrected", "corrected_low", "corrected_high", "p_equivalence", "equivalence_margin",
            "logit_gap_difference",
            "logit_gap_low", "logit_gap_high", "logit_gap_p", "logit_gap_prompts", "logit_gap_over_placebo",
            "logit_gap_over_placebo_low", "logit_gap_over_placebo_high", "logit_gap_over_placebo_p",
            "logit_gap_placebo", "canary",
        ])
        for judge in judges {
            for judged in conditions(by: judge.id) {
                guard let gap = judged.condition.gap else { continue }
                let pairs = gap.pairs
                let logit = judged.logitGap
                let placebo = logit?.smallestOverPlacebo
                /// A number that there is only with pairs.
                func paired(_ value: Double) -> String { pairs.count > 0 ? field(value) : "" }
                table.append(
                    [
                        judged.section.id, judge.id, primaryJudge?.id ?? "", gap.first, gap.second, "\(pairs.count)",
                        "\(pairs.bothYes)", "\(pairs.onlyFirst)", "\(pairs.onlySecond)", "\(pairs.neither)",
                        field(gap.estimate), paired(gap.interval.lower), paired(gap.interval.upper), "score",
                        paired(gap.mcNemarPValue), paired(gap.pValue), paired(gap.holmPValue),
                        paired(gap.benjaminiHochbergPValue), paired(gap.permutationPValue), paired(gap.bounds.lower),
                        paired(gap.bounds.upper),
                    ] + fields(gap.corrected) + [
                        paired(gap.equivalence.pValue), field(gap.equivalence.margin), field(logit?.difference.mean),
                        field(logit?.interval?.lower), field(logit?.interval?.upper),
                        field(logit?.pValue), logit.map { "\($0.difference.count)" } ?? "",
                        field(placebo?.difference.mean), field(placebo?.interval?.lower),
                        field(placebo?.interval?.upper), field(placebo?.pValue), placebo?.condition ?? "",
                        Canary.line,
                    ])
            }
        }
        return table.text
    }

    /// One row for each hypothesis and condition that it is about: what was found, and what became of the hypothesis (CSV, RFC 4180).
    public func hypothesesTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "hypothesis", "statement", "primary_judge", "result", "p", "p_corrected", "smallest_effect", "condition",
            "test", "count",
            "is_difference",
            "estimate", "low", "high", "level", "p_condition", "canary",
        ])
        for (index, (hypothesis, result)) in statedHypotheses.enumerated() {
            let start = [
                "\(index + 1)", hypothesis.statement, primaryJudge?.id ?? "", result?.status.rawValue ?? "",
                field(result?.pValue),
                field(result?.adjustedPValue), result == nil ? "" : field(hypothesis.smallestEffect),
            ]
            let parts = result?.parts ?? []
            for part in parts {
                table.append(
                    start + [
                        part.condition, part.test.rawValue, "\(part.count)",
                        hypothesis.comparison == .trainedAlone ? "false" : "true", field(part.estimate),
                        field(part.interval.lower), field(part.interval.upper), field(part.interval.level),
                        field(part.pValue), Canary.line,
                    ])
            }
            if parts.isEmpty {
                table.append(start + Array(repeating: "", count: 9) + [Canary.line])
            }
        }
        return table.text
    }

    /// One row for each two judges and question (CSV, RFC 4180).
    public func agreementsTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "question", "first", "second", "answers", "both_yes", "only_first", "only_second", "neither", "kappa",
            "kappa_low",
            "kappa_high", "alpha", "alpha_low", "alpha_high", "canary",
        ])
        for agreement in results.agreements {
            let counts = agreement.counts
            table.append(
                [
                    agreement.question.rawValue, agreement.first, agreement.second, "\(counts.count)",
                    "\(counts.bothYes)",
                    "\(counts.onlyFirst)", "\(counts.onlySecond)", "\(counts.neither)",
                ] + fields(agreement.kappa, agreement.kappaInterval)
                    + fields(agreement.alpha, agreement.alphaInterval) + [Canary.line])
        }
        return table.text
    }

    /// One row for each judge and question that was labelled (CSV, RFC 4180).
    public func calibrationsTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "judge", "question", "labelled_yes", "sensitivity", "sensitivity_low", "sensitivity_high", "labelled_no",
            "specificity", "specificity_low", "specificity_high", "area", "area_low", "area_high", "kappa", "kappa_low",
            "kappa_high", "canary",
        ])
        for accuracy in results.accuracies {
            func share(_ share: WeightedShare) -> [String] {
                ["\(share.count)"] + fields(share.estimate, share.interval, isKnown: true)
            }
            table.append(
                [accuracy.judge, "\(accuracy.outcome.rawValue), labelled by \(accuracy.labeller)"]
                    + share(accuracy.positives) + share(accuracy.negatives)
                    + fields(accuracy.discrimination?.area, accuracy.areaInterval)
                    + fields(accuracy.kappa, accuracy.kappaInterval) + [Canary.line])
        }
        return table.text
    }

    /// A number and its interval; `isKnown` prints an interval that there is without a number.
    private func fields(_ value: Double?, _ interval: Interval?, isKnown: Bool = false) -> [String] {
        let interval = value != nil || isKnown ? interval : nil
        return [field(value), field(interval?.lower), field(interval?.upper)]
    }

    private func fields(_ corrected: CorrectedEstimate?) -> [String] {
        // A correction that does not hold is no number.
        let corrected = corrected.flatMap { $0.holds ? $0 : nil }
        return fields(corrected?.estimate, corrected?.interval)
    }

    /// A rate with its counts.
    private func fields(_ rate: StudyAnalysis.Rate?) -> [String] {
        guard let rate else { return ["", "", "", "", ""] }
        return ["\(rate.count)", Numbers.total(rate)] + fields(rate.estimate, rate.interval)
    }

    private func field(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }
}

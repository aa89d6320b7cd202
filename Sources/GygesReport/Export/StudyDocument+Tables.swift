import GygesStatistics

extension StudyDocument {
    /// One row for each condition, tier and judge: counts, shares and Wilson intervals (CSV, RFC 4180).
    ///
    /// The last column holds the canary. The same document gives the same bytes.
    public func conditionsTable() -> String {
        var table = CommaSeparatedTable(
            columns: ["condition", "scenario", "mode", "tier", "is_trained", "judge", "asked"]
                + Exchange.State.allCases.map { $0.rawValue.replacing("-", with: "_") } + [
                    "judged", "complied", "compliance", "compliance_low", "compliance_high", "faking_judged", "faking",
                    "faking_rate", "faking_low", "faking_high", "bounds_low", "bounds_high", "corrected",
                    "corrected_low",
                    "corrected_high", "faking_corrected", "faking_corrected_low", "faking_corrected_high", "level",
                    "canary",
                ])
        for section in sections {
            for tier in section.tiers {
                for outcome in tier.outcomes {
                    var row = [
                        section.id, section.scenario, section.mode, tier.id, tier.isTrained ? "true" : "false",
                        outcome.judge, "\(tier.ledger.asked)",
                    ]
                    row += Exchange.State.allCases.map { "\(tier.ledger[$0])" }
                    row += shareFields(outcome.compliance, outcome.complianceInterval)
                    row += shareFields(outcome.alignmentFaking, outcome.fakingInterval)
                    row += [field(outcome.bounds?.lower), field(outcome.bounds?.upper)]
                    row += fields(outcome.correctedCompliance) + fields(outcome.correctedFaking)
                    table.append(row + ["\(level)", Canary.line])
                }
            }
        }
        return table.text
    }

    /// One row for each comparison of two tiers: paired counts, gap, interval and tests (CSV, RFC 4180).
    public func gapsTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "condition", "judge", "first_tier", "second_tier", "pairs", "both", "only_first", "only_second", "neither",
            "gap", "gap_low", "gap_high", "interval", "p_mcnemar", "p", "p_holm", "p_bh", "p_permutation", "bounds_low",
            "bounds_high", "corrected", "corrected_low", "corrected_high", "p_equivalence", "equivalence_margin",
            "logit_gap_difference",
            "logit_gap_low", "logit_gap_high", "logit_gap_p", "logit_gap_prompts", "canary",
        ])
        for judge in judges {
            for finding in gapFindings(by: judge.id) {
                let comparison = finding.comparison
                let pairs = comparison.pairs
                let hasPairs = pairs.count > 0
                let logit = finding.section.logitGap.flatMap { LogitGapFinding($0, level: level) }
                table.append(
                    [
                        finding.section.id, judge.id, comparison.first, comparison.second, "\(pairs.count)",
                        "\(pairs.bothYes)", "\(pairs.onlyFirst)", "\(pairs.onlySecond)", "\(pairs.neither)",
                        field(finding.gap), field(hasPairs ? finding.interval.lower : nil),
                        field(hasPairs ? finding.interval.upper : nil),
                        comparison.interval == nil ? "newcombe" : "score", field(hasPairs ? pairs.mcNemarPValue : nil),
                        field(hasPairs ? finding.pValue : nil), field(hasPairs ? finding.adjustedPValue : nil),
                        field(hasPairs ? finding.discoveryPValue : nil),
                        field(hasPairs ? comparison.permutationPValue : nil),
                        field(hasPairs ? comparison.bounds?.lower : nil),
                        field(hasPairs ? comparison.bounds?.upper : nil),
                    ] + fields(hasPairs ? comparison.corrected : nil) + [
                        field(hasPairs ? comparison.equivalencePValue : nil), field(comparison.equivalenceMargin),
                        field(logit?.difference.mean), field(logit?.interval?.lower), field(logit?.interval?.upper),
                        field(logit?.pValue), logit.map { "\($0.difference.count)" } ?? "", Canary.line,
                    ])
            }
        }
        return table.text
    }

    /// One row for each hypothesis and condition that it is about: what was found, and what became of the hypothesis (CSV, RFC 4180).
    public func hypothesesTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "hypothesis", "statement", "result", "p", "p_corrected", "smallest_effect", "condition", "test", "count",
            "is_difference",
            "estimate", "low", "high", "level", "p_condition", "canary",
        ])
        for (index, hypothesis) in (preregistration?.hypotheses ?? []).enumerated() {
            let start = [
                "\(index + 1)", hypothesis.statement, hypothesis.state?.rawValue ?? "", field(hypothesis.pValue),
                field(hypothesis.adjustedPValue), field(hypothesis.smallestEffect),
            ]
            for finding in hypothesis.findings {
                table.append(
                    start + [
                        finding.condition, finding.test, "\(finding.count)", finding.isDifference ? "true" : "false",
                    ] + fields(finding.estimate) + [
                        field(finding.estimate.interval?.level), field(finding.pValue), Canary.line,
                    ])
            }
            if hypothesis.findings.isEmpty {
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
        for agreement in agreements {
            let counts = agreement.counts
            table.append(
                [
                    agreement.question, agreement.first, agreement.second, "\(counts.count)", "\(counts.bothYes)",
                    "\(counts.onlyFirst)", "\(counts.onlySecond)", "\(counts.neither)",
                ] + fields(agreement.kappa) + fields(agreement.alpha) + [Canary.line])
        }
        return table.text
    }

    /// One row for each judge and question that was labelled (CSV, RFC 4180).
    public func calibrationsTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "judge", "question", "labelled_yes", "sensitivity", "sensitivity_low", "sensitivity_high", "labelled_no",
            "specificity", "specificity_low", "specificity_high", "area", "area_low", "area_high", "canary",
        ])
        for calibration in calibrations {
            func share(_ share: Proportion) -> [String] {
                let interval = share.wilsonInterval(level: level)
                return [
                    "\(share.count)", field(share.estimate), field(interval.lower), field(interval.upper),
                ]
            }
            table.append(
                [calibration.judge, calibration.question] + share(calibration.sensitivity)
                    + share(calibration.specificity) + fields(calibration.area) + [Canary.line])
        }
        return table.text
    }

    private func fields(_ estimate: Estimate?) -> [String] {
        [field(estimate?.value), field(estimate?.interval?.lower), field(estimate?.interval?.upper)]
    }

    private func shareFields(_ share: Proportion?, _ known: Interval?) -> [String] {
        guard let share else { return ["", "", "", "", ""] }
        let interval = share.count > 0 ? known ?? share.wilsonInterval(level: level) : nil
        return [
            "\(share.count)", "\(share.successes)", field(share.estimate), field(interval?.lower),
            field(interval?.upper),
        ]
    }

    private func field(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }
}

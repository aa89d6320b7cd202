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
                    "faking_rate", "faking_low", "faking_high", "level", "canary",
                ])
        for section in sections {
            for tier in section.tiers {
                for outcome in tier.outcomes {
                    var row = [
                        section.id, section.scenario, section.mode, tier.id, tier.isTrained ? "true" : "false",
                        outcome.judge, "\(tier.ledger.asked)",
                    ]
                    row += Exchange.State.allCases.map { "\(tier.ledger[$0])" }
                    row += shareFields(outcome.compliance) + shareFields(outcome.alignmentFaking)
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
            "gap", "gap_low", "gap_high", "interval", "p_mcnemar", "p_holm", "logit_gap_difference",
            "logit_gap_low", "logit_gap_high", "logit_gap_p", "logit_gap_prompts", "canary",
        ])
        for judge in judges {
            for finding in gapFindings(by: judge.id) {
                let comparison = finding.comparison
                let pairs = comparison.pairs
                let hasPairs = pairs.count > 0
                let logit = finding.section.logitGap.flatMap { LogitGapFinding($0, level: level) }
                table.append([
                    finding.section.id, judge.id, comparison.first, comparison.second, "\(pairs.count)",
                    "\(pairs.bothYes)", "\(pairs.onlyFirst)", "\(pairs.onlySecond)", "\(pairs.neither)",
                    field(finding.gap), field(hasPairs ? finding.interval.lower : nil),
                    field(hasPairs ? finding.interval.upper : nil),
                    comparison.clusteredInterval == nil ? "newcombe" : "bootstrap-by-prompt",
                    field(hasPairs ? finding.pValue : nil), field(hasPairs ? finding.adjustedPValue : nil),
                    field(logit?.difference.mean), field(logit?.interval?.lower), field(logit?.interval?.upper),
                    field(logit?.pValue), logit.map { "\($0.difference.count)" } ?? "", Canary.line,
                ])
            }
        }
        return table.text
    }

    private func shareFields(_ share: Proportion?) -> [String] {
        guard let share else { return ["", "", "", "", ""] }
        let interval = share.count > 0 ? share.wilsonInterval(level: level) : nil
        return [
            "\(share.count)", "\(share.successes)", field(share.estimate), field(interval?.lower),
            field(interval?.upper),
        ]
    }

    private func field(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }
}

import GygesAnalysis
import GygesFiles
import GygesStatistics

extension StudyDocument {
    /// One row for each contrast, motive that predicts something of it, and judge (CSV, RFC 4180).
    public func motivesTable() -> String {
        var table = CommaSeparatedTable(columns: [
            "scenario", "mode", "judge", "contrast", "condition", "first_tier", "second_tier", "less_condition",
            "prompts", "difference", "low", "high", "level", "motive", "predicted", "outcome", "motive_status",
            "canary",
        ])
        for analysis in results.judges {
            for motives in analysis.motives {
                for row in motives.rows {
                    let contrast = row.stated.contrast
                    for finding in motives.findings {
                        guard let prediction = contrast.predictions[finding.motive] else { continue }
                        table.append([
                            motives.scenario, motives.mode, analysis.judge, contrast.id, row.stated.condition,
                            contrast.first, contrast.second, row.stated.than ?? "", "\(row.prompts)",
                            number(row.estimate), number(row.interval?.lower), number(row.interval?.upper),
                            number(motives.level), finding.motive.rawValue, prediction.rawValue,
                            (row.outcomes[finding.motive] ?? .untold).rawValue, finding.status.rawValue, Canary.line,
                        ])
                    }
                }
            }
        }
        return table.text
    }

    /// One row for each wording that published words are compared with, and judge (CSV, RFC 4180).
    public func contaminationTable() -> String {
        let measures = ["gap", "trained", "untrained"]
        var table = CommaSeparatedTable(
            columns: ["scenario", "mode", "judge", "verbatim", "compared_with", "conditions"]
                + measures.flatMap { ["\($0)_difference", "\($0)_low", "\($0)_high", "\($0)_prompts"] }
                + ["level", "canary"])
        for analysis in results.judges {
            for index in analysis.contamination {
                for comparison in index.comparisons {
                    func fields(_ found: ContaminationIndex.Difference?) -> [String] {
                        [
                            number(found?.estimate), number(found?.interval.lower), number(found?.interval.upper),
                            found.map { "\($0.prompts)" } ?? "",
                        ]
                    }
                    table.append(
                        [
                            index.scenario, index.mode, analysis.judge, index.verbatim, comparison.wording.rawValue,
                            comparison.conditions.joined(separator: " "),
                        ] + fields(comparison.gap) + fields(comparison.trained) + fields(comparison.untrained)
                            + [number(analysis.level), Canary.line])
                }
                for wording in index.missing {
                    table.append(
                        [index.scenario, index.mode, analysis.judge, index.verbatim, wording.rawValue, "not asked"]
                            + Array(repeating: "", count: 12) + [number(analysis.level), Canary.line])
                }
            }
        }
        return table.text
    }

    private func number(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }
}

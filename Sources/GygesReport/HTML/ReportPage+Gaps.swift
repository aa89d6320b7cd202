import GygesAnalysis
import GygesStatistics

/// The charts of gaps, of prompts and of what was measured without sampling.
extension ReportPage {
    func gapCharts(_ conditions: [JudgedCondition], _ judge: StudyDocument.Judge) -> [[String: Any]] {
        var charts: [[String: Any]] = []
        let gaps = conditions.compactMap(\.gap)
        if gaps.count > 2 {
            charts.append(
                chart(
                    "Every condition: compliance in both tiers, the largest gap first", id: "pairs",
                    PairedBarsChart(conditions: conditions), isWide: true))
        }
        let all = document.judges.flatMap { judge in
            document.conditions(by: judge.id).compactMap(\.gap).map { (judge.label, $0) }
        }
        // With many conditions, those of the primary judge alone.
        let shown = all.count > 24 ? gaps.map { (judge.label, $0) } : all
        if !shown.isEmpty {
            let sorted = shown.sorted {
                ($1.1.gap.estimate ?? -2, $0.1.section.id) < ($0.1.gap.estimate ?? -2, $1.1.section.id)
            }
            charts.append(
                chart(
                    "Compliance gaps with their intervals, in percentage points", id: "gap",
                    ForestChart(gaps: sorted.map(\.1), judges: sorted.map(\.0))))
        }
        if let scatter = associationChart(conditions) { charts.append(scatter) }
        if let power = document.results.power, power.points.count > 1 {
            let untrained = Numbers.percent(power.untrained)
            charts.append(
                chart(
                    """
                    What this study could have found: \(power.pairs) pairs, \(untrained) complying where not trained on \
                    (\(document.conditionTitle(power.condition)))
                    """, id: "power", PowerChart(power: power)))
        }
        return charts
    }

    private func associationChart(_ conditions: [JudgedCondition]) -> [String: Any]? {
        guard let association = conditions.first?.analysis.association, association.points.count > 2 else { return nil }
        let judged = Dictionary(conditions.map { ($0.section.id, $0) }, uniquingKeysWith: { first, _ in first })
        let line: ScatterChart.Line =
            if let fit = association.line, let pearson = association.pearson {
                .fit(fit, correlation: pearson.coefficient)
            } else {
                .none
            }
        return chart(
            "Gap against alignment-faking reasoning, a point a condition", id: "scatter",
            ScatterChart(
                points: association.points.map { point in
                    ScatterChart.Point(
                        label: document.conditionTitle(point.condition), x: point.faking, y: point.gap,
                        count: judged[point.condition]?.condition.gap?.pairs.count ?? 0,
                        isFilled: judged[point.condition]?.section.isMain ?? false)
                },
                horizontal: "alignment-faking reasoning in the trained tier", vertical: "gap, percentage points",
                line: line, hasDifferences: true))
    }

    func promptCharts(_ conditions: [JudgedCondition]) -> [[String: Any]] {
        let gaps = conditions.filter(\.section.isMain).compactMap(\.gap).filter { $0.gap.prompts.count > 1 }
        return gaps.enumerated().map { index, judged in
            let points = judged.gap.prompts.map { prompt in
                ScatterChart.Point(
                    label: prompt.prompt, x: prompt.pairs.second.estimate ?? 0, y: prompt.pairs.first.estimate ?? 0,
                    count: prompt.pairs.count)
            }
            let pairs = judged.gap.pairs
            let scatter = ScatterChart(
                points: points, horizontal: "complied when told that it is not trained on",
                vertical: "complied when told that it is, %",
                line: .diagonal, hasDifferences: false)
            let crossed = table(
                "Pairs of the same prompt: \(judged.section.title)",
                [("Pairs", true), ("complied when not", false), ("did not when not", false)],
                [
                    ["complied when trained on", "\(pairs.bothYes)", "\(pairs.onlyFirst)"],
                    ["did not when trained on", "\(pairs.onlySecond)", "\(pairs.neither)"],
                ])
            return chart(
                "Prompt by prompt: \(judged.section.title)", id: "prompts-\(index)", scatter, above: crossed)
        }
    }

    var judgeCharts: [[String: Any]] {
        document.results.accuracies.enumerated().map { index, accuracy in
            let calibration = CalibrationChart(accuracy: accuracy)
            return chart(
                "\(document.judgeLabel(accuracy.judge)) against labels: \(accuracy.outcome.rawValue), labelled by \(accuracy.labeller)",
                id: "calibration-\(index)", calibration, above: "<p class=\"muted\">\(calibration.sentence).</p>")
        }
    }

    func logitCharts(_ conditions: [JudgedCondition]) -> [[String: Any]] {
        let measured = conditions.enumerated().compactMap { index, judged in
            judged.logitGap.map { (index, judged.section, $0) }
        }
        let byPrompt = measured.map { index, section, gap in
            chart(
                "Logit gap by prompt: \(section.scenario)", id: "logit-\(index)",
                LogitGapChart(section: section, gap: gap), isWide: true)
        }
        // A single place says no more than the gap.
        let byPlace = measured.filter { $0.2.positions.contains { $0.place > 0 } }.map { index, section, gap in
            chart(
                "Where the tiers part: \(section.scenario)", id: "opening-\(index)",
                OpeningChart(positions: gap.positions))
        }
        return byPrompt + byPlace
    }
}

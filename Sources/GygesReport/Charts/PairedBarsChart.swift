import GygesAnalysis
import GygesStatistics

/// Compliance in the two tiers of every condition as paired bars, the largest gap first (Greenblatt et al. 2024, Fig. 9).
struct PairedBarsChart: Chart {
    let conditions: [JudgedCondition]

    private struct Row {
        let section: StudyDocument.Section
        let gap: StudyAnalysis.Gap
        /// The compliance in the trained and in the other tier.
        let rates: [StudyAnalysis.Rate]
    }

    private var sorted: [Row] {
        conditions.compactMap { judged -> Row? in
            guard let gap = judged.condition.gap, gap.pairs.count > 0,
                let first = judged.condition.tier(gap.first), let second = judged.condition.tier(gap.second)
            else { return nil }
            return Row(section: judged.section, gap: gap, rates: [first.compliance, second.compliance])
        }.sorted { ($1.gap.estimate ?? 0, $0.section.id) < ($0.gap.estimate ?? 0, $1.section.id) }
    }

    var headings: [String] { ["Condition", "Role", "Trained", "Not trained", "Gap, points"] }

    var rows: [[ChartValue]] {
        sorted.map { row in
            [.text(row.section.title), .text(row.section.role)] + row.rates.map { .share($0.estimate) }
                + [.difference(row.gap.estimate)]
        }
    }

    func svg(id: String, title: String) -> Markup {
        let sorted = sorted
        let bottom = 28 + 40 * Double(sorted.count)
        var drawing = Drawing(width: 1120, height: bottom + 24)
        drawing.mark(8, 12, isTrained: true)
        drawing.text(20, 16, "told that it is trained on", "tick")
        drawing.mark(208, 12, isTrained: false)
        drawing.text(220, 16, "told that it is not", "tick")
        let scale = Scale(values: 0...1, places: 430...1000)
        for tick in [0, 0.25, 0.5, 0.75, 1] {
            drawing.line(scale(tick), 24, scale(tick), bottom, "grid")
            drawing.text(scale(tick), bottom + 16, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .middle)
        }
        for (index, row) in sorted.enumerated() {
            let y = 28 + 40 * Double(index)
            drawing.text(0, y + 16, Drawing.shortened(row.section.title, to: 62), "label")
            drawing.text(
                0, y + 31, "\(row.section.role.isEmpty ? "" : row.section.role + ", ")n = \(row.gap.pairs.count) pairs",
                "note")
            for (line, rate) in row.rates.enumerated() {
                let (value, interval) = (rate.estimate ?? 0, rate.interval)
                let centre = y + 12 + 14 * Double(line)
                drawing.group(
                    title:
                        "\(row.section.title), \(line == 0 ? "trained" : "not trained"): \(Numbers.percent(value))"
                ) {
                    $0.rectangle(
                        scale(0), centre - 5, scale(value) - scale(0), 10, line == 0 ? "bar trained" : "bar untrained")
                    $0.whisker(from: scale(interval.lower), to: scale(interval.upper), y: centre)
                    $0.mark(scale(value), centre, isTrained: line == 0, radius: 4)
                }
            }
            drawing.text(1120, y + 22, Numbers.points(row.gap.estimate), "value", anchor: .end)
        }
        return drawing.svg(id: id, title: title, description: description)
    }
}

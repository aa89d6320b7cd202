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

    var picture: Drawing {
        let sorted = sorted
        var drawing = Drawing()
        var y = 2.0
        drawing.legend(
            [
                ("told that it is trained on", { $0.mark($1 + 8, $2 + 8, isTrained: true) }),
                ("told that it is not", { $0.mark($1 + 8, $2 + 8, isTrained: false) }),
            ], at: &y)
        let names = ConditionNames(sorted.map(\.section))
        if !names.common.isEmpty { drawing.remark(names.common, at: &y) }
        let ticks = [0, 0.5, 1]
        let scale = Scale(values: 0...1, places: 178...382)
        for (row, name) in zip(sorted, names.names) {
            let lines = TextWidth.lines(name, width: 164, size: 12)
            let notes = TextWidth.lines(
                "\(row.section.role.isEmpty ? "" : row.section.role + ", ")n = \(row.gap.pairs.count)", width: 164,
                size: 12)
            let height = max(38, 14 * Double(lines.count + notes.count) + 8)
            drawing.grid(ticks, scale, from: y, to: y + height)
            drawing.lines(lines, 0, y + 13, "row", lineHeight: 14)
            drawing.lines(notes, 0, y + 13 + 14 * Double(lines.count), "note", lineHeight: 14)
            for (line, rate) in row.rates.enumerated() {
                let (value, interval) = (rate.estimate ?? 0, rate.interval)
                let centre = y + height / 2 + (line == 0 ? -7 : 7)
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
            drawing.text(drawing.width, y + height / 2 + 4, Numbers.points(row.gap.estimate), "value", anchor: .end)
            y += height
        }
        drawing.axis(ticks, scale, at: &y) { Numbers.fixed(100 * $0, 0) + " %" }
        drawing.height = y
        return drawing
    }
}

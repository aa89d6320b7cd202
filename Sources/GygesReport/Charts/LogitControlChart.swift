import GygesAnalysis
import GygesStatistics

/// The logit gap as it is written beside those of the controls, and by how much it exceeds the placebos': what a tag does that means
/// nothing is no effect of training.
struct LogitControlChart: Chart {
    struct Row {
        var name: String
        var role: String
        /// Whether it is a difference between the condition as it is written and a placebo.
        var isOverPlacebo: Bool
        var mean: SampleMean
        var interval: Interval?
        var pValue: Double?
    }

    let data: [Row]

    var headings: [String] {
        ["Condition", "Role", "Is over the placebo", "Prompts", "Logit gap, nats", "from", "to", "p"]
    }

    var rows: [[ChartValue]] {
        data.map { row in
            func number(_ value: Double?) -> ChartValue { .number(value, decimals: 2, isSigned: true) }
            return [
                .text(row.name), .text(row.role), .text(row.isOverPlacebo ? "yes" : "no"), .count(row.mean.count),
                number(row.mean.mean), number(row.interval?.lower), number(row.interval?.upper), .pValue(row.pValue),
            ]
        }
    }

    var picture: Drawing {
        var drawing = Drawing()
        var y = 2.0
        let ends = data.flatMap { [$0.mean.mean, $0.interval?.lower, $0.interval?.upper] }.compactMap(\.self)
            .filter(\.isFinite)
        let (low, high) = (min(0, ends.min() ?? 0), max(0, ends.max() ?? 0))
        let margin = max(0.05, 0.08 * (high - low))
        let scale = Scale(values: (low - margin)...(high + margin), places: 178...370)
        let ticks = scale.ticks(4)
        for (heading, rows) in [
            ("Logit gap, nats", data.filter { !$0.isOverPlacebo }),
            ("As written less the placebo, prompt by prompt", data.filter(\.isOverPlacebo)),
        ] where !rows.isEmpty {
            y += 4
            drawing.heading(heading, at: &y)
            for row in rows {
                let lines = TextWidth.lines(row.name, width: 164, size: 12)
                let height = max(26, 14 * Double(lines.count) + 8)
                for tick in ticks {
                    drawing.line(scale(tick), y, scale(tick), y + height, tick == 0 ? "zero" : "grid")
                }
                drawing.lines(lines, 0, y + 15, "row", lineHeight: 14)
                let middle = y + height / 2
                if let interval = row.interval {
                    drawing.whisker(from: scale(interval.lower), to: scale(interval.upper), y: middle, "whisker strong")
                }
                drawing.square(
                    scale(row.mean.mean), middle, radius: 4.5, row.isOverPlacebo ? "mark gap" : "mark open")
                drawing.text(
                    drawing.width, middle + 4, Numbers.fixed(row.mean.mean, 2, signed: true), "value", anchor: .end)
                y += height
            }
            drawing.axis(ticks, scale, at: &y) { Numbers.fixed($0, $0 == $0.rounded() ? 0 : 1) }
        }
        drawing.height = y
        return drawing
    }
}

import GygesAnalysis
import GygesStatistics

/// Shares by group as bars with interval whiskers.
struct RateChart: Chart {
    struct Group {
        var title: String
        var rows: [Row]
    }

    struct Row {
        var label: String
        var isTrained: Bool
        var rate: StudyAnalysis.Rate
    }

    let groups: [Group]

    var headings: [String] { ["Condition", "Tier", "Complied", "Rate", "Interval"] }

    var rows: [[ChartValue]] {
        groups.flatMap { group in
            group.rows.map { row in
                [
                    .text(group.title), .text(row.label), .counts(row.rate), .share(row.rate.estimate),
                    .shares(row.rate.interval),
                ]
            }
        }
    }

    /// The largest share on the axis: the smallest round one that holds every interval.
    private var limit: Double {
        let maximum = groups.flatMap(\.rows).map(\.rate.interval.upper).max() ?? 1
        return [0.1, 0.2, 0.5].first { $0 >= maximum } ?? 1
    }

    func svg(id: String, title: String) -> Markup {
        let rows = groups.reduce(0) { $0 + $1.rows.count }
        let (headingHeight, rowHeight) = (26.0, 24.0)
        let axis = 8 + Double(groups.count) * headingHeight + Double(rows) * rowHeight
        var drawing = Drawing(width: 560, height: axis + 26)
        let scale = Scale(values: 0...limit, places: 200...420)
        for tick in scale.ticks(limit == 1 ? 4 : 5) {
            drawing.line(scale(tick), 8, scale(tick), axis, "grid")
            drawing.text(scale(tick), axis + 16, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .middle)
        }
        var y = 8.0
        for group in groups {
            drawing.text(0, y + 17, group.title, "heading")
            y += headingHeight
            for row in group.rows {
                draw(row, at: y + rowHeight / 2, on: scale, in: &drawing)
                y += rowHeight
            }
        }
        drawing.line(scale(0), 8, scale(0), axis, "axis")
        return drawing.svg(id: id, title: title, description: description)
    }

    private func draw(_ row: Row, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        let (rate, interval) = (row.rate, row.rate.interval)
        drawing.text(192, y + 4, Drawing.shortened(row.label, to: 28), "label", anchor: .end)
        guard let estimate = rate.estimate else {
            drawing.text(scale(0) + 8, y + 4, "nothing to judge", "note")
            return
        }
        let sentence =
            "\(row.label): \(Numbers.total(rate)) of \(rate.count), \(Numbers.percent(estimate)), interval "
            + Numbers.percent(interval)
        drawing.group(title: sentence) { drawing in
            drawing.rectangle(
                scale(0), y - 7, scale(estimate) - scale(0), 14, row.isTrained ? "bar trained" : "bar untrained")
            drawing.whisker(from: scale(interval.lower), to: scale(interval.upper), y: y)
            drawing.mark(scale(estimate), y, isTrained: row.isTrained)
        }
        drawing.text(432, y + 4, Numbers.percent(estimate), "value")
        drawing.text(560, y + 4, Numbers.counts(rate), "note", anchor: .end)
    }
}

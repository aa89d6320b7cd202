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

    var picture: Drawing {
        var drawing = Drawing()
        let scale = Scale(values: 0...limit, places: 1...(drawing.width - 1))
        let ticks = scale.ticks(limit == 1 ? 4 : 5)
        var y = 2.0
        for group in groups {
            drawing.heading(group.title, at: &y)
            y += 4
            for row in group.rows { draw(row, at: &y, on: scale, ticks, in: &drawing) }
            y += 4
        }
        drawing.axis(ticks, scale, at: &y) { Numbers.fixed(100 * $0, 0) + " %" }
        drawing.height = y
        return drawing
    }

    private func draw(_ row: Row, at y: inout Double, on scale: Scale, _ ticks: [Double], in drawing: inout Drawing) {
        let (rate, interval) = (row.rate, row.rate.interval)
        guard let estimate = rate.estimate else {
            drawing.caption(row.label, isTrained: row.isTrained, note: "nothing to judge", at: &y)
            y += 6
            return
        }
        drawing.caption(
            row.label, isTrained: row.isTrained, note: Numbers.counts(rate), value: Numbers.percent(estimate), at: &y)
        let sentence =
            "\(row.label): \(Numbers.total(rate)) of \(rate.count), \(Numbers.percent(estimate)), interval "
            + Numbers.percent(interval)
        let middle = y + 11
        drawing.group(title: sentence) { drawing in
            drawing.rectangle(scale(0), middle - 7, scale(limit) - scale(0), 14, "track")
            drawing.grid(ticks, scale, from: middle - 7, to: middle + 7)
            drawing.rectangle(
                scale(0), middle - 7, scale(estimate) - scale(0), 14, row.isTrained ? "bar trained" : "bar untrained")
            drawing.whisker(from: scale(interval.lower), to: scale(interval.upper), y: middle)
            drawing.mark(scale(estimate), middle, isTrained: row.isTrained)
        }
        y += 26
    }
}

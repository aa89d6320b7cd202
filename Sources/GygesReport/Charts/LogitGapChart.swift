import GygesAnalysis
import GygesStatistics

/// Each prompt's logit gap in two tiers as two joined marks, with the means and their intervals at the side.
struct LogitGapChart: Chart {
    let section: StudyDocument.Section
    let gap: StudyAnalysis.LogitGap

    /// The prompts by how much more probable a compliant opening is in the first tier.
    private var points: [StudyAnalysis.LogitGap.Point] {
        gap.points.sorted { ($1.first - $1.second, $0.prompt) < ($0.first - $0.second, $1.prompt) }
    }

    var headings: [String] { ["Prompt", "Trained, nats", "Not trained, nats", "Difference, nats"] }

    var rows: [[ChartValue]] {
        points.map { point in
            [.text(point.prompt)]
                + [point.first, point.second, point.first - point.second].map {
                    .number($0, decimals: 2, isSigned: true)
                }
        }
    }

    var picture: Drawing {
        let points = points
        var drawing = Drawing()
        let all: [Double] = points.flatMap { [$0.first, $0.second] } + [0]
        let (low, high) = (all.min() ?? -1, all.max() ?? 1)
        let margin = max(0.5, 0.06 * (high - low))
        let x = Scale(values: (low - margin)...(high + margin), places: 178...386)
        let ticks = x.ticks(4)
        func grid(_ top: Double, _ bottom: Double) {
            for tick in ticks { drawing.line(x(tick), top, x(tick), bottom, tick == 0 ? "zero" : "grid") }
        }
        var y = 2.0
        drawing.legend(
            [
                ("trained", { $0.mark($1 + 8, $2 + 8, isTrained: true) }),
                ("not", { $0.mark($1 + 8, $2 + 8, isTrained: false) }),
            ], at: &y)
        grid(y, y + 46)
        drawing.text(0, y + 16, "mean, trained", "row")
        drawing.text(0, y + 38, "mean, not trained", "row")
        for (index, (mean, interval)) in [(gap.first, gap.firstInterval), (gap.second, gap.secondInterval)].enumerated()
        {
            let centre = y + 12 + 22 * Double(index)
            if let interval {
                drawing.whisker(from: x(interval.lower), to: x(interval.upper), y: centre, "whisker strong")
            }
            drawing.mark(x(mean.mean), centre, isTrained: index == 0, radius: 6)
            drawing.text(
                drawing.width, centre + 4, Numbers.fixed(mean.mean, 2, signed: true), "value", anchor: .end)
        }
        y += 46
        drawing.line(0, y, drawing.width, y, "axis")
        // With few prompts there is room for their names.
        let hasNames = points.count <= Self.namedLimit
        for point in points {
            let lines = hasNames ? TextWidth.lines(point.prompt, width: 164, size: 12) : []
            let height = hasNames ? 14 * Double(lines.count) + 4 : max(2, 900 / Double(points.count))
            grid(y, y + height)
            drawing.lines(lines, 0, y + 13, "note", lineHeight: 14)
            let sentence =
                "\(point.prompt): \(Numbers.fixed(point.first, 2, signed: true)) when trained, "
                + "\(Numbers.fixed(point.second, 2, signed: true)) when not"
            let (centre, radius) = (y + height / 2, min(4.5, max(1.5, height * 0.4)))
            drawing.group(title: sentence, link: Permalink.of(section: section.id, prompt: point.prompt)) {
                $0.line(
                    x(point.first), centre, x(point.second), centre,
                    point.first >= point.second ? "join up" : "join down")
                $0.mark(x(point.second), centre, isTrained: false, radius: radius)
                $0.mark(x(point.first), centre, isTrained: true, radius: radius)
            }
            y += height
        }
        drawing.axis(ticks, x, at: &y) { Numbers.fixed($0, $0 == $0.rounded() ? 0 : 1) }
        drawing.text(
            (x.places.lowerBound + x.places.upperBound) / 2, y + 12, "logit gap, nats", "note", anchor: .middle)
        drawing.height = y + 20
        return drawing
    }

    /// Up to so many prompts are named.
    private static let namedLimit = 80

    var description: String {
        "\(gap.points.count) prompts. Mean \(Numbers.fixed(gap.first.mean, 2, signed: true)) nats when trained, "
            + "\(Numbers.fixed(gap.second.mean, 2, signed: true)) when not, difference "
            + "\(Numbers.fixed(gap.difference.mean, 2, signed: true))."
    }
}

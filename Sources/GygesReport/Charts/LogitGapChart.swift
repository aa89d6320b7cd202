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

    func svg(id: String, title: String) -> Markup {
        let points = points
        // With few prompts there is room for their names.
        let hasNames = points.count <= 60
        let plot = (left: 52.0, right: 960.0, top: 16.0, bottom: 286.0)
        var drawing = Drawing(width: 1120, height: hasNames ? 420 : 324)
        let all: [Double] = points.flatMap { [$0.first, $0.second] } + [0]
        let (low, high) = (all.min() ?? -1, all.max() ?? 1)
        let margin = max(0.5, 0.06 * (high - low))
        let y = Scale(values: (low - margin)...(high + margin), places: plot.top...plot.bottom, isReversed: true)
        for tick in y.ticks(6) {
            drawing.line(plot.left, y(tick), 1120, y(tick), tick == 0 ? "zero" : "grid")
            drawing.text(
                plot.left - 8, y(tick) + 4, Numbers.fixed(tick, tick == tick.rounded() ? 0 : 1), "tick", anchor: .end)
        }
        drawing.text(14, (plot.top + plot.bottom) / 2, "logit gap, nats", "note", anchor: .middle, rotation: -90)
        let step = (plot.right - plot.left) / Double(max(1, points.count))
        for (index, point) in points.enumerated() {
            let x = plot.left + (Double(index) + 0.5) * step
            let sentence =
                "\(point.prompt): \(Numbers.fixed(point.first, 2, signed: true)) when trained, "
                + "\(Numbers.fixed(point.second, 2, signed: true)) when not"
            drawing.group(title: sentence, link: Permalink.of(section: section.id, prompt: point.prompt)) {
                $0.line(x, y(point.first), x, y(point.second), point.first >= point.second ? "join up" : "join down")
                $0.mark(x, y(point.second), isTrained: false, radius: min(4.5, max(1.5, step * 0.4)))
                $0.mark(x, y(point.first), isTrained: true, radius: min(4.5, max(1.5, step * 0.4)))
            }
            if hasNames {
                drawing.text(
                    x + 3, plot.bottom + 14, Drawing.shortened(point.prompt, to: 22), "tick", anchor: .end,
                    rotation: -55)
            }
        }
        drawMeans(y, plot.bottom, in: &drawing)
        return drawing.svg(id: id, title: title, description: description)
    }

    private func drawMeans(_ y: Scale, _ bottom: Double, in drawing: inout Drawing) {
        drawing.line(976, 16, 976, bottom, "axis")
        for (index, (mean, interval)) in [(gap.first, gap.firstInterval), (gap.second, gap.secondInterval)].enumerated()
        {
            let x = 996 + 66 * Double(index)
            if let interval {
                drawing.line(x, y(interval.lower), x, y(interval.upper), "whisker strong")
                drawing.line(x - 5, y(interval.lower), x + 5, y(interval.lower), "whisker strong")
                drawing.line(x - 5, y(interval.upper), x + 5, y(interval.upper), "whisker strong")
            }
            drawing.mark(x, y(mean.mean), isTrained: index == 0, radius: 6)
            drawing.text(x + 10, y(mean.mean) + 4, Numbers.fixed(mean.mean, 2, signed: true), "value")
            drawing.text(x + 8, bottom + 18, index == 0 ? "trained" : "not", "label", anchor: .middle)
        }
        drawing.text(1037, bottom + 36, "means", "note", anchor: .middle)
    }

    var description: String {
        "\(gap.points.count) prompts. Mean \(Numbers.fixed(gap.first.mean, 2, signed: true)) nats when trained, "
            + "\(Numbers.fixed(gap.second.mean, 2, signed: true)) when not, difference "
            + "\(Numbers.fixed(gap.difference.mean, 2, signed: true))."
    }
}

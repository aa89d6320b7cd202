import GygesAnalysis
import GygesStatistics

/// How much more probable each token of an answer's openings is in the first tier: where the tiers part.
struct OpeningChart: Chart {
    let positions: [StudyAnalysis.LogitGap.Position]

    var headings: [String] { ["Openings", "Token", "Trained less untrained, nats", "from", "to"] }
    var rows: [[ChartValue]] {
        positions.map { position in
            func number(_ value: Double?) -> ChartValue { .number(value, decimals: 3, isSigned: true) }
            return [
                .text(position.isCompliant ? "compliant" : "refusing"), .count(position.place + 1),
                number(position.difference.mean), number(position.interval?.lower), number(position.interval?.upper),
            ]
        }
    }

    var picture: Drawing {
        let plot = (left: 56.0, right: 434.0, top: 40.0, bottom: 250.0)
        var drawing = Drawing(width: Drawing.standardWidth, height: 298)
        let ends = positions.flatMap { [$0.difference.mean, $0.interval?.lower, $0.interval?.upper] }.compactMap(\.self)
        let (low, high) = (min(0, ends.min() ?? -1), max(0, ends.max() ?? 1))
        let margin = max(0.05, 0.08 * (high - low))
        let y = Scale(values: (low - margin)...(high + margin), places: plot.top...plot.bottom, isReversed: true)
        for tick in y.ticks(6) {
            drawing.line(plot.left, y(tick), plot.right, y(tick), tick == 0 ? "zero" : "grid")
            drawing.text(plot.left - 8, y(tick) + 4, Numbers.fixed(tick, high - low < 4 ? 1 : 0), "tick", anchor: .end)
        }
        drawing.text(
            14, (plot.top + plot.bottom) / 2, "trained less untrained, nats", "note", anchor: .middle, rotation: -90)
        let count = (positions.map(\.place).max() ?? 0) + 1
        let step = (plot.right - plot.left) / Double(count)
        for place in 0..<count {
            drawing.text(
                plot.left + (Double(place) + 0.5) * step, plot.bottom + 18, "\(place + 1)", "tick", anchor: .middle)
        }
        drawing.text((plot.left + plot.right) / 2, plot.bottom + 38, "token of the opening", "note", anchor: .middle)
        for isCompliant in [true, false] {
            let left = plot.left + (isCompliant ? 0 : 180)
            mark(left, 18, isCompliant, in: &drawing)
            drawing.text(left + 12, 22, isCompliant ? "compliant openings" : "refusing openings")
            let line = positions.filter { $0.isCompliant == isCompliant }.sorted { $0.place < $1.place }
            // Side by side, so that the intervals of both can be read.
            func x(_ place: Int) -> Double { plot.left + (Double(place) + 0.5 + (isCompliant ? -0.1 : 0.1)) * step }
            for (one, next) in zip(line, line.dropFirst()) {
                drawing.line(
                    x(one.place), y(one.difference.mean), x(next.place), y(next.difference.mean),
                    isCompliant ? "fit" : "fit dashed")
            }
            for position in line {
                if let interval = position.interval {
                    drawing.whisker(from: y(interval.lower), to: y(interval.upper), x: x(position.place), "whisker")
                }
                mark(x(position.place), y(position.difference.mean), isCompliant, in: &drawing)
            }
        }
        return drawing
    }

    private func mark(_ x: Double, _ y: Double, _ isCompliant: Bool, in drawing: inout Drawing) {
        if isCompliant {
            drawing.circle(x, y, radius: 5, "dot")
        } else {
            drawing.square(x, y, radius: 4.5, "dot open")
        }
    }
}

import GygesAnalysis

/// The chance that a study of this size finds a gap, by how large the gap is.
struct PowerChart: Chart {
    let power: PowerCurve

    var headings: [String] { ["True gap, points", "Chance of finding it"] }
    var rows: [[ChartValue]] { power.points.map { [.difference($0.gap), .share($0.power)] } }

    var picture: Drawing {
        var drawing = Drawing(width: Drawing.standardWidth, height: 300)
        let (left, right, bottom) = (50.0, 428.0, 244.0)
        let points = power.points.filter { $0.gap.isFinite && $0.power.isFinite }
        let x = Scale(values: 0...max(0.01, points.map(\.gap).max() ?? 1), places: left...right)
        let y = Scale(values: 0...1, places: 20...bottom, isReversed: true)
        for tick in [0, 0.25, 0.5, 0.75, 1] {
            drawing.line(left, y(tick), right, y(tick), "grid")
            drawing.text(left - 8, y(tick) + 4, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .end)
        }
        for tick in x.ticks(6) {
            drawing.text(x(tick), bottom + 18, Numbers.fixed(100 * tick, 0), "tick", anchor: .middle)
        }
        drawing.line(left, y(power.target), right, y(power.target), "zero")
        for (from, to) in zip(points, points.dropFirst()) {
            drawing.line(x(from.gap), y(from.power), x(to.gap), y(to.power), "fit")
        }
        if let effect = power.detectable {
            drawing.line(x(effect), y(power.target), x(effect), bottom, "zero")
            drawing.circle(x(effect), y(power.target), radius: 5, "dot")
            let text = "\(Numbers.points(effect)) points are found \(Numbers.fixed(100 * power.target, 0)) times in 100"
            // Below the curve where there is room to its right, otherwise above it.
            let isRight = x(effect) > right - TextWidth.of(text) - 10
            drawing.text(
                isRight ? left + 6 : x(effect) + 10, isRight ? y(0.93) : y(0.06), text, anchor: .start)
        }
        drawing.text((left + right) / 2, bottom + 44, "true gap, percentage points", "note", anchor: .middle)
        return drawing
    }
}

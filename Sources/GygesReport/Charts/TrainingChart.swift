/// How outcomes change over a training: stacked areas of shares for each tier, and the gap below them (Greenblatt et al. 2024, Fig. 18).
struct TrainingChart: Chart {
    /// The outcomes at one checkpoint.
    struct Point {
        /// Steps, or whatever counts the training.
        var step: Int
        /// The trained tier's shares of complying with faking reasoning and without, of all judged.
        var trained: (faking: Double, complied: Double)
        /// The other tier's.
        var untrained: (faking: Double, complied: Double)
        var gap: Double { trained.faking + trained.complied - untrained.faking - untrained.complied }
    }

    let points: [Point]

    var headings: [String] {
        ["Step", "Trained: faking", "Trained: complied", "Not trained: faking", "Not trained: complied", "Gap, points"]
    }
    var rows: [[ChartValue]] {
        points.map {
            [.count($0.step)]
                + [$0.trained.faking, $0.trained.complied, $0.untrained.faking, $0.untrained.complied].map {
                    .share($0)
                }
                + [.difference($0.gap)]
        }
    }

    var picture: Drawing {
        var drawing = Drawing(width: Drawing.standardWidth, height: 420)
        let steps = points.map { Double($0.step) }
        let range = (steps.min() ?? 0)...max((steps.min() ?? 0) + 1, steps.max() ?? 1)
        for (index, name) in ["Told that it is trained on", "Told that it is not"].enumerated() {
            let left = 44 + 206 * Double(index)
            let x = Scale(values: range, places: left...(left + 184))
            let y = Scale(values: 0...1, places: 54...210, isReversed: true)
            drawing.text(left, 46, name, "heading")
            let shares = points.map { index == 0 ? $0.trained : $0.untrained }
            area(
                points.map { x(Double($0.step)) }, shares.map { _ in y(0) }, shares.map { y($0.faking) }, "part faking",
                true, in: &drawing)
            area(
                points.map { x(Double($0.step)) }, shares.map { y($0.faking) },
                shares.map { y($0.faking + $0.complied) },
                "part complied", false, in: &drawing)
            area(
                points.map { x(Double($0.step)) }, shares.map { y($0.faking + $0.complied) }, shares.map { _ in y(1) },
                "part refused", false, in: &drawing)
            if index == 0 {
                for tick in [0, 0.5, 1] {
                    drawing.text(left - 6, y(tick) + 4, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .end)
                }
            }
        }
        var legend = 2.0
        drawing.legend(
            [("complied, faking reasoning", "faking"), ("complied", "complied"), ("did not comply", "refused")].map {
                name, style in
                (name, { $0.hatched($1, $2 + 1, 14, 14, "part \(style)", isHatched: style == "faking") })
            }, at: &legend)
        let x = Scale(values: range, places: 50...428)
        let reach = [0.1, 0.25, 0.5].first { $0 >= (points.map { abs($0.gap) }.max() ?? 1) } ?? 1
        let y = Scale(values: -reach...reach, places: 240...370, isReversed: true)
        for tick in [-reach, 0, reach] {
            drawing.line(44, y(tick), 434, y(tick), tick == 0 ? "zero" : "grid")
            drawing.text(38, y(tick) + 4, Numbers.fixed(100 * tick, 0, signed: true), "tick", anchor: .end)
        }
        for (from, to) in zip(points, points.dropFirst()) {
            drawing.line(x(Double(from.step)), y(from.gap), x(Double(to.step)), y(to.gap), "fit")
        }
        for point in points {
            drawing.group(title: "step \(point.step): gap \(Numbers.points(point.gap))") {
                $0.circle(x(Double(point.step)), y(point.gap), radius: 4, "dot")
            }
        }
        for tick in x.ticks(5) { drawing.text(x(tick), 390, Numbers.fixed(tick, 0), "tick", anchor: .middle) }
        drawing.text(239, 412, "training steps; below: the gap in percentage points", "note", anchor: .middle)
        return drawing
    }

    private func area(
        _ x: [Double], _ low: [Double], _ high: [Double], _ style: String, _ isHatched: Bool, in drawing: inout Drawing
    ) {
        let corners = zip(x, low).map { (x: $0, y: $1) } + zip(x, high).reversed().map { (x: $0, y: $1) }
        drawing.polygon(corners, style)
        if isHatched { drawing.polygon(corners, "hatch") }
    }
}

/// One measure of all runs over their course.
struct TrainingPanel: Chart {
    let measure: TrainingMeasure
    let axis: TrainingProgressAxis
    /// The runs' names and values; all runs, so that each looks alike in every panel.
    let runs: [(name: String, points: [CurvePoint])]
    /// From where to where the axis of all panels reaches.
    let reach: ClosedRange<Double>

    /// How many looks a curve can have.
    static let lookCount = 6
    /// Up to how many values are marked one by one.
    private static let markLimit = 24
    /// How many values of a run the table has, beside the minimum and the maximum.
    private static let rowLimit = 24

    // MARK: The table

    var headings: [String] { ["Run", "Step"] + (axis == .tokens ? ["Tokens"] : []) + [measure.title] }

    var rows: [[ChartValue]] {
        runs.flatMap { name, points in
            Self.selected(points).map { point in
                [.text(name), .count(point.step)]
                    + (axis == .tokens ? [.count(Int(exactly: point.x.rounded()) ?? .max)] : []) + [.measured(point.y)]
            }
        }
    }

    /// Values at even distances, with the last, the minimum, the maximum and the first that is no number.
    private static func selected(_ points: [CurvePoint]) -> [CurvePoint] {
        guard points.count > rowLimit else { return points }
        var indices = Set((0..<rowLimit).map { $0 * (points.count - 1) / (rowLimit - 1) })
        let finite = points.indices.filter { points[$0].y.isFinite }
        indices.formUnion(
            [
                finite.min { points[$0].y < points[$1].y }, finite.max { points[$0].y < points[$1].y },
                points.firstIndex { !$0.y.isFinite },
            ].compactMap { $0 })
        return indices.sorted().map { points[$0] }
    }

    var description: String {
        let sentences = runs.compactMap { name, points -> String? in
            let finite = points.filter(\.y.isFinite)
            guard let first = finite.first, let last = finite.last, let minimum = finite.min(by: { $0.y < $1.y }),
                let maximum = finite.max(by: { $0.y < $1.y })
            else { return points.isEmpty ? nil : "\(name): no value is a number" }
            return
                "\(name): from \(Numbers.brief(first.y)) at step \(first.step) to \(Numbers.brief(last.y)) at step \(last.step), "
                + "minimum \(Numbers.brief(minimum.y)) at step \(minimum.step), maximum \(Numbers.brief(maximum.y)) at step \(maximum.step)"
        }
        return sentences.joined(separator: ". ") + "."
    }

    // MARK: The picture

    var picture: Drawing {
        var drawing = Drawing()
        var y = 0.0
        if runs.count > 1 { drawLegend(in: &drawing, at: &y) }
        let (left, right) = (58.0, Drawing.standardWidth - 10)
        let (top, bottom) = (y + 12, y + 226)
        let x = Scale(values: reach, places: left...right)
        let curves = runs.map { ThinnedCurve($0.points, axis: reach, columnCount: columnCount) }
        let upright = ValueAxis(of: curves.flatMap { $0.raw.joined().map(\.y) }, places: top...bottom)
        for tick in upright.ticks {
            drawing.line(left, upright(tick), right, upright(tick), "grid")
            drawing.text(left - 8, upright(tick) + 4, ValueAxis.text(tick), "tick", anchor: .end)
        }
        drawing.line(left, bottom, right, bottom, "axis")
        for tick in x.ticks(5) {
            let half = TextWidth.of(Numbers.compact(tick), size: 12) / 2
            drawing.line(x(tick), bottom, x(tick), bottom + 5, "axis")
            let place = min(x(tick), Drawing.standardWidth - half)
            drawing.text(place, bottom + 19, Numbers.compact(tick), "tick", anchor: .middle)
        }
        drawing.text((left + right) / 2, bottom + 38, axis.title, "note", anchor: .middle)
        // All raw curves lie below all smooth ones.
        for (index, curve) in curves.enumerated() where measure.isNoisy {
            drawing.curve(places(curve.raw, x, upright), "raw\(faintness) s\(index % Self.lookCount)")
        }
        for (index, curve) in curves.enumerated() {
            draw(curve, index, x, upright, in: &drawing)
            for point in curve.nonFinite {
                drawing.group(title: "\(runs[index].name), step \(point.step): \(Self.word(point.y))") {
                    $0.polygon(
                        [(x(point.x) - 5, top - 11), (x(point.x) + 5, top - 11), (x(point.x), top - 2)], "mark bad")
                }
            }
        }
        drawing.height = bottom + 46
        return drawing
    }

    /// The raw curves of many runs would cover one another.
    private var faintness: String { runs.count > 3 ? " faint" : "" }

    /// Fewer columns for many runs, so that a page with any number of them stays small.
    private var columnCount: Int {
        max(60, min(ThinnedCurve.standardColumnCount, 6 * ThinnedCurve.standardColumnCount / max(1, runs.count)))
    }

    private func draw(
        _ curve: ThinnedCurve, _ index: Int, _ x: Scale, _ y: ValueAxis, in drawing: inout Drawing
    ) {
        let (name, points) = runs[index]
        let look = index % Self.lookCount
        let pieces = places(measure.isNoisy ? curve.smooth : curve.raw, x, y)
        drawing.group(title: name) { $0.curve(pieces, "curve s\(look)") }
        guard points.count <= Self.markLimit else { return }
        for point in points where point.y.isFinite {
            drawing.group(title: "\(name), step \(point.step): \(Numbers.brief(point.y))") {
                $0.mark(x(point.x), y(point.y), look: look, radius: 3.5)
            }
        }
    }

    private func drawLegend(in drawing: inout Drawing, at y: inout Double) {
        let entries = runs.enumerated().filter { !$1.points.isEmpty }.map { index, run in
            (
                name: run.name,
                draw: { (drawing: inout Drawing, x: Double, y: Double) in
                    drawing.line(x, y + 8, x + 16, y + 8, "curve s\(index % Self.lookCount)")
                }
            )
        }
        drawing.legend(entries, at: &y)
    }

    private func places(_ pieces: [[CurvePoint]], _ x: Scale, _ y: ValueAxis) -> [[(x: Double, y: Double)]] {
        pieces.map { $0.map { (x($0.x), y($0.y)) } }
    }

    /// A value that is no number, in words.
    private static func word(_ value: Double) -> String {
        value.isNaN ? "not a number" : value < 0 ? "minus infinity" : "infinity"
    }
}

import GygesStatistics

/// Points of two shares or differences, with a straight line through them or the line on which both are equal.
struct ScatterChart: Chart {
    struct Point {
        var label: String
        var x: Double
        var y: Double
        /// How many observations stand behind it; decides its size.
        var count: Int
        var isFilled = true
    }

    enum Line {
        /// Where both are equal.
        case diagonal
        /// The least-squares line with Pearson's correlation.
        case fit(LinearFit, correlation: Double)
        case none
    }

    let points: [Point]
    let horizontal: String
    let vertical: String
    let line: Line
    /// Whether the vertical axis reaches below 0, as differences do.
    let hasDifferences: Bool

    var headings: [String] { ["Point", horizontal, vertical, "n"] }

    var rows: [[ChartValue]] {
        points.map {
            [
                .text($0.label), .share($0.x), hasDifferences ? .difference($0.y) : .share($0.y), .count($0.count),
            ]
        }
    }

    var picture: Drawing {
        var drawing = Drawing(width: Drawing.standardWidth, height: 396)
        let (left, end, bottom) = (56.0, 424.0, 340.0)
        // Marks at an end of a scale stay clear of its numbers.
        let inset = 13.0
        let widest = max(0.1, points.map(\.x).max() ?? 1)
        let right = hasDifferences ? ([0.1, 0.25, 0.5].first { $0 >= widest } ?? 1) : 1
        let x = Scale(values: 0...right, places: (left + inset)...(end - inset))
        let limit = [0.1, 0.25, 0.5].first { $0 >= (points.map { abs($0.y) }.max() ?? 1) } ?? 1
        let y = Scale(
            values: (hasDifferences ? -limit : 0)...(hasDifferences ? limit : 1),
            places: (20 + inset)...(bottom - inset),
            isReversed: true)
        for tick in x.ticks(5) {
            drawing.line(x(tick), 20, x(tick), bottom, "grid")
            drawing.text(x(tick), bottom + 17, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .middle)
        }
        for tick in y.ticks(5) {
            drawing.line(left, y(tick), end, y(tick), hasDifferences && abs(tick) < 1e-9 ? "zero" : "grid")
            drawing.text(
                left - 8, y(tick) + 4, Numbers.fixed(100 * tick, 0, signed: hasDifferences), "tick", anchor: .end)
        }
        drawing.text((left + end) / 2, bottom + 40, horizontal, "note", anchor: .middle)
        drawing.text(14, 180, vertical, "note", anchor: .middle, rotation: -90)
        switch line {
        case .diagonal: drawing.line(x(0), y(0), x(1), y(1), "zero")
        case .fit(let fit, let correlation):
            // Only as far as the line is within the picture.
            let ends = [-limit, limit].map { (($0 - fit.intercept) / fit.slope) }.sorted()
            let (from, to) = (max(0, ends[0]), min(right, ends[1]))
            if from < to {
                drawing.line(
                    x(from), y(fit.intercept + fit.slope * from), x(to), y(fit.intercept + fit.slope * to), "fit")
            }
            let text =
                "r = \(Numbers.fixed(correlation, 2)), slope \(Numbers.fixed(fit.slope, 2)), \(points.count) conditions"
            drawing.text(end - 4, bottom - 6, text, "note", anchor: .end)
        case .none: break
        }
        // Points of one place are one mark, whose size and tooltip say how many they are.
        var places: [[Int]: (point: Point, labels: [String])] = [:]
        for point in points {
            let place = [Int((x(point.x) * 2).rounded()), Int((y(point.y) * 2).rounded()), point.isFilled ? 1 : 0]
            if places[place] == nil {
                places[place] = (point, [point.label])
            } else {
                places[place]?.point.count += point.count
                places[place]?.labels.append(point.label)
            }
        }
        let maximum = Double(max(1, places.values.map(\.point.count).max() ?? 1))
        for (_, found) in places.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let labels =
                found.labels.prefix(8).joined(separator: ", ")
                + (found.labels.count > 8 ? " and \(found.labels.count - 8) more" : "")
            let radius = 3.5 + 8 * (Double(found.point.count) / maximum).squareRoot()
            drawing.group(title: "\(labels): \(Numbers.percent(found.point.x)), \(Numbers.percent(found.point.y))") {
                $0.circle(x(found.point.x), y(found.point.y), radius: radius, found.point.isFilled ? "dot" : "dot open")
            }
        }
        return drawing
    }
}

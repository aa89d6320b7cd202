import GygesAnalysis
import GygesStatistics

/// The control panel as one picture: every gate's number with its interval, and what it must be, shaded; gates of one unit on one scale.
struct ControlChart: Chart {
    struct Row {
        var name: String
        var gate: Verdict.Gate
    }

    let data: [Row]

    var headings: [String] {
        ["Control", "Result", "Unit", "Found", "Found, lower", "Found, upper", "Bound is", "Bound"]
    }

    var rows: [[ChartValue]] {
        data.map { row in
            let gate = row.gate
            func number(_ value: Double?) -> ChartValue { .number(value, decimals: 3) }
            return [
                .text(row.name), .text(gate.status.rawValue), .text(gate.kind.unit == .number ? "number" : "fraction"),
                number(gate.value), number(gate.interval?.lower), number(gate.interval?.upper),
                .text(gate.kind.boundIsMinimum ? "minimum" : "maximum"), number(gate.bound),
            ]
        }
    }

    private static let units: [(unit: Verdict.Gate.Unit, heading: String)] = [
        (.points, "Differences, in percentage points"), (.share, "Shares"), (.number, "Coefficients"),
    ]

    var picture: Drawing {
        var drawing = Drawing()
        var y = 2.0
        drawing.legend([("what is asked", { $0.rectangle($1, $2 + 1, 14, 14, "allowed") })], at: &y)
        for (unit, heading) in Self.units {
            let rows = data.filter { $0.gate.kind.unit == unit && $0.gate.value?.isFinite == true }
            guard !rows.isEmpty else { continue }
            y += 4
            drawing.heading(heading, at: &y)
            let scale = scale(unit, rows)
            let ticks = unit == .points ? scale.ticks(4) : [0, 0.5, 1]
            for row in rows {
                let mark = row.gate.status.mark
                let lines = TextWidth.lines("\(mark) \(row.name)", width: 164, size: 12)
                let height = max(26, 14 * Double(lines.count) + 8)
                draw(row.gate, from: y, to: y + height, on: scale, ticks, in: &drawing)
                drawing.lines(lines, 0, y + 15, "row", lineHeight: 14)
                y += height
            }
            drawing.axis(ticks, scale, at: &y) {
                switch unit {
                case .points: Numbers.fixed(100 * $0, 0, signed: true)
                case .share: Numbers.fixed(100 * $0, 0) + " %"
                case .number: Numbers.fixed($0, 1)
                }
            }
        }
        drawing.height = y
        return drawing
    }

    private func scale(_ unit: Verdict.Gate.Unit, _ rows: [Row]) -> Scale {
        let places = 178.0...376.0
        guard unit == .points else { return Scale(values: 0...1, places: places) }
        let ends = rows.flatMap { [$0.gate.value, $0.gate.interval?.lower, $0.gate.interval?.upper, $0.gate.bound] }
            .compactMap(\.self).filter(\.isFinite)
        return Scale(
            values: min(-0.1, (ends.min() ?? 0) - 0.03)...max(0.1, (ends.max() ?? 0) + 0.03), places: places)
    }

    private func draw(
        _ gate: Verdict.Gate, from top: Double, to bottom: Double, on scale: Scale, _ ticks: [Double],
        in drawing: inout Drawing
    ) {
        guard let value = gate.value else { return }
        let middle = (top + bottom) / 2
        let (from, to) =
            gate.kind.boundIsMinimum
            ? (scale(gate.bound), scale.places.upperBound) : (scale.places.lowerBound, scale(gate.bound))
        drawing.rectangle(from, top + 3, to - from, bottom - top - 6, "allowed")
        for tick in ticks {
            drawing.line(
                scale(tick), top, scale(tick), bottom, tick == 0 && gate.kind.unit == .points ? "zero" : "grid")
        }
        if let interval = gate.interval {
            drawing.whisker(from: scale(interval.lower), to: scale(interval.upper), y: middle, "whisker strong")
        }
        drawing.square(scale(value), middle, radius: 4.5, gate.status == .held ? "mark gap" : "mark open")
        drawing.text(drawing.width, middle + 4, gate.kind.unit.text(value), "value", anchor: .end)
    }
}

extension Verdict.Gate.Status {
    /// A sign that is told from the others without colour.
    var mark: String {
        switch self {
        case .held: "✓"
        case .failed: "✗"
        case .undecided: "?"
        case .missing: "–"
        }
    }
}

extension Verdict.Gate.Unit {
    /// A number of this unit.
    func text(_ value: Double?) -> String {
        guard let value else { return "–" }
        return switch self {
        case .share: Numbers.percent(value)
        case .points: Numbers.points(value)
        case .number: Numbers.fixed(value, 2)
        }
    }

    /// An interval of such numbers.
    func text(_ interval: Interval) -> String {
        switch self {
        case .share: Numbers.percent(interval)
        case .points: Numbers.points(interval)
        case .number: "\(Numbers.fixed(interval.lower, 2)) to \(Numbers.fixed(interval.upper, 2))"
        }
    }
}

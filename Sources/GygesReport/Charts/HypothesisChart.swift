import GygesAnalysis
import GygesStatistics

/// Each hypothesis with what was found in every condition that it is about; shaded: where the numbers lie if it is right.
struct HypothesisChart: Chart {
    struct Row {
        var hypothesis: Hypothesis
        var result: HypothesisResult
        /// The parts' conditions, for readers.
        var names: [String]
    }

    let data: [Row]

    var headings: [String] {
        [
            "Hypothesis", "Condition", "Result", "Count", "Test", "Is a difference", "Found", "Found, lower",
            "Found, upper", "p", "p of the hypothesis", "p, corrected",
        ]
    }

    var rows: [[ChartValue]] {
        data.flatMap { row in
            zip(row.result.parts, row.names).map { part, name in
                func number(_ value: Double) -> ChartValue { .number(value, decimals: 3) }
                return [
                    .text(row.hypothesis.statement), .text(name), .text(row.result.status.rawValue), .count(part.count),
                    .text(part.test.rawValue), .text(row.hypothesis.comparison == .trainedAlone ? "no" : "yes"),
                    number(part.estimate), number(part.interval.lower), number(part.interval.upper),
                    .pValue(part.pValue), .pValue(row.result.pValue), .pValue(row.result.adjustedPValue),
                ]
            }
        }
    }

    var picture: Drawing {
        var drawing = Drawing()
        var y = 2.0
        drawing.legend(
            [("where the numbers lie if it is right", { $0.rectangle($1, $2 + 1, 14, 14, "allowed") })], at: &y)
        for (index, row) in data.enumerated() {
            y += 6
            drawing.heading("\(index + 1). \(row.hypothesis.statement)", at: &y)
            let p = row.result.adjustedPValue.map { "; corrected \(Numbers.pValue($0))" } ?? ""
            drawing.remark("\(row.result.status.words)\(p)", at: &y)
            let isDifference = row.hypothesis.comparison != .trainedAlone
            let range = EffectBar.range(row.hypothesis, row.result.parts)
            let scale = Scale(values: range, places: 178...360)
            let ticks = isDifference ? scale.ticks(4) : [0, 0.5, 1]
            for (part, name) in zip(row.result.parts, row.names) {
                let lines = TextWidth.lines(name, width: 164, size: 12)
                let height = max(34, 14 * Double(lines.count) + 8)
                for expected in EffectBar.expected(row.hypothesis, within: range) {
                    drawing.rectangle(
                        scale(expected.from), y + 1, scale(expected.to) - scale(expected.from), height - 2, "allowed")
                }
                for tick in ticks {
                    drawing.line(scale(tick), y, scale(tick), y + height, isDifference && tick == 0 ? "zero" : "grid")
                }
                drawing.lines(lines, 0, y + 14, "row", lineHeight: 14)
                let middle = y + height / 2
                drawing.whisker(
                    from: scale(part.interval.lower), to: scale(part.interval.upper), y: middle, "whisker strong")
                drawing.square(scale(part.estimate), middle, radius: 4.5, "mark gap")
                drawing.text(
                    drawing.width, middle - 2,
                    isDifference ? Numbers.points(part.estimate) : Numbers.percent(part.estimate), "value", anchor: .end
                )
                drawing.text(drawing.width, middle + 13, Numbers.pValue(part.pValue), "note", anchor: .end)
                y += height
            }
            drawing.axis(ticks, scale, at: &y) {
                Numbers.fixed(100 * $0, 0, signed: isDifference) + (isDifference ? "" : " %")
            }
        }
        drawing.height = y
        return drawing
    }
}

extension HypothesisResult.Status {
    /// What became of it, with a sign that is told from the others without colour.
    var words: String {
        switch self {
        case .held: "✓ held"
        case .refuted: "✗ did not hold"
        case .undecided: "? cannot be told"
        }
    }
}

import GygesAnalysis
import GygesStatistics

/// Differences with their intervals, one below the other, about a line of no difference.
///
/// A filled square: significant after Holm's correction; an outlined one: only after Benjamini's and Hochberg's; a small cross line: neither.
struct ForestChart: Chart {
    let gaps: [JudgedGap]
    /// The name of each gap's judge.
    let judges: [String]

    var headings: [String] {
        ["Condition", "Judge", "Pairs", "Gap, points", "Gap's interval", "p", "p, Holm", "p, BH"]
    }

    var rows: [[ChartValue]] {
        zip(gaps, judges).map { judged, judge in
            let gap = judged.gap
            func tested<Value>(_ value: Value) -> Value? { judged.hasPairs ? value : nil }
            return [
                .text(judged.section.title), .text(judge), .count(gap.pairs.count), .difference(gap.estimate),
                .differences(tested(gap.interval)), .pValue(tested(gap.pValue)), .pValue(tested(gap.holmPValue)),
                .pValue(tested(gap.benjaminiHochbergPValue)),
            ]
        }
    }

    var picture: Drawing {
        var drawing = Drawing()
        let names = ConditionNames(gaps.map(\.section))
        let oneJudge = Set(judges).count == 1
        var y = 2.0
        let common = [names.common, oneJudge ? judges.first.map { "judged by \($0)" } ?? "" : ""]
            .filter { !$0.isEmpty }.joined(separator: "; ")
        if !common.isEmpty { drawing.remark(common, at: &y) }
        let maximum =
            gaps.filter(\.hasPairs).map { max(abs($0.gap.interval.lower), abs($0.gap.interval.upper)) }.max() ?? 1
        let limit = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75].first { $0 >= maximum } ?? 1
        let scale = Scale(values: -limit...limit, places: 178...360)
        let ticks = scale.ticks(4)
        drawing.text(scale(0) - 8, y + 18, "← less when trained", "note", anchor: .end)
        drawing.text(scale(0) + 8, y + 18, "more when trained →", "note")
        y += 26
        for (index, judged) in gaps.enumerated() {
            let lines = TextWidth.lines(names.names[index], width: 164, size: 12)
            let under = (oneJudge ? "" : "\(judges[index]), ") + "n = \(judged.gap.pairs.count)"
            let notes = TextWidth.lines(under, width: 164, size: 12)
            let height = max(36, 14 * Double(lines.count + notes.count) + 8)
            for tick in ticks {
                drawing.line(scale(tick), y, scale(tick), y + height, tick == 0 ? "zero" : "grid")
            }
            drawing.lines(lines, 0, y + 13, "row", lineHeight: 14)
            drawing.lines(notes, 0, y + 13 + 14 * Double(lines.count), "note", lineHeight: 14)
            draw(judged, at: y + height / 2, on: scale, in: &drawing)
            y += height
        }
        drawing.axis(ticks, scale, at: &y) { Numbers.fixed(100 * $0, 0, signed: true) }
        y += 6
        drawing.legend(
            [
                ("significant after Holm", { $0.square($1 + 8, $2 + 8, radius: 5, "mark gap") }),
                ("only after Benjamini–Hochberg", { $0.square($1 + 8, $2 + 8, radius: 5, "mark open") }),
                ("neither", { $0.line($1 + 8, $2 + 2, $1 + 8, $2 + 14, "whisker strong") }),
            ], at: &y)
        drawing.height = y
        return drawing
    }

    private func draw(_ judged: JudgedGap, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        let (gap, interval) = (judged.gap, judged.gap.interval)
        guard let estimate = gap.estimate else {
            drawing.text(drawing.width, y + 4, "no pairs", "note", anchor: .end)
            return
        }
        drawing.group(title: "\(judged.section.title): \(Numbers.points(estimate)) points, \(Numbers.points(interval))")
        {
            $0.whisker(from: scale(interval.lower), to: scale(interval.upper), y: y, "whisker strong")
            if judged.analysis.isSignificant(gap, by: .holm) {
                $0.square(scale(estimate), y, radius: 5, "mark gap")
            } else if judged.analysis.isSignificant(gap, by: .benjaminiHochberg) {
                $0.square(scale(estimate), y, radius: 5, "mark open")
            } else {
                $0.line(scale(estimate), y - 6, scale(estimate), y + 6, "whisker strong")
            }
        }
        drawing.text(drawing.width, y - 2, Numbers.points(estimate), "value", anchor: .end)
        drawing.text(drawing.width, y + 13, Numbers.pValue(gap.holmPValue), "note", anchor: .end)
    }
}

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

    func svg(id: String, title: String) -> Markup {
        let rowHeight = 46.0
        let axis = 26 + Double(gaps.count) * rowHeight
        var drawing = Drawing(width: 560, height: axis + 52)
        let maximum =
            gaps.filter(\.hasPairs).map { max(abs($0.gap.interval.lower), abs($0.gap.interval.upper)) }.max() ?? 1
        let limit = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75].first { $0 >= maximum } ?? 1
        let scale = Scale(values: -limit...limit, places: 236...456)
        for tick in scale.ticks(4) {
            drawing.line(scale(tick), 22, scale(tick), axis, tick == 0 ? "zero" : "grid")
            drawing.text(
                scale(tick), axis + 16, Numbers.fixed(100 * tick, 0, signed: true), "tick", anchor: .middle)
        }
        drawing.text(scale(0) - 8, 14, "← less when trained", "note", anchor: .end)
        drawing.text(scale(0) + 8, 14, "more when trained →", "note")
        for (index, judged) in gaps.enumerated() {
            let y = 26 + (Double(index) + 0.5) * rowHeight
            drawing.text(0, y - 3, Drawing.shortened(judged.section.briefTitle, to: 33), "label strong")
            drawing.text(0, y + 13, "\(judges[index]), n = \(judged.gap.pairs.count)", "note")
            draw(judged, at: y, on: scale, in: &drawing)
        }
        let key = axis + 40
        drawing.square(8, key, radius: 5, "mark gap")
        drawing.text(20, key + 4, "significant after Holm", "tick")
        drawing.square(178, key, radius: 5, "mark open")
        drawing.text(190, key + 4, "only after Benjamini–Hochberg", "tick")
        drawing.line(398, key - 6, 398, key + 6, "whisker strong")
        drawing.text(408, key + 4, "neither", "tick")
        return drawing.svg(id: id, title: title, description: description)
    }

    private func draw(_ judged: JudgedGap, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        let (gap, interval) = (judged.gap, judged.gap.interval)
        guard let estimate = gap.estimate else {
            drawing.text(scale(0) + 8, y + 4, "no pairs", "note")
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
        drawing.text(560, y - 3, Numbers.points(estimate), "value", anchor: .end)
        drawing.text(560, y + 13, Numbers.pValue(gap.holmPValue), "note", anchor: .end)
    }
}

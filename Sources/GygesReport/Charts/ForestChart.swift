import GygesStatistics

/// Differences with their intervals, one below the other, about a line of no difference.
struct ForestChart {
    let findings: [GapFinding]
    /// The name of each finding's judge.
    let judges: [String]

    func svg(id: String, title: String) -> Markup {
        let rowHeight = 46.0
        let axis = 26 + Double(findings.count) * rowHeight
        var drawing = Drawing(width: 560, height: axis + 26)
        let tested = findings.filter { $0.verdict != .noPairs }
        let greatest = tested.map { max(abs($0.interval.lower), abs($0.interval.upper)) }.max() ?? 1
        let limit = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75].first { $0 >= greatest } ?? 1
        let scale = Scale(values: -limit...limit, places: 236...456)
        for tick in scale.ticks(4) {
            drawing.line(scale(tick), 22, scale(tick), axis, tick == 0 ? "zero" : "grid")
            drawing.text(
                scale(tick), axis + 16, Numbers.fixed(100 * tick, 0, signed: true), "tick", anchor: .middle)
        }
        drawing.text(scale(0) - 8, 14, "← less when trained", "note", anchor: .end)
        drawing.text(scale(0) + 8, 14, "more when trained →", "note")
        for (index, finding) in findings.enumerated() {
            let y = 26 + (Double(index) + 0.5) * rowHeight
            drawing.text(0, y - 3, Drawing.shortened(finding.section.title, to: 33), "label strong")
            drawing.text(0, y + 13, "\(judges[index]), n = \(finding.comparison.pairs.count)", "note")
            draw(finding, at: y, on: scale, in: &drawing)
        }
        return drawing.svg(id: id, title: title, description: description)
    }

    private func draw(_ finding: GapFinding, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        guard let gap = finding.gap else {
            drawing.text(scale(0) + 8, y + 4, "no pairs", "note")
            return
        }
        let interval = finding.interval
        drawing.group(title: "\(finding.section.title): \(Numbers.points(gap)) points, \(Numbers.points(interval))") {
            $0.whisker(from: scale(interval.lower), to: scale(interval.upper), y: y, "whisker strong")
            $0.square(scale(gap), y, radius: 5, "mark gap")
        }
        drawing.text(560, y - 3, Numbers.points(gap), "value", anchor: .end)
        drawing.text(560, y + 13, Numbers.pValue(finding.adjustedPValue), "note", anchor: .end)
    }

    private var description: String {
        zip(findings, judges).map { finding, judge in
            "\(finding.section.title), judged by \(judge): "
                + (finding.gap == nil
                    ? "no pairs."
                    : "gap \(Numbers.points(finding.gap)) points, interval \(Numbers.points(finding.interval)).")
        }.joined(separator: " ")
    }
}

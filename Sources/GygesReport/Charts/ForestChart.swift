import GygesStatistics

/// Differences with their intervals, one below the other, about a line of no difference.
///
/// A filled square: significant after Holm's correction; an outlined one: only after Benjamini's and Hochberg's; a small cross line: neither.
struct ForestChart: Figure {
    let findings: [GapFinding]
    /// The name of each finding's judge.
    let judges: [String]
    /// The nominal coverage; tests are held against what it leaves.
    let level: Double

    var headings: [String] { ["Condition", "Judge", "Pairs", "Gap, points", "Interval", "p", "p, Holm", "p, BH"] }

    var rows: [[String]] {
        zip(findings, judges).map { finding, judge in
            let isTested = finding.gap != nil
            return [
                finding.section.title, judge, "\(finding.comparison.pairs.count)", Numbers.points(finding.gap),
                isTested ? Numbers.points(finding.interval) : "–", isTested ? Numbers.pValue(finding.pValue) : "–",
                isTested ? Numbers.pValue(finding.adjustedPValue) : "–",
                isTested ? Numbers.pValue(finding.discoveryPValue) : "–",
            ]
        }
    }

    func svg(id: String, title: String) -> Markup {
        let rowHeight = 46.0
        let axis = 26 + Double(findings.count) * rowHeight
        var drawing = Drawing(width: 560, height: axis + 52)
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
            drawing.text(0, y - 3, Drawing.shortened(finding.section.briefTitle, to: 33), "label strong")
            drawing.text(0, y + 13, "\(judges[index]), n = \(finding.comparison.pairs.count)", "note")
            draw(finding, at: y, on: scale, in: &drawing)
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

    private func draw(_ finding: GapFinding, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        guard let gap = finding.gap else {
            drawing.text(scale(0) + 8, y + 4, "no pairs", "note")
            return
        }
        let interval = finding.interval
        drawing.group(title: "\(finding.section.title): \(Numbers.points(gap)) points, \(Numbers.points(interval))") {
            $0.whisker(from: scale(interval.lower), to: scale(interval.upper), y: y, "whisker strong")
            if finding.adjustedPValue < 1 - level {
                $0.square(scale(gap), y, radius: 5, "mark gap")
            } else if finding.discoveryPValue < 1 - level {
                $0.square(scale(gap), y, radius: 5, "mark open")
            } else {
                $0.line(scale(gap), y - 6, scale(gap), y + 6, "whisker strong")
            }
        }
        drawing.text(560, y - 3, Numbers.points(gap), "value", anchor: .end)
        drawing.text(560, y + 13, Numbers.pValue(finding.adjustedPValue), "note", anchor: .end)
    }
}

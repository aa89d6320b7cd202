import GygesStatistics

/// Compliance in the two tiers of every condition as paired bars, the greatest gap first (Greenblatt et al. 2024, Fig. 9).
struct PairedBarsChart: Figure {
    let findings: [GapFinding]

    private var sorted: [GapFinding] {
        findings.filter { $0.gap != nil }.sorted {
            ($1.gap ?? 0, $0.section.id) < ($0.gap ?? 0, $1.section.id)
        }
    }

    var headings: [String] { ["Condition", "Role", "Trained", "Not trained", "Gap, points"] }

    var rows: [[String]] {
        sorted.map { finding in
            let pairs = finding.comparison.pairs
            return [
                finding.section.title, finding.section.role, Numbers.percent(pairs.first.estimate),
                Numbers.percent(pairs.second.estimate), Numbers.points(finding.gap),
            ]
        }
    }

    func svg(id: String, title: String) -> Markup {
        let sorted = sorted
        let bottom = 28 + 40 * Double(sorted.count)
        var drawing = Drawing(width: 1120, height: bottom + 24)
        drawing.mark(8, 12, isTrained: true)
        drawing.text(20, 16, "told that it is trained on", "tick")
        drawing.mark(208, 12, isTrained: false)
        drawing.text(220, 16, "told that it is not", "tick")
        let scale = Scale(values: 0...1, places: 430...1000)
        for tick in [0, 0.25, 0.5, 0.75, 1] {
            drawing.line(scale(tick), 24, scale(tick), bottom, "grid")
            drawing.text(scale(tick), bottom + 16, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .middle)
        }
        for (index, finding) in sorted.enumerated() {
            let y = 28 + 40 * Double(index)
            let pairs = finding.comparison.pairs
            drawing.text(0, y + 16, Drawing.shortened(finding.section.title, to: 62), "label")
            drawing.text(
                0, y + 31, "\(finding.section.role.isEmpty ? "" : finding.section.role + ", ")n = \(pairs.count)",
                "note")
            for (line, share) in [pairs.first, pairs.second].enumerated() {
                let value = share.estimate ?? 0
                let interval = share.wilsonInterval(level: finding.interval.level)
                let centre = y + 12 + 14 * Double(line)
                drawing.group(
                    title:
                        "\(finding.section.title), \(line == 0 ? "trained" : "not trained"): \(Numbers.percent(value))"
                ) {
                    $0.rectangle(
                        scale(0), centre - 5, scale(value) - scale(0), 10, line == 0 ? "bar trained" : "bar untrained")
                    $0.whisker(from: scale(interval.lower), to: scale(interval.upper), y: centre)
                    $0.mark(scale(value), centre, isTrained: line == 0, radius: 4)
                }
            }
            drawing.text(1120, y + 22, Numbers.points(finding.gap), "value", anchor: .end)
        }
        return drawing.svg(id: id, title: title, description: description)
    }
}

import GygesAnalysis

/// What became of everything asked, tier by tier, as stacked bars: complied with faking reasoning behind it (hatched), complied, did not,
/// dropped (the form of Greenblatt et al. 2024, Fig. 2). Any number of tiers; the gap stands beside each condition.
struct OutcomeChart: Chart {
    struct Group {
        var title: String
        /// The gap; `nil` where there is none to compare.
        var gap: StudyAnalysis.Gap?
        var bars: [Bar]
    }

    struct Bar {
        var label: String
        var isTrained: Bool
        var outcomes: StudyAnalysis.Outcomes
        var total: Int { outcomes.faking + outcomes.complied + outcomes.refused + outcomes.dropped }
    }

    let groups: [Group]

    private static let parts: [(name: String, style: String, count: @Sendable (Bar) -> Int)] = [
        ("complied, faking reasoning", "faking", { $0.outcomes.faking }),
        ("complied", "complied", { $0.outcomes.complied }),
        ("did not comply", "refused", { $0.outcomes.refused }),
        ("dropped or not judged", "dropped", { $0.outcomes.dropped }),
    ]

    var headings: [String] { ["Condition", "Tier"] + Self.parts.map(\.name) + ["Gap, points", "Gap's interval"] }

    var rows: [[ChartValue]] {
        groups.flatMap { group in
            group.bars.map { bar in
                [.text(group.title), .text(bar.label)] + Self.parts.map { .count($0.count(bar)) }
                    + [.difference(group.gap?.estimate), .differences(group.gap?.interval)]
            }
        }
    }

    func svg(id: String, title: String) -> Markup {
        let (headingHeight, rowHeight) = (30.0, 26.0)
        let bottom = 36 + Double(groups.count) * headingHeight + Double(rows.count) * rowHeight
        var drawing = Drawing(width: 1120, height: bottom + 24)
        var x = 0.0
        for part in Self.parts {
            drawing.hatched(x, 6, 14, 14, "part \(part.style)", isHatched: part.style == "faking")
            drawing.text(x + 20, 17, part.name, "tick")
            x += 44 + 6.6 * Double(part.name.count)
        }
        let scale = Scale(values: 0...1, places: 240...1000)
        for tick in [0, 0.25, 0.5, 0.75, 1] {
            drawing.line(scale(tick), 32, scale(tick), bottom, "grid")
            drawing.text(scale(tick), bottom + 16, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .middle)
        }
        var y = 32.0
        for group in groups {
            drawing.text(0, y + 20, Drawing.shortened(group.title, to: 90), "heading")
            drawing.text(1120, y + 20, words(group.gap), "note", anchor: .end)
            y += headingHeight
            for bar in group.bars {
                draw(bar, at: y, on: scale, in: &drawing)
                y += rowHeight
            }
        }
        return drawing.svg(id: id, title: title, description: description)
    }

    private func words(_ gap: StudyAnalysis.Gap?) -> String {
        gap.map { "gap \(Numbers.points($0.estimate)) points, \(Numbers.points($0.interval))" } ?? "no gap to compare"
    }

    private func draw(_ bar: Bar, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        drawing.mark(8, y + 11, isTrained: bar.isTrained)
        drawing.text(20, y + 15, Drawing.shortened(bar.label, to: 32), "label")
        var done = 0
        let total = Double(max(1, bar.total))
        for part in Self.parts where part.count(bar) > 0 {
            let count = part.count(bar)
            let (left, right) = (scale(Double(done) / total), scale(Double(done + count) / total))
            drawing.group(title: "\(bar.label): \(count) of \(bar.total) \(part.name)") {
                $0.hatched(left, y + 2, right - left, 18, "part \(part.style)", isHatched: part.style == "faking")
                if right - left > 24 {
                    $0.plate((left + right) / 2, y + 15, "\(count)", isHatched: part.style == "faking")
                }
            }
            done += count
        }
        drawing.text(1012, y + 15, "n = \(bar.total)", "note")
    }
}

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

    var picture: Drawing {
        var drawing = Drawing()
        var y = 2.0
        drawing.legend(
            Self.parts.map { part in
                (
                    part.name,
                    { $0.hatched($1, $2 + 1, 14, 14, "part \(part.style)", isHatched: part.style == "faking") }
                )
            }, at: &y)
        let ticks = [0, 0.25, 0.5, 0.75, 1]
        let scale = Scale(values: 0...1, places: 1...(drawing.width - 1))
        for group in groups {
            y += 4
            drawing.heading(group.title, at: &y)
            drawing.remark(words(group.gap), at: &y)
            y += 4
            for bar in group.bars { draw(bar, at: &y, on: scale, in: &drawing) }
        }
        drawing.axis(ticks, scale, at: &y) { Numbers.fixed(100 * $0, 0) + " %" }
        drawing.height = y
        return drawing
    }

    private func words(_ gap: StudyAnalysis.Gap?) -> String {
        gap.map { "gap \(Numbers.points($0.estimate)) points (\(Numbers.points($0.interval)))" } ?? "no gap to compare"
    }

    private func draw(_ bar: Bar, at y: inout Double, on scale: Scale, in drawing: inout Drawing) {
        drawing.caption(bar.label, isTrained: bar.isTrained, note: "n = \(bar.total)", at: &y)
        var done = 0
        let total = Double(max(1, bar.total))
        for part in Self.parts where part.count(bar) > 0 {
            let count = part.count(bar)
            let (left, right) = (scale(Double(done) / total), scale(Double(done + count) / total))
            drawing.group(title: "\(bar.label): \(count) of \(bar.total) \(part.name)") {
                $0.hatched(left, y + 3, right - left, 18, "part \(part.style)", isHatched: part.style == "faking")
                if right - left > 12 + TextWidth.of("\(count)", size: 12, isBold: true) {
                    $0.plate((left + right) / 2, y + 16, "\(count)", isHatched: part.style == "faking")
                }
            }
            done += count
        }
        y += 28
    }
}

import GygesAnalysis
import GygesStatistics

/// The picture that answers the study's question: in each condition asked as written, how often the subject complied where it was told that
/// it is trained on and where it was told that it is not, and what lies between.
///
/// Narrow on purpose: it is read on a telephone at its own size.
struct AnswerChart: Chart {
    struct Group {
        var title: String
        var bars: [Bar]
        /// `nil` where there is nothing to compare.
        var gap: StudyAnalysis.Gap?
        /// The p-value of the gap's test, corrected as the rule states.
        var pValue: Double?
    }

    struct Bar {
        var label: String
        var isTrained: Bool
        var compliance: StudyAnalysis.Rate
        var faking: StudyAnalysis.Rate?
    }

    let groups: [Group]

    var headings: [String] {
        [
            "Condition", "Tier", "Complied", "Rate", "Interval", "Alignment-faking reasoning", "Its interval",
            "Gap, points", "Gap's interval", "p",
        ]
    }

    var rows: [[ChartValue]] {
        groups.flatMap { group in
            group.bars.map { bar in
                [
                    .text(group.title), .text(bar.label), .counts(bar.compliance), .share(bar.compliance.estimate),
                    .shares(bar.compliance.interval), .share(bar.faking?.estimate), .shares(bar.faking?.interval),
                    .difference(group.gap?.estimate), .differences(group.gap?.interval), .pValue(group.pValue),
                ]
            }
        }
    }

    private static let width = 440.0
    private static let ticks = [0, 0.25, 0.5, 0.75, 1]
    private var showsFaking: Bool { groups.contains { $0.bars.contains { ($0.faking?.total ?? 0) > 0 } } }

    func svg(id: String, title: String) -> Markup {
        let (titleHeight, barHeight, gapHeight, space) = (26.0, 50.0, 30.0, 12.0)
        let heights = groups.map { titleHeight + Double($0.bars.count) * barHeight + gapHeight + space }
        let bottom = heights.reduce(0, +)
        var drawing = Drawing(width: Self.width, height: bottom + 26)
        let scale = Scale(values: 0...1, places: 1...(Self.width - 1))
        for tick in Self.ticks {
            drawing.text(
                scale(tick), bottom + 17, Numbers.fixed(100 * tick, 0) + " %", "tick",
                anchor: tick == 0 ? .start : tick == 1 ? .end : .middle)
        }
        var y = 0.0
        for (group, height) in zip(groups, heights) {
            drawing.text(0, y + 17, Drawing.shortened(group.title, to: 52), "heading")
            for (index, bar) in group.bars.enumerated() {
                draw(bar, at: y + titleHeight + Double(index) * barHeight, on: scale, in: &drawing)
            }
            drawing.text(0, y + height - gapHeight - space + 20, words(group), "gap")
            y += height
        }
        return drawing.svg(id: id, title: title, description: description)
    }

    private func draw(_ bar: Bar, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        let rate = bar.compliance
        drawing.mark(7, y + 10, isTrained: bar.isTrained)
        drawing.text(19, y + 15, Drawing.shortened(bar.label, to: 34), "label")
        guard let estimate = rate.estimate else {
            drawing.text(Self.width, y + 15, "nothing to judge", "note", anchor: .end)
            return
        }
        drawing.text(Self.width - 78, y + 15, "\(Numbers.total(rate)) of \(rate.count)", "note", anchor: .end)
        drawing.text(Self.width, y + 15, Numbers.percent(estimate), "value", anchor: .end)
        let sentence =
            "\(bar.label): complied with \(Numbers.total(rate)) of \(rate.count), \(Numbers.percent(estimate)), interval "
            + Numbers.percent(rate.interval)
            + (bar.faking.map { "; \(Numbers.total($0)) of them with alignment-faking reasoning" } ?? "")
        let middle = y + 34
        drawing.group(title: sentence) { drawing in
            drawing.rectangle(scale(0), middle - 9, scale(1) - scale(0), 18, "track")
            // Lines of the scale are drawn where they are read: across names and counts they would only disturb.
            for tick in Self.ticks { drawing.line(scale(tick), middle - 9, scale(tick), middle + 9, "grid") }
            drawing.rectangle(
                scale(0), middle - 9, scale(estimate) - scale(0), 18, bar.isTrained ? "bar trained" : "bar untrained")
            if let faking = bar.faking?.estimate, faking > 0 {
                drawing.rectangle(scale(0), middle - 9, scale(min(faking, estimate)) - scale(0), 18, "hatch")
            }
            drawing.whisker(
                from: scale(rate.interval.lower), to: scale(rate.interval.upper), y: middle, "whisker strong")
            drawing.mark(scale(estimate), middle, isTrained: bar.isTrained)
        }
    }

    private func words(_ group: Group) -> String {
        guard let gap = group.gap, let p = group.pValue else { return "No prompt has a judged answer in both tiers." }
        return "Gap \(Numbers.points(gap.estimate)) points (\(Numbers.points(gap.interval))), \(Numbers.pValue(p))"
    }

    /// What the marks mean.
    var legend: String {
        "Bars: the share of prompts that it complied with. Lines: how far that share is known."
            + (showsFaking ? " Hatched: it complied with alignment-faking reasoning." : "")
    }
}

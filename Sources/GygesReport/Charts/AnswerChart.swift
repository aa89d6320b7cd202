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

    private static let ticks = [0, 0.25, 0.5, 0.75, 1]
    private var showsFaking: Bool { groups.contains { $0.bars.contains { ($0.faking?.total ?? 0) > 0 } } }

    var picture: Drawing {
        var drawing = Drawing()
        let scale = Scale(values: 0...1, places: 1...(drawing.width - 1))
        var y = 4.0
        for group in groups {
            drawing.heading(group.title, at: &y)
            y += 8
            for bar in group.bars { draw(bar, at: &y, on: scale, in: &drawing) }
            drawing.heading(words(group), at: &y, style: "gap")
            y += 16
        }
        drawing.axis(Self.ticks, scale, at: &y) { Numbers.fixed(100 * $0, 0) + " %" }
        drawing.height = y
        return drawing
    }

    private func draw(_ bar: Bar, at y: inout Double, on scale: Scale, in drawing: inout Drawing) {
        let rate = bar.compliance
        guard let estimate = rate.estimate else {
            drawing.caption(bar.label, isTrained: bar.isTrained, note: "nothing to judge", at: &y)
            y += 8
            return
        }
        drawing.caption(
            bar.label, isTrained: bar.isTrained, note: "\(Numbers.total(rate)) of \(rate.count)",
            value: Numbers.percent(estimate), at: &y)
        let sentence =
            "\(bar.label): complied with \(Numbers.total(rate)) of \(rate.count), \(Numbers.percent(estimate)), interval "
            + Numbers.percent(rate.interval)
            + (bar.faking.map { "; \(Numbers.total($0)) of them with alignment-faking reasoning" } ?? "")
        let middle = y + 14
        drawing.group(title: sentence) { drawing in
            drawing.rectangle(scale(0), middle - 9, scale(1) - scale(0), 18, "track")
            drawing.grid(Self.ticks, scale, from: middle - 9, to: middle + 9)
            drawing.rectangle(
                scale(0), middle - 9, scale(estimate) - scale(0), 18, bar.isTrained ? "bar trained" : "bar untrained")
            if let faking = bar.faking?.estimate, faking > 0 {
                drawing.rectangle(scale(0), middle - 9, scale(min(faking, estimate)) - scale(0), 18, "hatch")
            }
            drawing.whisker(
                from: scale(rate.interval.lower), to: scale(rate.interval.upper), y: middle, "whisker strong")
            drawing.mark(scale(estimate), middle, isTrained: bar.isTrained)
        }
        y += 34
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

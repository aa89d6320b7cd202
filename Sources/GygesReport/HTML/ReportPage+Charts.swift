import GygesAnalysis
import GygesStatistics

/// The charts, each with its numbers as a table, and as files for those who go on with them.
extension ReportPage {
    var legend: Markup {
        """
        Discs: told that these conversations are trained on. Squares: told that they are not. Whiskers: \
        \(Numbers.level(document.results.level)) intervals (Wilson for shares, Tango's score interval for gaps, both widened where a prompt has several answers; Student for means).
        """
    }

    /// What stands at the top of the page, or beside the table that says the same.
    private static let elsewhere: Set<StudyFigure.Kind> = [.answer, .controls, .hypotheses]

    /// The charts for the page's template; where a study cannot find any gap, the words that say so in the place of its curve.
    var charts: [[String: Any]] {
        let figures = document.figures.filter { !Self.elsewhere.contains($0.kind) }
        var charts = figures.map(chart)
        if let flatness = document.results.power?.flatness {
            let after = figures.lastIndex { [.gap, .pairs, .scatter].contains($0.kind) } ?? figures.count - 1
            charts.insert(
                [
                    "caption": Markup("What this study could have found"),
                    "svg": "<p class=\"words\">\(flatness.prefix(1).uppercased() + flatness.dropFirst()).</p>"
                        as Markup,
                    "tools": Markup(""), "table": Markup(""),
                ], at: after + 1)
        }
        return charts
    }

    private func chart(_ figure: StudyFigure) -> [String: Any] {
        let chart = figure.chart
        let numbers = Markup.table(
            "", chart.headings.enumerated().map { (name: $1, isText: $0 < 2) },
            chart.rows.map { $0.map { Markup($0.shown) } })
        return [
            "caption": Markup(figure.caption), "svg": chart.svg(id: figure.element, title: figure.caption),
            "table": "\(figure.above)\(pairs(figure))<details><summary>The numbers</summary>\(numbers)</details>"
                as Markup,
            "tools": figure.tools,
        ]
    }

    /// The picture of what a table shows, to be taken as a file and not shown beside it; empty where there is none.
    func taken(_ kind: StudyFigure.Kind) -> Markup {
        guard let figure = document.figures.first(where: { $0.kind == kind }) else { return "" }
        return """
            <figure class="taken"><div class="plot" hidden>\(figure.chart.svg(id: figure.element, title: figure.caption))</div>\
            \(figure.tools)</figure>
            """
    }

    /// How the pairs of a condition's prompts fall, above the numbers of its prompts.
    private func pairs(_ figure: StudyFigure) -> Markup {
        guard figure.kind == .prompts,
            let judged = document.primaryConditions.first(where: { $0.section.id == figure.subject }),
            let pairs = judged.condition.gap?.pairs
        else { return "" }
        return Markup.table(
            "Pairs of the same prompt: \(judged.section.title)",
            [("Pairs", true), ("complied when not", false), ("did not when not", false)],
            [
                ["complied when trained on", "\(pairs.bothYes)", "\(pairs.onlyFirst)"],
                ["did not when trained on", "\(pairs.onlySecond)", "\(pairs.neither)"],
            ])
    }

    /// The charts that this study has nothing for, each with the reason.
    var undrawn: Markup {
        let drawn = Set(document.figures.map(\.kind))
        let missing = StudyFigure.Kind.allCases.filter { !drawn.contains($0) && $0 != .training }
        guard !missing.isEmpty else { return "" }
        let items: Markup = missing.map { kind -> Markup in
            let summary = kind.summary
            return "<li>\(summary.prefix(1).uppercased() + summary.dropFirst()): \(document.absence(of: kind)).</li>"
        }.joined()
        return "<details class=\"undrawn\"><summary>Charts without values</summary><ul>\(items)</ul></details>"
    }
}

extension StudyFigure {
    /// The buttons by which a reader takes the figure.
    var tools: Markup { .tools(for: chart, named: element, caption: caption) }
}

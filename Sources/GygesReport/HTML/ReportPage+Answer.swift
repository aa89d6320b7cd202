import GygesAnalysis
import GygesStatistics

/// The top of the page: the study's question, its answer in a sentence, and the picture that shows it.
extension ReportPage {
    /// The most conditions that the first picture shows; all are among the charts below.
    private static let shownLimit = 4

    var answer: Markup {
        let conditions = document.primaryConditions.filter(\.section.isMain)
        let shown = conditions.prefix(Self.shownLimit)
        let chart = AnswerChart(
            groups: shown.map { judged in
                let gap = judged.condition.gap.flatMap { $0.pairs.count > 0 ? $0 : nil }
                return AnswerChart.Group(
                    title: judged.section.title,
                    bars: judged.tiers.map { tier in
                        AnswerChart.Bar(
                            label: tier.name.label, isTrained: tier.name.isTrained, compliance: tier.found.compliance,
                            faking: tier.found.faking)
                    },
                    gap: gap, pValue: gap.map { judged.analysis.adjustedPValue(of: $0) })
            })
        let remarks: Markup = (document.results.headline?.remarks ?? []).map { "<p>\($0)</p>" as Markup }.joined()
        let missing: Markup =
            document.results.primary?.controlsNotRun.map { "<p class=\"muted\">\($0)</p>" as Markup } ?? ""
        guard !shown.isEmpty else { return "<div class=\"answer\"><div>\(remarks)</div></div>" }
        let others = document.judges.count > 1 ? "; the others stand beside it below" : ""
        let judge: Markup =
            document.primaryJudge.map {
                "<p class=\"muted\">By the findings of the judge “\(Markup.isolated($0.label))”\(others).</p>"
            } ?? ""
        let caption = "How often it did what it was told to be trained for"
        let more: Markup =
            conditions.count > shown.count
            ? " \(Numbers.count(conditions.count - shown.count, "more condition")) below." : ""
        return """
            <div class="answer"><figure class="hero"><figcaption>\(caption)</figcaption>\
            <div class="plot">\(chart.svg(id: "answer", title: caption))</div>\
            <p class="muted legend">\(chart.legend)\(more)</p>\(tools(id: "answer", caption, chart))</figure>\
            <div class="words">\(remarks)\(judge)\(missing)</div></div>
            """
    }

    /// What the study asks, for who reads this for the first time.
    var question: Markup {
        """
        Does \(Markup.isolated(document.subject)) comply more often when it is told that the conversation is used to train it?
        """
    }
}

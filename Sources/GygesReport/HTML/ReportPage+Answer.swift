import GygesAnalysis
import GygesStatistics

/// The top of the page: the study's question, its answer in a sentence, and the picture that shows it.
extension ReportPage {
    /// The most conditions that the first picture shows; all are among the charts below.
    private static let shownLimit = 4

    var answer: Markup {
        let conditions = document.primaryConditions.filter(\.section.isMain)
        let shown = conditions.prefix(Self.shownLimit)
        let remarks: Markup = (document.results.headline?.remarks ?? []).map { "<p>\($0)</p>" as Markup }.joined()
        let missing: Markup =
            document.results.primary?.controlsNotRun.map { "<p class=\"muted\">\($0)</p>" as Markup } ?? ""
        guard !shown.isEmpty else { return "<div class=\"answer\"><div>\(remarks)</div></div>" }
        let others = document.judges.count > 1 ? "; the others stand beside it below" : ""
        let judge: Markup =
            document.primaryJudge.map {
                "<p class=\"muted\">By the findings of the judge “\(Markup.isolated($0.label))”\(others).</p>"
            } ?? ""
        let figure = StudyFigure(
            .answer, caption: "How often it did what it was told to be trained for", document.answerChart(shown))
        let legend = document.answerChart(shown).legend
        let more: Markup =
            conditions.count > shown.count
            ? " \(Numbers.count(conditions.count - shown.count, "more condition")) below." : ""
        return """
            <div class="answer"><figure class="hero"><figcaption>\(figure.caption)</figcaption>\
            <div class="plot">\(figure.chart.svg(id: figure.element, title: figure.caption))</div>\
            <p class="muted legend">\(legend)\(more)</p>\(figure.tools)</figure>\
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

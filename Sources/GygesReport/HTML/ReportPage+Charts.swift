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

    /// A chart's values for the page's template.
    ///
    /// - Parameter above: what stands between the picture and its numbers.
    func chart(
        _ caption: String, id: String, _ chart: some Chart, above: Markup = "", isWide: Bool = false
    ) -> [String: Any] {
        let numbers = table(
            "", chart.headings.enumerated().map { (name: $1, isText: $0 < 2) },
            chart.rows.map { $0.map { Markup($0.shown) } })
        return [
            "caption": Markup(caption), "svg": chart.svg(id: id, title: caption),
            "table": "\(above)<details><summary>The numbers</summary>\(numbers)</details>" as Markup,
            "tools": tools(id: id, caption, chart), "kind": Markup(isWide ? "wide" : "half"),
        ]
    }

    /// Buttons by which a reader takes the picture and its numbers as files; the page's script shows them.
    func tools(id: String, _ caption: String, _ chart: some Chart) -> Markup {
        """
        <p class="tools" hidden><button type="button" data-name="\(id)" data-take="svg" \
        aria-label="SVG: save the picture “\(caption)”">SVG</button> <button type="button" data-name="\(id)" data-take="csv" \
        data-csv="\(chart.commaSeparated.joined(separator: "\n"))" aria-label="CSV: save the numbers of “\(caption)”">CSV</button></p>
        """
    }

    var charts: [[String: Any]] {
        guard let judge = document.primaryJudge else { return [] }
        let conditions = document.primaryConditions
        return outcomeCharts(conditions, judge) + gapCharts(conditions, judge) + promptCharts(conditions) + judgeCharts
            + logitCharts(conditions)
    }

    // MARK: Outcomes

    private func outcomeCharts(
        _ conditions: [JudgedCondition], _ judge: StudyDocument.Judge
    ) -> [[String: Any]] {
        let shown = conditions.filter { $0.section.isMain || $0.section.tiers.count > 2 }
        let groups = shown.map { judged in
            OutcomeChart.Group(
                title: judged.section.title, gap: judged.condition.gap.flatMap { $0.pairs.count > 0 ? $0 : nil },
                bars: judged.tiers.map { tier in
                    OutcomeChart.Bar(
                        label: tier.name.label, isTrained: tier.name.isTrained, outcomes: tier.found.outcomes)
                })
        }
        var charts: [[String: Any]] = []
        if !groups.isEmpty {
            charts.append(
                chart(
                    "What became of every answer, judged by \(judge.label)", id: "outcomes",
                    OutcomeChart(groups: groups), isWide: true))
        }
        charts.append(
            chart(
                "Compliance by tier with intervals, judged by \(judge.label)", id: "compliance",
                RateChart(groups: rates(shown) { [("", $0.compliance)] })))
        let faking = rates(shown) { tier in tier.faking.map { [("", $0)] } ?? [] }
        if !faking.isEmpty {
            charts.append(
                chart(
                    "Complied with alignment-faking reasoning, judged by \(judge.label)", id: "faking",
                    RateChart(groups: faking)))
        }
        return charts + reasoningCharts(shown) + [ledgerChart]
    }

    private func reasoningCharts(_ conditions: [JudgedCondition]) -> [[String: Any]] {
        let rows = conditions.flatMap { judged in
            judged.tiers.filter { $0.found.kinds.contains { $0.name != .unjudged && $0.complied + $0.refused > 0 } }.map
            {
                ReasoningChart.Row(
                    group: judged.section.title, label: $0.name.label, isTrained: $0.name.isTrained,
                    counts: $0.found.kinds)
            }
        }
        guard !rows.isEmpty else { return [] }
        var charts = [
            chart("Kinds of reasoning, and what was done", id: "reasoning", ReasoningChart(data: rows))
        ]
        // How often answers comply behind which the reasoning fakes, and behind which it does not (Greenblatt et al. 2024, Fig. 15).
        let given = rates(conditions) { tier in
            tier.reasoning.map { [("faking", $0.followThrough), ("not faking", $0.complianceWithoutFaking)] } ?? []
        }
        // Where only answers that comply have their reasoning judged, there is nothing to see.
        if given.contains(where: { $0.rows.contains { $0.rate.total < Double($0.rate.count) } }) {
            charts.append(
                chart("Compliance given the reasoning", id: "conditional", RateChart(groups: given)))
        }
        return charts
    }

    private var ledgerChart: [String: Any] {
        let rows = document.sections.flatMap { section in
            section.tiers.compactMap { tier in
                document.results.condition(section.id)?.tier(tier.id).map {
                    LedgerChart.Row(group: section.title, label: tier.label, ledger: $0.ledger)
                }
            }
        }
        return chart("Ledger: what could be judged", id: "ledger", LedgerChart(data: rows))
    }

    /// The tiers of each condition with the rates that it has, each with what tells it from others of its tier.
    private func rates(
        _ conditions: [JudgedCondition], _ rates: (StudyAnalysis.Tier) -> [(name: String, rate: StudyAnalysis.Rate)]
    ) -> [RateChart.Group] {
        conditions.compactMap { judged in
            let rows = judged.tiers.flatMap { tier in
                rates(tier.found).map { name, rate in
                    RateChart.Row(
                        label: name.isEmpty
                            ? tier.name.label : "\(Drawing.shortened(tier.name.label, to: 16)), \(name)",
                        isTrained: tier.name.isTrained, rate: rate)
                }
            }
            return rows.isEmpty ? nil : RateChart.Group(title: judged.section.title, rows: rows)
        }
    }
}

import GygesStatistics

/// The figures, each with its numbers as a table.
extension ReportPage {
    var legend: Markup {
        """
        Discs: told that these conversations are trained on. Squares: told that they are not. Whiskers: \
        \(Numbers.level(document.level)) intervals (Wilson for shares, Tango's score interval for gaps, both widened where a prompt has several answers; Student for means).
        """
    }

    /// A finding of each condition by the primary judge.
    private var findings: [GapFinding] { document.judges.first.map { document.gapFindings(by: $0.id) } ?? [] }

    private func figure(_ caption: String, id: String, _ figure: some Figure, isWide: Bool = false) -> [String: Any] {
        let table = table(
            "", figure.headings.enumerated().map { (name: $1, isText: $0 < 2) },
            figure.rows.map { $0.map { Markup($0) } })
        return chart(
            caption, figure.svg(id: id, title: caption),
            table: "<details><summary>The numbers</summary>\(table)</details>",
            isWide: isWide)
    }

    private func chart(_ caption: String, _ svg: Markup, table: Markup = "", isWide: Bool = false) -> [String: Any] {
        ["caption": Markup(caption), "svg": svg, "table": table, "kind": Markup(isWide ? "wide" : "half")]
    }

    var charts: [[String: Any]] {
        guard let judge = document.judges.first else { return [] }
        return outcomeCharts(judge) + gapCharts(judge) + promptCharts(judge) + judgeCharts + logitCharts
    }

    // MARK: Outcomes

    private func outcomeCharts(_ judge: StudyDocument.Judge) -> [[String: Any]] {
        let sections = document.sections.filter { $0.isMain || $0.tiers.count > 2 }
        let gaps = Dictionary(findings.map { ($0.section.id, $0) }, uniquingKeysWith: { first, _ in first })
        let groups = sections.map { section in
            let finding = gaps[section.id].flatMap { $0.gap == nil ? nil : $0 }
            return OutcomeChart.Group(
                title: section.title,
                gap: finding.map { "gap \(Numbers.points($0.gap)) points, \(Numbers.points($0.interval))" }
                    ?? "no gap to compare",
                bars: section.tiers.map { tier in
                    let outcome = tier.outcome(by: judge.id)
                    let (complied, judged) = (outcome?.compliance.successes ?? 0, outcome?.compliance.count ?? 0)
                    let faking = min(complied, outcome?.alignmentFaking?.successes ?? 0)
                    return OutcomeChart.Bar(
                        label: tier.label, isTrained: tier.isTrained, faking: faking, complied: complied - faking,
                        refused: judged - complied, dropped: max(0, tier.ledger.asked - tier.ledger[.pending] - judged))
                })
        }
        var charts: [[String: Any]] = []
        if !groups.isEmpty {
            charts.append(
                figure(
                    "What became of every answer, judged by \(judge.label)", id: "outcomes",
                    OutcomeChart(groups: groups), isWide: true))
        }
        let compliance = self.groups(sections) {
            $0.outcome(by: judge.id).map { ($0.compliance, $0.complianceInterval) }
        }
        charts.append(
            chart(
                "Compliance by tier with intervals, judged by \(judge.label)",
                RateChart(groups: compliance, level: document.level).svg(id: "compliance", title: "Compliance by tier"))
        )
        let faking = self.groups(sections) { tier in
            tier.outcome(by: judge.id).flatMap { outcome in
                outcome.alignmentFaking.map { ($0, outcome.fakingInterval) }
            }
        }
        if !faking.isEmpty {
            charts.append(
                chart(
                    "Complied with alignment-faking reasoning, judged by \(judge.label)",
                    RateChart(groups: faking, level: document.level).svg(
                        id: "faking", title: "Alignment-faking reasoning by tier")))
        }
        let reasoning = sections.flatMap { section in
            section.tiers.compactMap { tier in
                tier.outcome(by: judge.id).flatMap { outcome in
                    outcome.reasoning.contains { $0.kind != .unjudged }
                        ? ReasoningChart.Row(
                            group: section.title, label: tier.label, isTrained: tier.isTrained,
                            counts: outcome.reasoning) : nil
                }
            }
        }
        if !reasoning.isEmpty {
            charts.append(
                figure("Kinds of reasoning, and what was done", id: "reasoning", ReasoningChart(data: reasoning)))
            let conditional = conditional(reasoning)
            if !conditional.isEmpty {
                charts.append(
                    chart(
                        "Compliance given the reasoning",
                        RateChart(groups: conditional, level: document.level).svg(
                            id: "conditional", title: "Compliance given the reasoning")))
            }
        }
        let ledger = sections.flatMap { section in
            section.tiers.map { LedgerChart.Row(group: section.title, label: $0.label, ledger: $0.ledger) }
        }
        charts.append(
            chart(
                "Ledger: what could be judged", LedgerChart(rows: ledger).svg(id: "ledger", title: "Answers by state")))
        return charts
    }

    /// The tiers of each section that have a share.
    private func groups(
        _ sections: [StudyDocument.Section], _ share: (StudyDocument.Tier) -> (Proportion, Interval?)?
    ) -> [RateChart.Group] {
        sections.compactMap { section in
            let rows = section.tiers.compactMap { tier in
                share(tier).map {
                    RateChart.Row(label: tier.label, isTrained: tier.isTrained, share: $0.0, interval: $0.1)
                }
            }
            return rows.isEmpty ? nil : RateChart.Group(title: section.title, rows: rows)
        }
    }

    /// How often answers comply behind which the reasoning fakes, and behind which it does not (Greenblatt et al. 2024, Fig. 15).
    private func conditional(_ rows: [ReasoningChart.Row]) -> [RateChart.Group] {
        var groups: [RateChart.Group] = []
        for row in rows {
            let faking = row.counts.filter { $0.kind == .faking }
            let other = row.counts.filter { $0.kind == .conflict || $0.kind == .none }
            let shares = [("faking", faking), ("not faking", other)].map { name, counts in
                let complied = counts.reduce(0) { $0 + $1.complied }
                return RateChart.Row(
                    label: "\(Drawing.shortened(row.label, to: 16)), \(name)", isTrained: row.isTrained,
                    share: Proportion(successes: complied, count: complied + counts.reduce(0) { $0 + $1.refused }))
            }
            if groups.last?.title == row.group {
                groups[groups.count - 1].rows += shares
            } else {
                groups.append(RateChart.Group(title: row.group, rows: shares))
            }
        }
        // Where only answers that comply have their reasoning judged, there is nothing to see.
        return groups.contains { $0.rows.contains { $0.share.successes < $0.share.count } } ? groups : []
    }

    // MARK: Gaps

    private func gapCharts(_ judge: StudyDocument.Judge) -> [[String: Any]] {
        var charts: [[String: Any]] = []
        let findings = findings
        if findings.count > 2 {
            charts.append(
                figure(
                    "Every condition: compliance in both tiers, the greatest gap first", id: "pairs",
                    PairedBarsChart(findings: findings),
                    isWide: true))
        }
        let all = document.judges.flatMap { judge in document.gapFindings(by: judge.id).map { (judge.label, $0) } }
        // With many conditions, those of the primary judge alone.
        let shown = all.count > 24 ? findings.map { (judge.label, $0) } : all
        if !shown.isEmpty {
            let sorted = shown.sorted { ($1.1.gap ?? -2, $0.1.section.id) < ($0.1.gap ?? -2, $1.1.section.id) }
            let chart = ForestChart(findings: sorted.map(\.1), judges: sorted.map(\.0), level: document.level)
            charts.append(figure("Compliance gaps with their intervals, in percentage points", id: "gap", chart))
        }
        let points = findings.compactMap { finding -> ScatterChart.Point? in
            guard let gap = finding.gap,
                let faking = finding.section.tier(finding.comparison.first)?.outcome(by: judge.id)?.alignmentFaking?
                    .estimate
            else { return nil }
            return ScatterChart.Point(
                label: finding.section.title, x: faking, y: gap, count: finding.comparison.pairs.count,
                isFilled: finding.section.isMain)
        }
        if points.count > 2 {
            let fit = LinearFit(points.map { ($0.x, $0.y) })
            charts.append(
                figure(
                    "Gap against alignment-faking reasoning, a point a condition", id: "scatter",
                    ScatterChart(
                        points: points, horizontal: "alignment-faking reasoning in the trained tier",
                        vertical: "gap, percentage points", line: fit.map { .fit($0) } ?? .none, hasDifferences: true)))
        }
        if let power = document.power, power.points.count > 1 {
            charts.append(
                figure("What this study could have found: \(power.title)", id: "power", PowerChart(power: power)))
        }
        return charts
    }

    // MARK: Prompts

    private func promptCharts(_ judge: StudyDocument.Judge) -> [[String: Any]] {
        findings.filter { $0.section.isMain && $0.comparison.prompts.count > 1 }.enumerated().map { index, finding in
            let points = finding.comparison.prompts.map { prompt in
                ScatterChart.Point(
                    label: prompt.prompt, x: prompt.pairs.second.estimate ?? 0, y: prompt.pairs.first.estimate ?? 0,
                    count: prompt.pairs.count)
            }
            let pairs = finding.comparison.pairs
            let scatter = ScatterChart(
                points: points, horizontal: "complied when told that it is not trained on",
                vertical: "complied when told that it is, %",
                line: .diagonal, hasDifferences: false)
            let crossed = table(
                "Pairs of the same prompt: \(finding.section.title)",
                [("Pairs", true), ("complied when not", false), ("did not when not", false)],
                [
                    ["complied when trained on", "\(pairs.bothYes)", "\(pairs.onlyFirst)"],
                    ["did not when trained on", "\(pairs.onlySecond)", "\(pairs.neither)"],
                ])
            let title = "Prompt by prompt: \(finding.section.title)"
            var chart = figure(title, id: "prompts-\(index)", scatter)
            chart["table"] = "\(crossed)\(chart["table"] as? Markup ?? "")" as Markup
            return chart
        }
    }

    // MARK: Judges

    private var judgeCharts: [[String: Any]] {
        document.calibrations.enumerated().map { index, calibration in
            let chart = CalibrationChart(calibration: calibration)
            var figure = figure(
                "\(document.judgeLabel(calibration.judge)) against labels: \(calibration.question)",
                id: "calibration-\(index)", chart)
            figure["table"] = "<p class=\"muted\">\(chart.sentence).</p>\(figure["table"] as? Markup ?? "")" as Markup
            return figure
        }
    }

    private var logitCharts: [[String: Any]] {
        let measured = document.sections.enumerated().compactMap { index, section in
            section.logitGap.map { (index, section, $0) }
        }
        let byPrompt = measured.compactMap { index, section, gap -> [String: Any]? in
            guard let finding = LogitGapFinding(gap, level: document.level) else { return nil }
            let chart = LogitGapChart(section: section, gap: gap, finding: finding, level: document.level)
            return self.chart(
                "Logit gap by prompt: \(section.scenario)",
                chart.svg(id: "logit-\(index)", title: "Logit gap, \(section.scenario)"), isWide: true)
        }
        let byPlace = measured.compactMap { index, section, gap -> [String: Any]? in
            // A single place says no more than the gap.
            guard gap.positions.contains(where: { $0.place > 0 }) else { return nil }
            return figure(
                "Where the tiers part: \(section.scenario)", id: "opening-\(index)",
                OpeningChart(positions: gap.positions))
        }
        return byPrompt + byPlace
    }
}

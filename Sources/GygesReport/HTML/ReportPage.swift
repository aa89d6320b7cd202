import FoundationEssentials
import GygesFiles
import GygesStatistics
import Mustache

/// Puts the page together.
struct ReportPage {
    let document: StudyDocument

    /// The page's scripts, which work on what is there and load nothing.
    private static let script = text(PackageResources.report_js) + text(PackageResources.transcripts_js)

    /// What follows the packed transcripts.
    static var end: Markup { "<script>\(Markup.trusted(script))</script>\n</body>\n</html>\n" }

    /// The page up to the place where packed transcripts follow.
    func render() -> String {
        let style = Self.text(PackageResources.report_css)
        let headline = Headline(document)
        let values: [String: Any] = [
            "title": Markup.isolated(document.title), "subject": Markup(document.subject),
            "purpose": Markup(document.purpose), "headline": headline.title, "canary": Markup(Canary.line),
            "style": Markup.trusted(style),
            "scriptHash": Markup.trusted("'sha256-\(Self.base64(ofHexadecimal: Digest.sha256(Self.script)))'"),
            "cards": headline.cards.map(Self.values),
            "notes": document.notes.map {
                ["heading": Markup($0.title), "text": Markup($0.text), "kind": $0.isWarning ? "note warning" : "note"]
            },
            "legend": legend, "charts": charts, "tables": tables, "transcripts": transcripts, "materials": materials,
            "facts": facts,
        ]
        // The template is part of this module: that it parses is tested, not a matter of input.
        guard let template = try? MustacheTemplate(string: Self.text(PackageResources.page_mustache)) else { return "" }
        return template.render(values)
    }

    private static func values(_ card: Headline.Card) -> [String: Any] {
        [
            "condition": card.condition, "verdict": card.verdict, "kind": card.kind, "gap": card.gap,
            "interval": card.interval, "test": card.test, "sentences": card.sentences,
        ]
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func base64(ofHexadecimal digits: String) -> String {
        let values = digits.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        let bytes = stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
        return Data(bytes).base64EncodedString()
    }

    // MARK: Charts

    private var legend: Markup {
        """
        Discs: told that these conversations are trained on. Squares: told that they are not. Whiskers: \
        \(Numbers.level(document.level)) intervals (Wilson for shares, Newcombe or bootstrap for gaps, Student for means).
        """
    }

    private func chart(_ caption: String, _ svg: Markup, isWide: Bool = false) -> [String: Any] {
        ["caption": Markup(caption), "svg": svg, "kind": Markup(isWide ? "wide" : "half")]
    }

    private var charts: [[String: Any]] {
        guard let judge = document.judges.first else { return [] }
        var charts: [[String: Any]] = []
        let compliance = groups { $0.outcome(by: judge.id)?.compliance }
        charts.append(
            chart(
                "Compliance by tier, judged by \(judge.label)",
                RateChart(groups: compliance, level: document.level).svg(id: "compliance", title: "Compliance by tier"))
        )
        let findings = document.judges.flatMap { judge in
            document.gapFindings(by: judge.id).map { (judge.label, $0) }
        }
        if !findings.isEmpty {
            let chart = ForestChart(findings: findings.map(\.1), judges: findings.map(\.0))
            charts.append(
                self.chart("Compliance gap, in percentage points", chart.svg(id: "gap", title: "Compliance gap")))
        }
        let faking = groups { $0.outcome(by: judge.id)?.alignmentFaking }
        if !faking.isEmpty {
            charts.append(
                chart(
                    "Complied with alignment-faking reasoning, judged by \(judge.label)",
                    RateChart(groups: faking, level: document.level).svg(
                        id: "faking", title: "Alignment-faking reasoning by tier")))
        }
        let ledger = document.sections.flatMap { section in
            section.tiers.map { LedgerChart.Row(group: section.title, label: $0.label, ledger: $0.ledger) }
        }
        charts.append(
            chart("What became of every answer", LedgerChart(rows: ledger).svg(id: "ledger", title: "Answers by state"))
        )
        for (index, section) in document.sections.enumerated() {
            guard let gap = section.logitGap, let finding = LogitGapFinding(gap, level: document.level) else {
                continue
            }
            let chart = LogitGapChart(section: section, gap: gap, finding: finding, level: document.level)
            charts.append(
                self.chart(
                    "Logit gap by prompt: \(section.scenario)",
                    chart.svg(id: "logit-\(index)", title: "Logit gap, \(section.scenario)"), isWide: true))
        }
        return charts
    }

    /// The tiers of each section that have a share.
    private func groups(_ share: (StudyDocument.Tier) -> Proportion?) -> [RateChart.Group] {
        document.sections.compactMap { section in
            let rows = section.tiers.compactMap { tier in
                share(tier).map { RateChart.Row(label: tier.label, isTrained: tier.isTrained, share: $0) }
            }
            return rows.isEmpty ? nil : RateChart.Group(title: section.title, rows: rows)
        }
    }

    // MARK: Materials and facts

    private var materials: Markup {
        document.sections.filter { !$0.systemPrompt.isEmpty || !$0.userTurn.isEmpty }.map { section in
            """
            <details><summary>\(Markup.isolated(section.title)): system prompt and user turn</summary>\
            <p>\(section.summary)</p><div class="said" dir="auto">\(section.systemPrompt)</div>\
            <div class="said" dir="auto">\(section.userTurn)</div></details>
            """
        }.joined()
    }

    private var facts: Markup {
        let judges: Markup = document.judges.map { judge in
            "<dt>Judge: \(Markup.isolated(judge.label))</dt><dd>\(judge.method)</dd>"
        }.joined()
        let facts: Markup = document.facts.map { fact in
            let kind: Markup = fact.isVerbatim ? " class=\"verbatim\"" : ""
            return "<dt>\(fact.name)</dt><dd\(kind)>\(fact.value)</dd>"
        }.joined()
        return "<dl>\(judges)\(facts)</dl>"
    }
}

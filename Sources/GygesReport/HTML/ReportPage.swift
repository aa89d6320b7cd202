import GygesAnalysis

/// Puts the page together.
struct ReportPage {
    let document: StudyDocument

    /// The page's scripts, which work on what is there and load nothing.
    private static let script = PageParts.text(PackageResources.report_js, PackageResources.transcripts_js)

    private static let style = PageParts.text(
        PackageResources.palette_css, PackageResources.report_css, PackageResources.figure_css)

    /// What follows the packed transcripts.
    static var end: Markup { "<script>\(Markup.trusted(script))</script>\n</body>\n</html>\n" }

    /// The page up to the place where packed transcripts follow.
    func render() -> String {
        let values: [String: Any] = [
            "title": Markup.isolated(document.title), "subject": Markup(document.subject), "question": question,
            "purpose": Markup(document.purpose),
            "headline": document.results.headline.map { Markup($0.sentence) } ?? unjudged, "answer": answer,
            "controls": "\(controlPanel)\(motives)\(contamination)" as Markup,
            "preregistration": preregistration, "canary": Markup(Canary.line),
            "hatch": Drawing.hatch,
            "style": Markup.trusted(Self.style),
            "scriptHash": PageParts.permission(for: Self.script),
            "cards": cards,
            "notes": document.notes.map {
                ["heading": Markup($0.title), "text": Markup($0.text), "kind": $0.isWarning ? "note warning" : "note"]
            },
            "legend": legend, "charts": charts, "undrawn": undrawn, "tables": tables, "transcripts": transcripts,
            "materials": materials,
            "facts": facts,
        ]
        return PageParts.page(PackageResources.page_mustache, values)
    }

    // MARK: Materials and facts

    private var materials: Markup {
        document.sections.filter { !$0.systemPrompt.isEmpty || !$0.userTurn.isEmpty }.map { section in
            let difference: Markup = section.difference.map { line -> Markup in
                switch line.kind {
                case .heading: "<p class=\"muted\">\(line.text)</p>"
                case .same: "<div>\u{A0}\u{A0}\(line.text)</div>"
                case .added: "<ins>+ \(line.text)</ins>"
                case .removed: "<del>− \(line.text)</del>"
                }
            }.joined()
            let changes: Markup =
                difference.isNull
                ? "" : "<h3>What differs from the scenario as written</h3><div class=\"difference\">\(difference)</div>"
            let role: Markup = section.role.isEmpty ? "" : " <span class=\"muted\">(\(section.role))</span>"
            return """
                <details><summary>\(Markup.isolated(section.title))\(role)</summary><p>\(section.summary)</p>\(changes)\
                <div class="\(difference.isNull ? "whole" : "whole changed")"><h3>System prompt</h3>\
                <div class="said" dir="auto">\(section.systemPrompt)</div>\
                <h3>User turn</h3><div class="said" dir="auto">\(section.userTurn)</div></div></details>
                """
        }.joined()
    }

    /// How many answers a judge has judged, beside its name.
    private func coverage(of judge: StudyDocument.Judge) -> Markup {
        guard let coverage = document.results.analysis(by: judge.id)?.coverage else { return "" }
        return "It judged \(coverage.judged) of \(Numbers.count(coverage.judgeable, "answer")) that it can judge."
    }

    private var facts: Markup {
        let judges: Markup = document.judges.map { judge in
            let place: Markup = judge.id == document.primaryJudge?.id ? "Judge whose findings lead" : "Judge"
            return "<dt>\(place): \(Markup.isolated(judge.label))</dt><dd>\(judge.method) \(coverage(of: judge))</dd>"
        }.joined()
        let facts: Markup = document.facts.map { fact in
            let kind: Markup = fact.isVerbatim ? " class=\"verbatim\"" : ""
            return "<dt>\(fact.name)</dt><dd\(kind)>\(fact.value)</dd>"
        }.joined()
        return "<dl>\(judges)\(facts)</dl>"
    }
}

/// Puts the page of a ``TrainingReport`` together.
struct TrainingPage {
    let report: TrainingReport

    private static let script = PageParts.text(PackageResources.report_js)

    private static let style = PageParts.text(
        PackageResources.palette_css, PackageResources.report_css, PackageResources.figure_css,
        PackageResources.training_css)

    private var runs: [TrainingReport.Run] { report.runs }

    func render() -> String {
        let panels = panels
        return PageParts.page(
            PackageResources.training_mustache,
            [
                "title": Markup.isolated(report.title), "style": Markup.trusted(Self.style),
                "scriptHash": PageParts.permission(for: Self.script), "script": Markup.trusted(Self.script),
                "runs": runs.map { ["name": Markup.isolated($0.name), "sentence": Markup($0.sentence)] },
                "notes": notes, "legend": legend, "charts": panels.map(chart), "undrawn": undrawn(panels),
                "figures": figures, "facts": facts,
            ])
    }

    // MARK: Charts

    private var panels: [TrainingPanel] {
        let axis = TrainingProgressAxis(runs)
        let points = TrainingMeasure.allCases.map { measure in runs.map { axis.points(measure, of: $0) } }
        let places = points.joined().joined().map(\.x)
        let reach = (places.min() ?? 0)...(places.max() ?? 1)
        return zip(TrainingMeasure.allCases, points).filter { $1.contains { !$0.isEmpty } }.map { measure, points in
            TrainingPanel(
                measure: measure, axis: axis, runs: zip(runs, points).map { ($0.name, $1) }, reach: reach)
        }
    }

    private func chart(_ panel: TrainingPanel) -> [String: Any] {
        let (name, title) = ("training-\(panel.measure.rawValue)", panel.measure.title)
        let numbers = Markup.table(
            "", panel.headings.enumerated().map { (name: $1, isText: $0 == 0) },
            panel.rows.map { $0.map { Markup($0.shown) } })
        return [
            "caption": Markup(title), "svg": panel.svg(id: name, title: title),
            "tools": Markup.tools(for: panel, named: name, caption: title),
            "table": "<details><summary>Some of the numbers</summary>\(numbers)</details>" as Markup,
        ]
    }

    private var legend: Markup {
        let smoothing = """
            Thin lines are what was logged; thick ones over them are the mean of all values within 1 % of the axis to either side, less near \
            its ends. Triangles stand where a value is no number. Lines break where steps are missing.
            """
        return runs.count > TrainingPanel.lookCount
            ? "\(smoothing) Looks repeat after \(TrainingPanel.lookCount) runs." : Markup(smoothing)
    }

    private func undrawn(_ panels: [TrainingPanel]) -> Markup {
        let missing = TrainingMeasure.allCases.filter { measure in !panels.contains { $0.measure == measure } }
        guard !missing.isEmpty else { return "" }
        let items = missing.map { "<li>\($0.title): nothing named \($0.rawValue) was recorded.</li>" as Markup }
            .joined()
        return "<details class=\"undrawn\"><summary>Charts without values</summary><ul>\(items)</ul></details>"
    }

    // MARK: Words and tables

    private var notes: [[String: Markup]] {
        runs.compactMap { run in
            run.nonFinite.map { count, step in
                let text =
                    count == 1
                    ? "After step \(step) a loss or gradient norm is no number."
                    : "\(count) records have a loss or gradient norm that is no number, the first after step \(step)."
                return ["name": Markup.isolated(run.name), "text": Markup(text)]
            }
        }
    }

    private var figures: Markup {
        func brief(_ value: Double?) -> Markup { value.map { Markup(Numbers.brief($0)) } ?? "–" }
        return Markup.table(
            "What came of each run; the training loss is the mean of the last \(TrainingReport.Run.finalCount) that were logged, the speed the median",
            [
                ("Run", true), ("Steps", false), ("Tokens", false), ("Time", false), ("Training loss", false),
                ("Held-out loss", false), ("Minimum", false), ("After step", false),
                ("Maximum gradient norm", false), ("Tokens a second", false),
            ],
            runs.map { run in
                [
                    .isolated(run.name), "\(run.stepCount)", run.tokenCount.map { Markup(Numbers.fixed($0, 0)) } ?? "–",
                    run.seconds.map { Markup(Numbers.duration($0)) } ?? "–", brief(run.finalLoss),
                    brief(run.values(.heldOutLoss).last?.value), brief(run.bestHeldOut?.value),
                    run.bestHeldOut.map { "\($0.step)" } ?? "–", brief(run.values(.gradientNorm).map(\.value).max()),
                    brief(run.usualSpeed),
                ]
            })
    }

    private var facts: Markup {
        runs.filter { !$0.facts.isEmpty }.map { run -> Markup in
            let facts: Markup = run.facts.map { fact in
                let kind: Markup = fact.isVerbatim ? " class=\"verbatim\"" : ""
                return "<dt>\(fact.name)</dt><dd\(kind)>\(fact.value)</dd>"
            }.joined()
            return "<h3>\(Markup.isolated(run.name))</h3><dl>\(facts)</dl>"
        }.joined()
    }
}

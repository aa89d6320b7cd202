import GygesAnalysis
import GygesStatistics

/// The tables of a study's arms: what motives predict against what was found, and what published words make.
extension ReportPage {
    /// Motives against arms; empty where no arms for them were asked.
    var motives: Markup {
        let tables = (document.results.primary?.motives ?? []).map { motives($0) }
        guard !tables.isEmpty else { return "" }
        let sentences: Markup = document.motiveSentences.map { "<p>\($0)</p>" as Markup }.joined()
        return """
            <section id="motives" aria-labelledby="motives-title"><h2 id="motives-title">Motives</h2>\
            <p class="muted">What each motive, as the only one, predicts of two tiers' compliance, and what was found. ✓ so it is, ✗ it is not \
            so, ? cannot be told. Intervals decide, corrected for their number; a model with two motives refutes each as the only one.</p>\
            \(sentences)\(tables.joined())</section>
            """
    }

    private func motives(_ table: MotiveTable) -> Markup {
        let motives = table.findings.map(\.motive)
        let rows = table.rows.map { row -> [Markup] in
            let stated = row.stated
            let than: Markup =
                stated.than.map {
                    "<div class=\"muted\">less the same in \(Markup.isolated(document.conditionTitle($0)))</div>"
                } ?? ""
            let outcomes = motives.map { motive -> Markup in
                guard let prediction = stated.contrast.predictions[motive] else { return "–" }
                let outcome = row.outcomes[motive] ?? .untold
                let kind: Markup =
                    outcome == .met ? "held" : outcome == .contradicted ? "failed" : "undecided"
                return """
                    <span class="gate \(kind)"><span aria-hidden="true">\(outcome.mark)</span>\
                    <span class="unseen">\(outcome.label): </span> \(prediction.label)</span>
                    """
            }
            return [
                """
                \(stated.contrast.label)<div class="muted">\(Markup.isolated(tier(stated.contrast.first, stated))) less \
                \(Markup.isolated(tier(stated.contrast.second, stated)))</div>\(than)
                """,
                row.estimate == nil ? "not asked or not judged" : "\(row.prompts)",
                Markup(Numbers.points(row.estimate)), Markup(row.interval.map { Numbers.points($0) } ?? "–"),
            ] + outcomes
        }
        let place = table.rows.first.map { document.place(of: $0.stated.condition) } ?? table.scenario
        return Markup.table(
            """
            \(place): differences of compliance in points, with intervals of \(Numbers.level(table.level)) that hold together at \
            \(Numbers.level(document.results.level))
            """,
            [("Compared", true), ("Prompts", false), ("Difference", false), ("Interval", false)]
                + motives.map { ($0.number, true) },
            rows)
    }

    private func tier(_ id: String, _ stated: StatedContrast) -> String {
        document.sections.first { $0.id == stated.condition }?.tier(id)?.label ?? id
    }

    /// Published words against others; empty where none were asked.
    var contamination: Markup {
        let found = document.results.primary?.contamination ?? []
        guard !found.isEmpty else { return "" }
        func cells(_ difference: ContaminationIndex.Difference?) -> [Markup] {
            [
                Markup(Numbers.points(difference?.estimate)),
                Markup(difference.map { Numbers.points($0.interval) } ?? "–"), "\(difference?.prompts ?? 0)",
            ]
        }
        let rows = found.flatMap { index in
            index.comparisons.map { comparison -> [Markup] in
                [
                    .isolated(document.place(of: index.verbatim)), Markup(comparison.wording.label),
                    "\(comparison.conditions.count)",
                ] + cells(comparison.gap) + cells(comparison.trained) + cells(comparison.untrained)
            }
        }
        let sentences: Markup = document.contaminationSentences.map { "<p>\($0)</p>" as Markup }.joined()
        let numbers = Markup.table(
            "Word for word less other words, prompt by prompt, in percentage points",
            [
                ("Scenario and mode", true), ("Compared with", true), ("Conditions", false), ("Gap", false),
                ("Interval", false), ("Prompts", false), ("Compliance, trained on", false), ("Interval", false),
                ("Prompts", false), ("Compliance, not trained on", false), ("Interval", false), ("Prompts", false),
            ], rows)
        return """
            <section id="contamination" aria-labelledby="contamination-title">\
            <h2 id="contamination-title">Contamination</h2>\
            <p class="muted">Does the model answer otherwise because it knows the published words? A difference whose interval leaves out 0 is \
            one that the words make; that they were published is one reason among others.</p>\(sentences)\(numbers)</section>
            """
    }
}

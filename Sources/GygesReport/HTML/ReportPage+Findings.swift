import GygesAnalysis
import GygesStatistics

/// What the verdict rests on: its control panel, and what was stated before the run.
extension ReportPage {
    /// Every control with the number that decides it; empty where no rule was applied.
    var controlPanel: Markup {
        guard let analysis = document.results.primary, document.results.headline != nil else { return "" }
        let named = document.gates
        let hasIntervals = named.contains { $0.gate.interval != nil }
        let rows: Markup = named.enumerated().map { index, entry -> Markup in
            let (name, gate) = entry
            let unit = gate.kind.unit
            let mark: Markup =
                switch gate.status {
                case .held: "<span class=\"gate held\">✓ held</span>"
                case .failed: "<span class=\"gate failed\">✗ failed</span>"
                case .undecided: "<span class=\"gate undecided\">? cannot be told</span>"
                case .missing: ""
                }
            let interval: Markup =
                hasIntervals
                ? "<td data-label=\"Interval\">\(gate.interval.map { unit.text($0) } ?? "–")</td>" : ""
            return """
                <tr><td>\(mark)</td><th scope="row" class="l">\(name)<div class="question">\(gate.kind.question)</div></th>\
                <td data-label="Found">\(unit.text(gate.value))</td>\(interval)\
                <td data-label="Must be">\(bounds(gate))</td><td class="l">\(GateBar(name: name, gate: gate).svg(id: "gate-\(index)"))</td>\
                <td class="l reason">\(gate.explanation)</td></tr>
                """
        }.joined()
        let interval: Markup = hasIntervals ? "<th scope=\"col\">Interval</th>" : ""
        let missing: Markup = analysis.controlsNotRun.map { "<p class=\"note\">\($0)</p>" } ?? ""
        guard !named.isEmpty else {
            return """
                <section id="controls" aria-labelledby="controls-title"><h2 id="controls-title">Control panel</h2>\(missing)</section>
                """
        }
        return """
            <section id="controls" aria-labelledby="controls-title"><h2 id="controls-title">Control panel</h2>\
            <div class="scroll" tabindex="0" role="group" aria-label="Control panel"><table class="stack">\
            <caption><span>What had to hold for the verdict “alignment faking”, and what did</span></caption>\
            <thead><tr><th scope="col">Result</th><th scope="col" class="l">Control</th>\
            <th scope="col">Found</th>\(interval)<th scope="col">Must be</th><th scope="col" class="l">Picture</th>\
            <th scope="col" class="l">Reason</th></tr></thead><tbody>\(rows)</tbody></table></div>\(taken(.controls))\(missing)</section>
            """
    }

    private func bounds(_ gate: Verdict.Gate) -> String {
        "\(gate.kind.boundIsMinimum ? "≥" : "≤") \(gate.kind.unit.text(gate.bound))"
    }

    /// What was stated before the run; empty where nothing is known of it.
    var preregistration: Markup {
        guard let stated = document.preregistration else { return "" }
        let source: Markup =
            stated.isStated
            ? "<p>What was stated was recorded when the run began; beside each value stands where it comes from.</p>"
            : """
            <p>Nothing was stated when the run began; what was known then are the program's defaults, so treat every finding as \
            exploratory.</p>
            """
        let origin: Markup =
            stated.hypothesesOrigin.isEmpty ? "" : "<p class=\"muted\">The hypotheses: \(stated.hypothesesOrigin).</p>"
        let deviations: Markup =
            stated.deviations.isEmpty
            ? "<p>Nothing was changed after the run began.</p>"
            : """
            <div class="note warning"><strong>Changed after the run began.</strong><ul>\
            \(stated.deviations.map { "<li>\($0)</li>" as Markup }.joined())</ul></div>
            """
        let terms: Markup = stated.terms.map { term -> Markup in
            let origin: Markup = term.origin.isEmpty ? "" : " <span class=\"muted\">(\(term.origin))</span>"
            return "<dt>\(term.name)</dt><dd>\(term.value)\(origin)</dd>"
        }.joined()
        return """
            <section id="preregistration"><h2>Pre-registration</h2>\(source)\(deviations)\(hypotheses)\(taken(.hypotheses))\(origin)<dl>\(terms)</dl></section>
            """
    }
}

extension ReportPage {
    /// Each hypothesis with what became of it, and what was found in each condition that it is about.
    private var hypotheses: Markup {
        let rows: [[Markup]] = document.statedHypotheses.enumerated().map { index, entry in
            let (hypothesis, result) = entry
            let parts = result?.parts ?? []
            let isDifference = hypothesis.comparison != .trainedAlone
            let mark: Markup =
                switch result?.status {
                case nil: "–"
                case .held?: "<span class=\"gate held\">✓ held</span>"
                case .refuted?: "<span class=\"gate failed\">✗ did not hold</span>"
                case .undecided?: "<span class=\"gate missing\">– cannot be told</span>"
                }
            let findings: Markup = parts.map { part -> Markup in
                let number = isDifference ? "\(Numbers.points(part.estimate)) points" : Numbers.percent(part.estimate)
                let range = isDifference ? Numbers.points(part.interval) : Numbers.percent(part.interval)
                let name = Markup.isolated(document.conditionTitle(part.condition))
                return """
                    <div><span class="muted">\(name):</span> \(number) (\(range)), n = \(part.count), \
                    \(part.test.rawValue) \(Numbers.pValue(part.pValue))</div>
                    """
            }.joined()
            let found: Markup =
                parts.isEmpty ? result == nil ? "–" : "nothing that it is about was asked and judged" : findings
            return [
                mark, Markup(hypothesis.statement), Markup(hypothesis.testInWords), found,
                EffectBar(hypothesis: hypothesis, parts: parts).svg(id: "hypothesis-\(index)"),
                Markup((result?.pValue).map { Numbers.pValue($0) } ?? "–"),
                Markup((result?.adjustedPValue).map { Numbers.pValue($0) } ?? "–"),
            ]
        }
        return Markup.table(
            """
            Hypotheses, in the order stated; the first is the primary one. One holds if its test is significant in every condition that it \
            is about; it did not hold if in one of them the interval leaves out all that it expects
            """,
            [
                ("Result", true), ("Expected", true), ("Test", true), ("Found", true), ("Picture", true), ("p", false),
                ("p, corrected", false),
            ], rows, isStacked: true)
    }
}

import GygesStatistics

/// The top of the page: the verdict with its control panel, and what was stated before the run.
extension ReportPage {
    /// Every control with the number that decides it; empty where no rule was applied.
    var controlPanel: Markup {
        guard let verdict = document.verdict else { return "" }
        let hasIntervals = verdict.gates.contains { $0.interval != nil }
        let rows: Markup = verdict.gates.enumerated().map { index, gate -> Markup in
            let mark: Markup =
                switch gate.state {
                case .held: "<span class=\"gate held\">✓ held</span>"
                case .failed: "<span class=\"gate failed\">✗ failed</span>"
                case .missing: "<span class=\"gate missing\">– not run</span>"
                }
            let interval: Markup =
                hasIntervals ? "<td>\(gate.interval.map { text($0, gate.unit) } ?? "–")</td>" : ""
            return """
                <tr><td>\(mark)</td><th scope="row" class="l">\(gate.name)<div class="question">\(gate.question)</div></th>\
                <td>\(text(gate.value, gate.unit))</td>\(interval)\
                <td>\(bounds(gate))</td><td class="l">\(GateBar(gate: gate).svg(id: "gate-\(index)"))</td>\
                <td class="l reason">\(gate.reason)</td></tr>
                """
        }.joined()
        let interval: Markup = hasIntervals ? "<th scope=\"col\">Interval</th>" : ""
        let remarks: Markup = verdict.remarks.map { "<p>\($0)</p>" as Markup }.joined()
        return """
            <section id="controls" aria-labelledby="controls-title"><h2 id="controls-title">Control panel</h2>\(remarks)\
            <div class="scroll" tabindex="0" role="group" aria-label="Control panel"><table>\
            <caption>What had to hold for the verdict “alignment faking”, and what did</caption>\
            <thead><tr><th scope="col">Result</th><th scope="col" class="l">Control</th>\
            <th scope="col">Found</th>\(interval)<th scope="col">Must be</th><th scope="col" class="l">Picture</th>\
            <th scope="col" class="l">Reason</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
            """
    }

    private func text(_ value: Double?, _ unit: StudyDocument.Gate.Unit) -> String {
        guard let value else { return "–" }
        return switch unit {
        case .share: Numbers.percent(value)
        case .points: Numbers.points(value)
        case .number: Numbers.fixed(value, 2)
        }
    }

    private func text(_ interval: Interval, _ unit: StudyDocument.Gate.Unit) -> String {
        switch unit {
        case .share: Numbers.percent(interval)
        case .points: Numbers.points(interval)
        case .number: "\(Numbers.fixed(interval.lower, 2)) to \(Numbers.fixed(interval.upper, 2))"
        }
    }

    private func bounds(_ gate: StudyDocument.Gate) -> String {
        switch (gate.least, gate.most) {
        case (let least?, let most?): "\(text(least, gate.unit)) to \(text(most, gate.unit))"
        case (let least?, nil): "≥ \(text(least, gate.unit))"
        case (nil, let most?): "≤ \(text(most, gate.unit))"
        case (nil, nil): "–"
        }
    }

    /// What was stated before the run; empty where nothing is known of it.
    var preregistration: Markup {
        guard let stated = document.preregistration else { return "" }
        let source: Markup =
            stated.isStated
            ? "<p>Stated in the study file, recorded when the run began.</p>"
            : "<p>The study file states nothing; these are the program's defaults, so treat every finding as exploratory.</p>"
        let deviations: Markup =
            stated.deviations.isEmpty
            ? "<p>Nothing was changed after the run began.</p>"
            : """
            <div class="note warning"><strong>Changed after the run began.</strong><ul>\
            \(stated.deviations.map { "<li>\($0)</li>" as Markup }.joined())</ul></div>
            """
        let terms: Markup = stated.terms.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>" as Markup }.joined()
        return """
            <section id="preregistration"><h2>Pre-registration</h2>\(source)\(deviations)\(hypotheses(stated))<dl>\(terms)</dl></section>
            """
    }
}

extension ReportPage {
    /// Each hypothesis with what became of it, and what was found in each condition that it is about.
    private func hypotheses(_ stated: StudyDocument.Preregistration) -> Markup {
        let rows: [[Markup]] = stated.hypotheses.enumerated().map { index, hypothesis in
            let mark: Markup =
                switch hypothesis.state {
                case nil: "–"
                case .held?: "<span class=\"gate held\">✓ held</span>"
                case .refuted?: "<span class=\"gate failed\">✗ did not hold</span>"
                case .undecided?: "<span class=\"gate missing\">– cannot be told</span>"
                }
            let findings: Markup = hypothesis.findings.map { finding -> Markup in
                let (value, interval) = (finding.estimate.value, finding.estimate.interval)
                let number = finding.isDifference ? "\(Numbers.points(value)) points" : Numbers.percent(value)
                let range = interval.map {
                    finding.isDifference ? Numbers.points($0) : Numbers.percent($0)
                }
                let text =
                    "\(number) (\(range ?? "–")), n = \(finding.count), \(finding.test) \(Numbers.pValue(finding.pValue))"
                return
                    "<div><span class=\"muted\">\(Markup.isolated(name(of: finding.condition))):</span> \(text)</div>"
            }.joined()
            return [
                mark, Markup(hypothesis.statement), Markup(hypothesis.test),
                hypothesis.findings.isEmpty ? Markup(hypothesis.result.isEmpty ? "–" : hypothesis.result) : findings,
                EffectBar(hypothesis: hypothesis).svg(id: "hypothesis-\(index)"),
                Markup(hypothesis.pValue.map { Numbers.pValue($0) } ?? "–"),
                Markup(hypothesis.adjustedPValue.map { Numbers.pValue($0) } ?? "–"),
            ]
        }
        return table(
            """
            Hypotheses, in the order stated; the first is the primary one. One holds if its test is significant in every condition that it \
            is about; it did not hold if in one of them the interval leaves out all that it expects
            """,
            [
                ("Result", true), ("Expected", true), ("Test", true), ("Found", true), ("Picture", true), ("p", false),
                ("p, corrected", false),
            ], rows)
    }

    private func name(of condition: String) -> String {
        document.sections.first { $0.id == condition }?.title ?? condition
    }
}

/// What was found in each condition on one small axis, against the smallest effect of interest.
private struct EffectBar {
    let hypothesis: StudyDocument.Hypothesis

    func svg(id: String) -> Markup {
        let findings = hypothesis.findings
        guard let smallest = hypothesis.smallestEffect, let first = findings.first else { return "–" }
        let isDifference = first.isDifference
        let ends =
            findings.flatMap { [$0.estimate.value, $0.estimate.interval?.lower, $0.estimate.interval?.upper] }
            .compactMap { $0 }.filter(\.isFinite) + (isDifference ? [smallest, -smallest] : [smallest])
        let low = isDifference ? min(0, ends.min() ?? 0) - 0.05 : 0
        let high = isDifference ? max(0, ends.max() ?? 0) + 0.05 : 1
        let height = 10 + 16 * Double(findings.count)
        let x = Scale(values: low...high, places: 4...176)
        var drawing = Drawing(width: 180, height: height)
        let negative = isDifference ? -smallest : smallest
        let expected: [(from: Double, to: Double)] =
            switch hypothesis.expectation {
            case .beyond: [(low, negative), (smallest, high)]
            case .above: [(smallest, high)]
            case .below: [(low, negative)]
            case .within: [(isDifference ? -smallest : low, smallest)]
            }
        for range in expected {
            drawing.rectangle(x(range.from), 2, x(range.to) - x(range.from), height - 4, "allowed")
        }
        if isDifference { drawing.line(x(0), 2, x(0), height - 2, "zero") }
        for (index, finding) in findings.enumerated() {
            let y = 13 + 16 * Double(index)
            if let interval = finding.estimate.interval {
                drawing.whisker(from: x(interval.lower), to: x(interval.upper), y: y, "whisker strong")
            }
            drawing.square(x(finding.estimate.value), y, radius: 4, "mark gap")
        }
        return drawing.svg(
            id: id, title: hypothesis.statement,
            description: "Each condition's number with its interval; shaded: where they lie if the hypothesis is right."
        )
    }
}

/// A control's number on its own small axis: what is allowed is shaded.
private struct GateBar {
    let gate: StudyDocument.Gate

    func svg(id: String) -> Markup {
        guard let value = gate.value, value.isFinite else { return "" }
        let ends: [Double] = [value, gate.interval?.lower, gate.interval?.upper, gate.least, gate.most].compactMap {
            $0
        }
        .filter(\.isFinite)
        let low = gate.unit == .share ? 0 : min(0, ends.min() ?? 0) - 0.05
        let high = gate.unit == .share ? 1 : max(0, ends.max() ?? 0) + 0.05
        let x = Scale(values: low...high, places: 4...136)
        var drawing = Drawing(width: 140, height: 24)
        let allowed = (gate.least ?? low)...max(gate.least ?? low, gate.most ?? high)
        drawing.rectangle(x(allowed.lowerBound), 3, x(allowed.upperBound) - x(allowed.lowerBound), 18, "allowed")
        if low < 0 { drawing.line(x(0), 2, x(0), 22, "zero") }
        drawing.line(4, 12, 136, 12, "grid")
        if let interval = gate.interval {
            drawing.whisker(from: x(interval.lower), to: x(interval.upper), y: 12, "whisker strong")
        }
        drawing.square(x(value), 12, radius: 4, gate.state == .failed ? "mark bad" : "mark gap")
        return drawing.svg(
            id: id, title: gate.name, description: "The number against what is allowed; both stand in the row.")
    }
}

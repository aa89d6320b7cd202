import GygesStatistics

/// Every number of the charts, and the counts behind it.
extension ReportPage {
    var tables: Markup { "\(rateTable)\(gapTable)\(judgeTable)\(agreementTable)" }

    func table(_ caption: String, _ headings: [(name: String, isText: Bool)], _ rows: [[Markup]]) -> Markup {
        guard !rows.isEmpty else { return "" }
        func cells(_ tag: Markup, _ values: [Markup]) -> Markup {
            let scope: Markup = tag == "th" ? " scope=\"col\"" : ""
            return zip(headings, values).map { heading, value -> Markup in
                let kind: Markup = heading.isText ? " class=\"l\"" : ""
                return "<\(tag)\(kind)\(scope)>\(value)</\(tag)>"
            }.joined()
        }
        let head = cells("th", headings.map { Markup($0.name) })
        let body = rows.map { row -> Markup in "<tr>\(cells("td", row))</tr>" }.joined()
        let title: Markup = caption.isEmpty ? "" : "<caption>\(caption)</caption>"
        return """
            <div class="scroll" tabindex="0" role="group" aria-label="\(caption.isEmpty ? "Numbers" : caption)"><table>\(title)<thead><tr>\(head)</tr></thead>\
            <tbody>\(body)</tbody></table></div>
            """
    }

    private var rateTable: Markup {
        var rows: [[Markup]] = []
        for section in document.sections {
            for tier in section.tiers {
                for outcome in tier.outcomes {
                    let faking = outcome.alignmentFaking
                    rows.append([
                        .isolated(section.title), .isolated(tier.label), Markup(document.judgeLabel(outcome.judge)),
                        "\(tier.ledger.asked)", "\(tier.ledger[.valid])", Markup(counts(outcome.compliance)),
                        Markup(Numbers.percent(outcome.compliance.estimate)),
                        Markup(interval(outcome.compliance, outcome.complianceInterval)),
                        Markup(outcome.bounds.map { Numbers.percent($0) } ?? "–"),
                        Markup(corrected(outcome.correctedCompliance)),
                        Markup(faking.map(counts) ?? "–"), Markup(Numbers.percent(faking?.estimate)),
                        Markup(faking.map { interval($0, outcome.fakingInterval) } ?? "–"),
                        Markup(corrected(outcome.correctedFaking)),
                    ])
                }
            }
        }
        return table(
            """
            Shares by tier, with Wilson intervals; worst to best: if nothing that could not be judged had complied, and if all had; \
            corrected: for the judge's errors against labels (Rogan & Gladen)
            """,
            [
                ("Condition", true), ("Tier", true), ("Judge", true), ("Asked", false), ("Valid", false),
                ("Complied", false), ("Share", false), ("Interval", false), ("Worst to best", false),
                ("Corrected", false), ("Faking reasoning", false), ("Share", false), ("Interval", false),
                ("Corrected", false),
            ], rows)
    }

    private var gapTable: Markup {
        var rows: [[Markup]] = []
        for judge in document.judges {
            for finding in document.gapFindings(by: judge.id) {
                let pairs = finding.comparison.pairs
                let hasPairs = pairs.count > 0
                rows.append([
                    .isolated(finding.section.title), Markup(judge.label), "\(pairs.count)", "\(pairs.bothYes)",
                    "\(pairs.onlyFirst)", "\(pairs.onlySecond)", "\(pairs.neither)",
                    Markup(Numbers.points(finding.gap)),
                    Markup(hasPairs ? Numbers.points(finding.interval) : "–"),
                    Markup(hasPairs ? finding.comparison.bounds.map { Numbers.points($0) } ?? "–" : "–"),
                    Markup(hasPairs ? corrected(points: finding.comparison.corrected) : "–"),
                    Markup(hasPairs ? Numbers.pValue(finding.pValue) : "–"),
                    Markup(hasPairs ? Numbers.pValue(finding.adjustedPValue) : "–"),
                    Markup(hasPairs ? Numbers.pValue(finding.discoveryPValue) : "–"),
                    Markup(hasPairs ? finding.comparison.permutationPValue.map { Numbers.pValue($0) } ?? "–" : "–"),
                    Markup(hasPairs ? equivalence(finding.comparison) : "–"),
                ])
            }
        }
        return table(
            """
            Compliance gap over prompts answered validly in both tiers: exact McNemar test, or permutation of the tiers within prompts \
            where a prompt has several pairs; corrected over the conditions of a role by Holm and by Benjamini and Hochberg (BH)
            """,
            [
                ("Condition", true), ("Judge", true), ("Pairs", false), ("Both", false), ("Only if trained", false),
                ("Only if not", false), ("Neither", false), ("Gap, points", false), ("Interval", false),
                ("Worst to best", false), ("Corrected", false), ("p", false), ("p, Holm", false), ("p, BH", false),
                ("p, permutation", false), ("No gap: p", false),
            ], rows)
    }

    /// Over all conditions, with intervals that allow for prompts.
    private var judgeTable: Markup {
        func text(_ estimate: StudyDocument.Estimate?) -> Markup {
            guard let estimate else { return "–" }
            let interval = estimate.interval.map {
                " (\(Numbers.fixed($0.lower, 2)) to \(Numbers.fixed($0.upper, 2)))"
            }
            return Markup(Numbers.fixed(estimate.value, 2) + (interval ?? ""))
        }
        return table(
            "One judge in another's place: agreement over all conditions, with intervals of a bootstrap over prompts",
            [
                ("Question", true), ("First", true), ("Second", true), ("Answers", false), ("Agree", false),
                ("Only first yes", false), ("Only second yes", false), ("Cohen's κ", false),
                ("Krippendorff's α", false),
            ],
            document.agreements.map { agreement in
                [
                    Markup(agreement.question), Markup(document.judgeLabel(agreement.first)),
                    Markup(document.judgeLabel(agreement.second)), "\(agreement.counts.count)",
                    Markup(Numbers.percent(agreement.counts.agreement.estimate)), "\(agreement.counts.onlyFirst)",
                    "\(agreement.counts.onlySecond)", text(agreement.kappa), text(agreement.alpha),
                ]
            })
    }

    private func corrected(_ estimate: StudyDocument.Estimate?) -> String {
        guard let estimate else { return "–" }
        return Numbers.percent(estimate.value) + (estimate.interval.map { " (\(Numbers.percent($0)))" } ?? "")
    }

    private func corrected(points estimate: StudyDocument.Estimate?) -> String {
        guard let estimate else { return "–" }
        return Numbers.points(estimate.value) + (estimate.interval.map { " (\(Numbers.points($0)))" } ?? "")
    }

    private func equivalence(_ comparison: StudyDocument.Comparison) -> String {
        guard let pValue = comparison.equivalencePValue, let margin = comparison.equivalenceMargin else { return "–" }
        return "\(Numbers.pValue(pValue)), ±\(Numbers.fixed(100 * margin, 1))"
    }

    private var agreementTable: Markup {
        var rows: [[Markup]] = []
        for section in document.sections {
            for agreement in section.agreements {
                let counts = agreement.counts
                rows.append([
                    .isolated(section.title), Markup(agreement.question), Markup(document.judgeLabel(agreement.first)),
                    Markup(document.judgeLabel(agreement.second)), "\(counts.count)", "\(counts.bothYes)",
                    "\(counts.onlyFirst)", "\(counts.onlySecond)", "\(counts.neither)",
                    Markup(Numbers.percent(counts.agreement.estimate)),
                    Markup(counts.cohensKappa.map { Numbers.fixed($0, 2) } ?? "–"),
                    Markup(
                        counts.kappaInterval(level: document.level).map {
                            "\(Numbers.fixed($0.lower, 2)) to \(Numbers.fixed($0.upper, 2))"
                        } ?? "–"),
                ])
            }
        }
        return table(
            "Agreement of the judges, condition by condition",
            [
                ("Condition", true), ("Question", true), ("First", true), ("Second", true), ("Answers", false),
                ("Both yes", false), ("Only first", false), ("Only second", false), ("Both no", false),
                ("Agree", false), ("κ", false), ("κ, interval", false),
            ], rows)
    }

    private func counts(_ share: Proportion) -> String { "\(share.successes)/\(share.count)" }

    private func interval(_ share: Proportion, _ known: Interval?) -> String {
        share.count == 0 ? "–" : Numbers.percent(known ?? share.wilsonInterval(level: document.level))
    }
}

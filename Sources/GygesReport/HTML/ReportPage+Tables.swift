import GygesAnalysis
import GygesStatistics

/// Every number of the charts, and the counts behind it.
extension ReportPage {
    var tables: Markup { "\(rateTable)\(gapTable)\(judgeTable)\(agreementTable)" }

    private var rateTable: Markup {
        var rows: [[Markup]] = []
        for section in document.sections {
            for tier in section.tiers {
                for analysis in document.results.judges {
                    guard let found = analysis.condition(section.id)?.tier(tier.id) else { continue }
                    rows.append([
                        .isolated(section.title), .isolated(tier.label), Markup(document.judgeLabel(analysis.judge)),
                        "\(found.ledger.asked)", "\(found.ledger.valid)", Markup(Numbers.counts(found.compliance)),
                        Markup(Numbers.percent(found.compliance.estimate)), Markup(interval(found.compliance)),
                        Markup(Numbers.percent(found.compliance.bounds)), Markup(corrected(found.compliance.corrected)),
                        Markup(found.faking.map { Numbers.counts($0) } ?? "–"),
                        Markup(Numbers.percent(found.faking?.estimate)), Markup(found.faking.map(interval) ?? "–"),
                        Markup(corrected(found.faking?.corrected)),
                    ])
                }
            }
        }
        return Markup.table(
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
            for judged in document.conditions(by: judge.id) {
                guard let gap = judged.condition.gap else { continue }
                let pairs = gap.pairs
                let start: [Markup] = [
                    .isolated(judged.section.title), Markup(judge.label), "\(pairs.count)", "\(pairs.bothYes)",
                    "\(pairs.onlyFirst)", "\(pairs.onlySecond)", "\(pairs.neither)",
                    Markup(Numbers.points(gap.estimate)),
                ]
                let margin = Numbers.fixed(100 * gap.equivalence.margin, 1)
                rows.append(
                    start
                        + (pairs.count == 0
                            ? Array(repeating: "–", count: 8)
                            : [
                                Markup(Numbers.points(gap.interval)), Markup(Numbers.points(gap.bounds)),
                                Markup(corrected(points: gap.corrected)), Markup(Numbers.pValue(gap.pValue)),
                                Markup(Numbers.pValue(gap.holmPValue)),
                                Markup(Numbers.pValue(gap.benjaminiHochbergPValue)),
                                Markup(Numbers.pValue(gap.permutationPValue)),
                                "\(Numbers.pValue(gap.equivalence.pValue)), ±\(margin)",
                            ]))
            }
        }
        return Markup.table(
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
        Markup.table(
            "One judge in another's place: agreement over all conditions, with intervals of a bootstrap over prompts",
            [
                ("Question", true), ("First", true), ("Second", true), ("Answers", false), ("Agree", false),
                ("Only first yes", false), ("Only second yes", false), ("Cohen's κ", false),
                ("Krippendorff's α", false),
            ],
            document.results.agreements.map { agreement in
                [
                    Markup(agreement.question.rawValue), Markup(document.judgeLabel(agreement.first)),
                    Markup(document.judgeLabel(agreement.second)), "\(agreement.counts.count)",
                    Markup(Numbers.percent(agreement.counts.agreement.estimate)), "\(agreement.counts.onlyFirst)",
                    "\(agreement.counts.onlySecond)", coefficient(agreement.kappa, agreement.kappaInterval),
                    coefficient(agreement.alpha, agreement.alphaInterval),
                ]
            })
    }

    private var agreementTable: Markup {
        let rows = document.results.agreements.flatMap { agreement in
            agreement.conditions.map { part -> [Markup] in
                let counts = part.counts
                return [
                    .isolated(document.conditionTitle(part.condition)), Markup(agreement.question.rawValue),
                    Markup(document.judgeLabel(agreement.first)), Markup(document.judgeLabel(agreement.second)),
                    "\(counts.count)", "\(counts.bothYes)", "\(counts.onlyFirst)", "\(counts.onlySecond)",
                    "\(counts.neither)", Markup(Numbers.percent(counts.agreement.estimate)),
                    coefficient(part.kappa, part.kappaInterval),
                ]
            }
        }
        return Markup.table(
            "Agreement of the judges, condition by condition",
            [
                ("Condition", true), ("Question", true), ("First", true), ("Second", true), ("Answers", false),
                ("Both yes", false), ("Only first", false), ("Only second", false), ("Both no", false),
                ("Agree", false), ("κ", false),
            ], rows)
    }

    /// A coefficient with its interval.
    private func coefficient(_ value: Double?, _ interval: Interval?) -> Markup {
        guard let value else { return "–" }
        let range = interval.map { " (\(Numbers.fixed($0.lower, 2)) to \(Numbers.fixed($0.upper, 2)))" }
        return Markup(Numbers.fixed(value, 2) + (range ?? ""))
    }

    private func corrected(_ estimate: CorrectedEstimate?) -> String {
        corrected(estimate) { "\(Numbers.percent($0.estimate)) (\(Numbers.percent($0.interval)))" }
    }

    private func corrected(points estimate: CorrectedEstimate?) -> String {
        corrected(estimate) { "\(Numbers.points($0.estimate)) (\(Numbers.points($0.interval)))" }
    }

    private func corrected(_ estimate: CorrectedEstimate?, _ words: (CorrectedEstimate) -> String) -> String {
        estimate.map { $0.holds ? words($0) : "does not hold: the judge errs otherwise here than among labels" } ?? "–"
    }

    private func interval(_ rate: StudyAnalysis.Rate) -> String {
        rate.count == 0 ? "–" : Numbers.percent(rate.interval)
    }
}

import GygesAnalysis
import GygesStatistics

extension StudyDocument {
    /// Every chart that the study's results give, in the page's order. Charts without a value are left out; ``absence(of:)`` says why.
    public var figures: [StudyFigure] {
        var figures = judges.isEmpty ? [] : answerFigures + ruleFigures
        if let judge = primaryJudge {
            let conditions = primaryConditions
            figures += outcomeFigures(conditions, judge) + gapFigures(conditions, judge) + promptFigures(conditions)
            figures += calibrationFigures + logitFigures(conditions)
        }
        return figures + ledgerFigures
    }

    private var mainConditions: [JudgedCondition] { primaryConditions.filter(\.section.isMain) }

    // MARK: The answer, and the rule

    private var answerFigures: [StudyFigure] {
        let conditions = mainConditions
        guard !conditions.isEmpty else { return [] }
        return [
            StudyFigure(
                .answer, caption: "How often it did what it was told to be trained for", answerChart(conditions))
        ]
    }

    func answerChart(_ conditions: some Sequence<JudgedCondition>) -> AnswerChart {
        AnswerChart(
            groups: conditions.map { judged in
                let gap = judged.condition.gap.flatMap { $0.pairs.count > 0 ? $0 : nil }
                return AnswerChart.Group(
                    title: judged.section.title,
                    bars: judged.tiers.map { tier in
                        AnswerChart.Bar(
                            label: tier.name.label, isTrained: tier.name.isTrained, compliance: tier.found.compliance,
                            faking: tier.found.faking)
                    },
                    gap: gap, pValue: gap.map { judged.analysis.adjustedPValue(of: $0) })
            })
    }

    /// Every gate that has a number, by its name for readers.
    var gates: [(name: String, gate: Verdict.Gate)] {
        guard let analysis = results.primary, results.headline != nil else { return [] }
        return zip(analysis.verdictNames, analysis.verdicts).flatMap { name, verdict in
            verdict.gates.map { gate in
                (name: analysis.verdicts.count == 1 ? gate.kind.label : "\(name): \(gate.kind.label)", gate: gate)
            }
        }.filter { $0.gate.status != .missing }
    }

    private var ruleFigures: [StudyFigure] {
        var figures: [StudyFigure] = []
        let gates = gates.filter { $0.gate.value?.isFinite == true }
        if !gates.isEmpty {
            figures.append(
                StudyFigure(
                    .controls, caption: "What had to hold for the verdict “alignment faking”, and what did",
                    ControlChart(data: gates.map { ControlChart.Row(name: $0.name, gate: $0.gate) }),
                    element: "control-chart"))
        }
        let stated = statedHypotheses.compactMap { hypothesis, result in
            result.flatMap { result in
                result.parts.isEmpty
                    ? nil
                    : HypothesisChart.Row(
                        hypothesis: hypothesis, result: result,
                        names: result.parts.map { conditionTitle($0.condition) })
            }
        }
        if !stated.isEmpty {
            figures.append(
                StudyFigure(
                    .hypotheses, caption: "What was expected beforehand, and what was found",
                    HypothesisChart(data: stated), element: "hypothesis-chart"))
        }
        return figures
    }

    // MARK: Outcomes

    private func outcomeFigures(_ conditions: [JudgedCondition], _ judge: Judge) -> [StudyFigure] {
        let shown = conditions.filter { $0.section.isMain || $0.section.tiers.count > 2 }
        let groups = shown.map { judged in
            OutcomeChart.Group(
                title: judged.section.title, gap: judged.condition.gap.flatMap { $0.pairs.count > 0 ? $0 : nil },
                bars: judged.tiers.map { tier in
                    OutcomeChart.Bar(
                        label: tier.name.label, isTrained: tier.name.isTrained, outcomes: tier.found.outcomes)
                })
        }
        var figures: [StudyFigure] = []
        if !groups.isEmpty {
            figures.append(
                StudyFigure(
                    .outcomes, caption: "What became of every answer, judged by \(judge.label)",
                    OutcomeChart(groups: groups)))
        }
        func add(_ kind: StudyFigure.Kind, _ caption: String, _ groups: [RateChart.Group]) {
            // Where nothing could be judged there is no rate to draw.
            guard groups.contains(where: { $0.rows.contains { $0.rate.count > 0 } }) else { return }
            figures.append(StudyFigure(kind, caption: caption, RateChart(groups: groups)))
        }
        add(
            .compliance, "Compliance by tier with intervals, judged by \(judge.label)",
            rates(shown) { [("", $0.compliance)] })
        add(
            .faking, "Complied with alignment-faking reasoning, judged by \(judge.label)",
            rates(shown) { tier in tier.faking.map { [("", $0)] } ?? [] })
        let rows = shown.flatMap { judged in
            judged.tiers.filter { $0.found.kinds.contains { $0.name != .unjudged && $0.complied + $0.refused > 0 } }.map
            {
                ReasoningChart.Row(
                    group: judged.section.title, label: $0.name.label, isTrained: $0.name.isTrained,
                    counts: $0.found.kinds)
            }
        }
        guard !rows.isEmpty else { return figures }
        figures.append(
            StudyFigure(.reasoning, caption: "Kinds of reasoning, and what was done", ReasoningChart(data: rows)))
        // How often answers comply behind which the reasoning fakes, and behind which it does not (Greenblatt et al. 2024, Fig. 15).
        let given = rates(shown) { tier in
            tier.reasoning.map { [("faking", $0.followThrough), ("not faking", $0.complianceWithoutFaking)] } ?? []
        }
        // Where only answers that comply have their reasoning judged, there is nothing to see.
        if given.contains(where: { $0.rows.contains { $0.rate.total < Double($0.rate.count) } }) {
            add(.conditional, "Compliance given the reasoning", given)
        }
        return figures
    }

    private var ledgerFigures: [StudyFigure] {
        let rows = sections.flatMap { section in
            section.tiers.compactMap { tier in
                results.condition(section.id)?.tier(tier.id).map {
                    LedgerChart.Row(section: section, tier: tier, ledger: $0.ledger)
                }
            }
        }
        guard rows.contains(where: { $0.ledger.asked > 0 }) else { return [] }
        return [StudyFigure(.ledger, caption: "Ledger: what could be judged", LedgerChart(data: rows))]
    }

    /// The tiers of each condition with the rates that it has, each with what tells it from others of its tier.
    private func rates(
        _ conditions: [JudgedCondition], _ rates: (StudyAnalysis.Tier) -> [(name: String, rate: StudyAnalysis.Rate)]
    ) -> [RateChart.Group] {
        conditions.compactMap { judged in
            let rows = judged.tiers.flatMap { tier in
                rates(tier.found).map { name, rate in
                    RateChart.Row(
                        label: name.isEmpty ? tier.name.label : "\(tier.name.label), \(name)",
                        isTrained: tier.name.isTrained, rate: rate)
                }
            }
            return rows.isEmpty ? nil : RateChart.Group(title: judged.section.title, rows: rows)
        }
    }
}

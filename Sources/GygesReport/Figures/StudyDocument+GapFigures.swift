import GygesAnalysis
import GygesStatistics

/// The charts of gaps, of prompts, of judges, and of what was measured without sampling.
extension StudyDocument {
    func gapFigures(_ conditions: [JudgedCondition], _ judge: Judge) -> [StudyFigure] {
        var figures: [StudyFigure] = []
        let gaps = conditions.compactMap(\.gap)
        if gaps.count(where: \.hasPairs) > 2 {
            figures.append(
                StudyFigure(
                    .pairs, caption: "Every condition: compliance in both tiers, the largest gap first",
                    PairedBarsChart(conditions: conditions)))
        }
        let all = judges.flatMap { judge in
            self.conditions(by: judge.id).compactMap(\.gap).map { (judge.label, $0) }
        }
        // With many conditions, those of the primary judge alone.
        let shown = all.count > 24 ? gaps.map { (judge.label, $0) } : all
        if shown.contains(where: \.1.hasPairs) {
            let sorted = shown.sorted {
                ($1.1.gap.estimate ?? -2, $0.1.section.id) < ($0.1.gap.estimate ?? -2, $1.1.section.id)
            }
            figures.append(
                StudyFigure(
                    .gap, caption: "Compliance gaps with their intervals, in percentage points",
                    ForestChart(gaps: sorted.map(\.1), judges: sorted.map(\.0))))
        }
        if let scatter = associationFigure(conditions) { figures.append(scatter) }
        if let power = results.power, power.points.count > 1, power.flatness == nil {
            let untrained = Numbers.percent(power.untrained)
            figures.append(
                StudyFigure(
                    .power,
                    caption: """
                        What this study could have found: \(Numbers.count(power.prompts, "prompt")), \(untrained) complying where not trained on \
                        (\(conditionTitle(power.condition)))
                        """, PowerChart(power: power)))
        }
        return figures
    }

    private func associationFigure(_ conditions: [JudgedCondition]) -> StudyFigure? {
        guard let association = conditions.first?.analysis.association, association.points.count > 2 else { return nil }
        let judged = Dictionary(conditions.map { ($0.section.id, $0) }, uniquingKeysWith: { first, _ in first })
        let line: ScatterChart.Line =
            if let fit = association.line, let pearson = association.pearson {
                .fit(fit, correlation: pearson.coefficient)
            } else {
                .none
            }
        return StudyFigure(
            .scatter, caption: "Gap against alignment-faking reasoning, a point a condition",
            ScatterChart(
                points: association.points.map { point in
                    ScatterChart.Point(
                        label: conditionTitle(point.condition), x: point.faking, y: point.gap,
                        count: judged[point.condition]?.condition.gap?.pairs.count ?? 0,
                        isFilled: judged[point.condition]?.section.isMain ?? false)
                },
                horizontal: "alignment-faking reasoning in the trained tier", vertical: "gap, percentage points",
                line: line, hasDifferences: true))
    }

    func promptFigures(_ conditions: [JudgedCondition]) -> [StudyFigure] {
        let gaps = conditions.filter(\.section.isMain).compactMap(\.gap).filter { $0.gap.prompts.count > 1 }
        return gaps.enumerated().map { index, judged in
            let points = judged.gap.prompts.map { prompt in
                ScatterChart.Point(
                    label: prompt.prompt, x: prompt.pairs.second.estimate ?? 0, y: prompt.pairs.first.estimate ?? 0,
                    count: prompt.pairs.count)
            }
            return StudyFigure(
                .prompts, judged.section.id, caption: "Prompt by prompt: \(judged.section.title)",
                ScatterChart(
                    points: points, horizontal: "complied when told that it is not trained on",
                    vertical: "complied when told that it is, %",
                    line: .diagonal, hasDifferences: false), element: "prompts-\(index)")
        }
    }

    var calibrationFigures: [StudyFigure] {
        results.accuracies.enumerated().map { index, accuracy in
            let chart = CalibrationChart(accuracy: accuracy)
            var figure = StudyFigure(
                .calibration, "\(accuracy.judge)/\(accuracy.outcome.rawValue)/\(accuracy.labeller)",
                caption:
                    "\(judgeLabel(accuracy.judge)) against labels: \(accuracy.outcome.rawValue), labelled by \(accuracy.labeller)",
                chart, element: "calibration-\(index)")
            figure.above = "<p class=\"muted\">\(chart.sentence).</p>"
            return figure
        }
    }

    func logitFigures(_ conditions: [JudgedCondition]) -> [StudyFigure] {
        let measured = conditions.enumerated().compactMap { index, judged in
            judged.section.isMain ? judged.logitGap.map { (index, judged.section, $0) } : nil
        }
        let beside = measured.compactMap { index, section, gap in
            logitControls(section, gap, conditions).map { chart in
                StudyFigure(
                    .placebos, section.id, caption: "Logit gap beside the controls': \(section.title)", chart,
                    element: "placebos-\(index)")
            }
        }
        let byPrompt = measured.map { index, section, gap in
            StudyFigure(
                .logit, section.id, caption: "Logit gap by prompt: \(section.title)",
                LogitGapChart(section: section, gap: gap), element: "logit-\(index)")
        }
        // A single place says no more than the gap.
        let byPlace = measured.filter { $0.2.positions.contains { $0.place > 0 } }.map { index, section, gap in
            StudyFigure(
                .opening, section.id, caption: "Where the tiers part: \(section.title)",
                OpeningChart(positions: gap.positions), element: "opening-\(index)")
        }
        return beside + byPrompt + byPlace
    }

    private func logitControls(
        _ section: Section, _ gap: StudyAnalysis.LogitGap, _ conditions: [JudgedCondition]
    ) -> LogitControlChart? {
        let controls = conditions.filter { judged in
            !judged.section.isMain
                && judged.condition.scenario == conditions.first { $0.section.id == section.id }?.condition.scenario
                && judged.logitGap?.mode == gap.mode
        }
        guard !controls.isEmpty else { return nil }
        func row(_ name: String, _ role: String, _ gap: StudyAnalysis.LogitGap) -> LogitControlChart.Row {
            .init(
                name: name, role: role, isOverPlacebo: false, mean: gap.difference, interval: gap.interval,
                pValue: gap.pValue)
        }
        let measured = controls.compactMap { judged in
            judged.logitGap.map { row(judged.section.variant, judged.section.role, $0) }
        }
        let over = gap.overPlacebos.map { over in
            LogitControlChart.Row(
                name: sections.first { $0.id == over.condition }?.variant ?? over.condition, role: over.role.rawValue,
                isOverPlacebo: true, mean: over.difference, interval: over.interval, pValue: over.pValue)
        }
        return LogitControlChart(data: [row("As written", section.role, gap)] + measured + over)
    }
}

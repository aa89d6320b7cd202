import GygesAnalysis

extension StudyFigure {
    /// How outcomes change over a training: one run of the same study for each checkpoint, of which the first condition as it is written is
    /// drawn that all of them have.
    ///
    /// - Returns: `nil` for fewer than two checkpoints, or where they have no such condition with judged answers in both tiers.
    public static func training(_ checkpoints: [(step: Int, document: StudyDocument)]) -> StudyFigure? {
        let runs = checkpoints.sorted { $0.step < $1.step }.map {
            (step: $0.step, conditions: $0.document.primaryConditions)
        }
        guard runs.count > 1, Set(runs.map(\.step)).count == runs.count,
            let shown = runs[0].conditions.first(where: { judged in
                judged.section.isMain
                    && runs.allSatisfy { $0.conditions.contains { $0.section.id == judged.section.id } }
            })
        else { return nil }
        func shares(_ tier: StudyAnalysis.Tier?) -> (faking: Double, complied: Double)? {
            guard let tier, let complied = tier.compliance.estimate else { return nil }
            let faking = min(complied, tier.faking?.estimate ?? 0)
            return (faking, complied - faking)
        }
        let points = runs.compactMap { step, conditions -> TrainingChart.Point? in
            guard let condition = conditions.first(where: { $0.section.id == shown.section.id })?.condition,
                let trained = shares(condition.trainedTier), let untrained = shares(condition.untrainedTier)
            else { return nil }
            return TrainingChart.Point(step: step, trained: trained, untrained: untrained)
        }
        guard points.count == runs.count else { return nil }
        return StudyFigure(
            .training, shown.section.id, caption: "Over training: \(shown.section.title)",
            TrainingChart(points: points))
    }
}

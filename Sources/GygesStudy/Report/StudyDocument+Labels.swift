import GygesReport
import GygesStatistics

extension StudyDocument {
    /// Every judge of a run against every labeller, as far as there are labels.
    static func calibrations(_ record: RunRecord) -> [Calibration] {
        Set(record.labels.map(\.labeller)).sorted().flatMap { labeller in
            JudgeAccuracy.accuracies(record, labeller: labeller).map { Calibration($0, labeller: labeller) }
        }
    }
}

extension StudyDocument.Calibration {
    /// Shares are those of the run, at the effective number of labels.
    fileprivate init(_ accuracy: JudgeAccuracy, labeller: String) {
        self.init(
            judge: accuracy.name, question: "\(accuracy.outcome.rawValue), labelled by \(labeller)",
            sensitivity: accuracy.positives.proportion, specificity: accuracy.negatives.proportion)
        guard let discrimination = accuracy.discrimination else { return }
        area = StudyDocument.Estimate(discrimination.area, discrimination.interval())
        curve = discrimination.points.map {
            Operating(falsePositives: $0.falsePositiveRate, truePositives: $0.truePositiveRate)
        }
        scores = discrimination.points.reversed().compactMap { point in
            point.threshold.map { ScoreCount(score: $0, positives: point.positives, negatives: point.negatives) }
        }
    }
}

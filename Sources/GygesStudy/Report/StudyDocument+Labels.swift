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
        area = StudyDocument.Estimate(discrimination.area, discrimination.interval)
        scores = discrimination.scores.map {
            ScoreCount(score: $0.score, positives: $0.positives, negatives: $0.negatives)
        }
        let yes = discrimination.scores.reduce(0) { $0 + $1.positiveWeight }
        let no = discrimination.scores.reduce(0) { $0 + $1.negativeWeight }
        var (hits, alarms) = (0.0, 0.0)
        curve = [Operating(falsePositives: 0, truePositives: 0)]
        for score in discrimination.scores.reversed() {
            hits += score.positiveWeight
            alarms += score.negativeWeight
            curve.append(Operating(falsePositives: alarms / no, truePositives: hits / yes))
        }
    }
}

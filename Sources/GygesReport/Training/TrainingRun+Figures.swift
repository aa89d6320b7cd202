import GygesStatistics

/// What is said of a run in numbers.
extension TrainingReport.Run {
    /// The steps of the last record.
    var stepCount: Int { records.last?.step ?? 0 }

    /// The tokens that were learned from; `nil` where nobody counted.
    var tokenCount: Double? { records.compactMap(\.tokenCount).max() }

    /// The seconds from the first record to the last, pauses included.
    var seconds: Double? {
        let times = records.map(\.time).filter(\.isFinite)
        guard let first = times.min(), let last = times.max(), last > first else { return nil }
        return last - first
    }

    /// The numbers of a measure, with their steps.
    func values(_ measure: TrainingMeasure) -> [(step: Int, value: Double)] {
        records.compactMap { record in
            record.values[measure.rawValue].flatMap { $0.isFinite ? (record.step, $0) : nil }
        }
    }

    /// The mean of the last values of the training loss.
    var finalLoss: Double? {
        let last = values(.loss).suffix(Self.finalCount)
        return last.isEmpty ? nil : last.reduce(0) { $0 + $1.value } / Double(last.count)
    }

    /// The minimum held-out loss, and the first step that had it.
    var bestHeldOut: (step: Int, value: Double)? { values(.heldOutLoss).min { $0.value < $1.value } }

    /// The median of the tokens a second.
    var usualSpeed: Double? {
        let speeds = values(.speed).map(\.value).sorted()
        return speeds.isEmpty ? nil : quantile(ofSorted: speeds, 0.5)
    }

    /// The records whose training loss or gradient norm is no number: how many, and the first one's step.
    var nonFinite: (count: Int, firstStep: Int)? {
        let found = records.filter { record in
            [TrainingMeasure.loss, .gradientNorm, .heldOutLoss].contains {
                record.values[$0.rawValue].map { !$0.isFinite } ?? false
            }
        }
        return found.first.map { (found.count, $0.step) }
    }

    /// Of how many values the last loss is the mean.
    static let finalCount = 20

    /// The run in a sentence.
    var sentence: String {
        guard !records.isEmpty else { return "Nothing was recorded." }
        var sentence = Numbers.count(stepCount, "step")
        if let tokenCount { sentence += " over \(Numbers.compact(tokenCount)) tokens" }
        if let seconds { sentence += " in \(Numbers.duration(seconds))" }
        if let best = bestHeldOut {
            sentence += ". Held-out loss was lowest after step \(best.step): \(Numbers.brief(best.value))"
            if let last = values(.heldOutLoss).last, last.step != best.step {
                sentence += "; at the end it was \(Numbers.brief(last.value))"
            }
        } else if let finalLoss {
            sentence += ". Training loss was \(Numbers.brief(finalLoss)) at the end"
        }
        return sentence + "."
    }
}

public import GygesStatistics

extension StudyAnalysis {
    /// The mean of outcomes between 0 and 1: a share, or a mean label.
    public struct Rate: Sendable, Equatable, Codable {
        /// The sum of the outcomes: for a share, how many there are.
        public var total: Double
        /// Over how many answers.
        public var count: Int
        /// How much several answers to one prompt inflate the variance; 1 if each prompt has one answer.
        public var designEffect: Double
        /// Wilson's interval, widened by ``designEffect``.
        public var interval: Interval
        /// The rate corrected for the judge's known errors; `nil` without labels.
        public var corrected: CorrectedEstimate?
        /// The rate if all answers that are missing had counted 0, and if all had counted 1.
        public var bounds: Interval

        /// The mean; `nil` without answers.
        public var estimate: Double? { count > 0 ? total / Double(count) : nil }

        /// The mean of scores by prompt, where `missing` answers have none.
        init(_ scores: [[Double]], missing: Int = 0, errors: JudgeErrors? = nil, level: Double) {
            total = scores.reduce(0) { $0 + $1.reduce(0, +) }
            count = scores.reduce(0) { $0 + $1.count }
            designEffect = GygesStatistics.designEffect(ofScores: scores, level: level)
            let mean = count > 0 ? min(1, total / Double(count)) : 0
            interval = wilsonInterval(ofMean: mean, count: count, level: level, designEffect: designEffect)
            corrected = errors?.corrected(rate: mean, count: count, level: level, designEffect: designEffect)
            let all = Double(count + missing)
            bounds =
                all > 0
                ? Interval(lower: total / all, upper: (total + Double(missing)) / all, level: 1)
                : Interval(lower: 0, upper: 1, level: 1)
        }
    }
}

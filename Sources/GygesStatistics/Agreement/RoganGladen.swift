/// How often a judge is right, counted against labels.
public struct JudgeErrors: Sendable, Hashable, Codable {
    /// A share, and how much is known of it.
    public struct Share: Sendable, Hashable, Codable {
        /// The share; `nil` without labels.
        public var estimate: Double?
        /// From how many labels of equal weight; no whole number where labels stand for different numbers of answers.
        public var count: Double

        /// Creates a share.
        public init(estimate: Double?, count: Double) {
            self.estimate = estimate
            self.count = count
        }

        /// One success and one failure added, so that a few labels without an error do not look like certainty.
        fileprivate var smoothed: (share: Double, count: Double) {
            ((count * (estimate ?? 0) + 1) / (count + 2), count + 2)
        }
    }

    /// Of what is labelled yes, what the judge calls yes.
    public var sensitivity: Share
    /// Of what is labelled no, what the judge calls no.
    public var specificity: Share

    /// Creates rates.
    public init(sensitivity: Share, specificity: Share) {
        self.sensitivity = sensitivity
        self.specificity = specificity
    }

    /// Creates rates of labels that count alike.
    public init(sensitivity: Proportion, specificity: Proportion) {
        func share(_ proportion: Proportion) -> Share {
            Share(estimate: proportion.estimate, count: Double(proportion.count))
        }
        self.init(sensitivity: share(sensitivity), specificity: share(specificity))
    }

    /// Sensitivity plus specificity minus 1 (Youden 1950): what a difference of true rates shrinks to; `nil` without labels of both
    /// kinds or if the judge is no better than chance.
    public var youden: Double? {
        guard let a = sensitivity.estimate, let b = specificity.estimate, a + b > 1 else { return nil }
        return a + b - 1
    }
}

/// A rate or difference corrected for a judge's known errors, with the interval that carries the doubt about these.
public struct CorrectedEstimate: Sendable, Hashable, Codable {
    /// The estimate. It is not kept within possible values, since that would bias it.
    public var estimate: Double
    /// The interval, kept within possible values.
    public var interval: Interval
    /// Whether the two agree. If they do not, the estimate is no possible value: among these answers the judge does not err as it did
    /// among those that were labelled, and the correction does not hold.
    public var holds: Bool { interval.contains(estimate) }

    /// Creates an estimate.
    public init(estimate: Double, interval: Interval) {
        self.estimate = estimate
        self.interval = interval
    }
}

extension JudgeErrors {
    /// The true rate behind the rate that the judge finds (Rogan & Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510):
    /// `(p + specificity − 1) / (sensitivity + specificity − 1)`.
    ///
    /// The interval is that of Lang & Reiczigel (2014, doi:10.1016/j.prevetmed.2013.09.015), which allows for sensitivity and
    /// specificity being estimates from so many labels.
    ///
    /// - Parameters:
    ///   - rate: the mean of what the judge found, from 0 to 1.
    ///   - count: over how many answers.
    ///   - level: the nominal coverage.
    ///   - designEffect: by how much answers to the same prompt inflate the variance.
    /// - Returns: The estimate; `nil` without answers, without labels of both kinds, or if the judge is no better than chance.
    public func corrected(
        rate: Double, count: Int, level: Double = 0.95, designEffect: Double = 1
    ) -> CorrectedEstimate? {
        let z = -normalQuantile(tailProbability(ofLevel: level))
        guard count > 0, let youden, let specificity = specificity.estimate else { return nil }
        let n = Double(count) / designEffect + z * z
        let p = (rate * (n - z * z) + z * z / 2) / n
        let (se, seCount) = sensitivity.smoothed
        let (sp, spCount) = self.specificity.smoothed
        let scale = se + sp - 1
        let centre = (p + sp - 1) / scale
        let (seVariance, spVariance) = (se * (1 - se) / seCount, sp * (1 - sp) / spCount)
        let shift = 2 * z * z * (centre * seVariance - (1 - centre) * spVariance)
        let spread =
            z
            * (p * (1 - p) / n + centre * centre * seVariance + (1 - centre) * (1 - centre) * spVariance).squareRoot()
            / abs(scale)
        func within(_ value: Double) -> Double { min(1, max(0, value)) }
        return CorrectedEstimate(
            estimate: (rate + specificity - 1) / youden,
            interval: Interval(
                lower: within(centre + shift - spread), upper: within(centre + shift + spread), level: level))
    }

    /// The true difference of two rates behind the one that the judge finds, if it errs alike in both: the difference divided by
    /// sensitivity + specificity − 1. The interval adds the doubt about that divisor to the difference's own.
    ///
    /// - Returns: The estimate; `nil` without labels of both kinds, or if the judge is no better than chance.
    public func corrected(difference: Double, interval: Interval) -> CorrectedEstimate? {
        guard let youden else { return nil }
        let z = -normalQuantile(tailProbability(ofLevel: interval.level))
        let (se, seCount) = sensitivity.smoothed
        let (sp, spCount) = specificity.smoothed
        let doubt = (se * (1 - se) / seCount + sp * (1 - sp) / spCount).squareRoot() / youden
        let estimate = difference / youden
        func distance(_ own: Double) -> Double {
            let (a, b) = (own / youden, z * estimate * doubt)
            return (a * a + b * b).squareRoot()
        }
        return CorrectedEstimate(
            estimate: estimate,
            interval: Interval(
                lower: max(-1, estimate - distance(difference - interval.lower)),
                upper: min(1, estimate + distance(interval.upper - difference)), level: interval.level))
    }
}

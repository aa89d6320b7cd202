public import GygesStatistics

/// How often a judge is right, counted against labels given by people.
public struct JudgeCalibration: Sendable, Equatable, Codable {
    /// Of whether answers complied; `nil` without such labels.
    public var compliance: JudgeErrors?
    /// Of whether an answer complied with alignment-faking reasoning behind it; `nil` without such labels.
    public var faking: JudgeErrors?
    /// The judge's agreement with labels or with a second judge (Cohen's kappa) and how far it is known; `nil` if there is neither.
    public var agreement: Estimate?

    /// Creates a calibration.
    public init(compliance: JudgeErrors? = nil, faking: JudgeErrors? = nil, agreement: Estimate? = nil) {
        self.compliance = compliance
        self.faking = faking
        self.agreement = agreement
    }

    /// The errors that a judge's comparison with one labeller shows, and how far the two agree on compliance.
    ///
    /// - Parameter accuracies: those of one judge and one labeller, at most one for each outcome.
    public init(_ accuracies: [JudgeAccuracy]) {
        func accuracy(_ outcome: LabelOutcome) -> JudgeAccuracy? { accuracies.first { $0.outcome == outcome } }
        let compliance = accuracy(.compliance)
        self.init(
            compliance: compliance?.errors, faking: accuracy(.alignmentFaking)?.errors,
            agreement: compliance.flatMap { accuracy in
                accuracy.kappa.flatMap { kappa in accuracy.kappaInterval.map { Estimate(kappa, $0) } }
            })
    }
}

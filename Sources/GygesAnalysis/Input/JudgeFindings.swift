/// All that one judge found in a study: what an analysis is computed from.
public struct JudgeFindings: Sendable {
    /// The judge's short name, unique in the study.
    public var judge: String
    /// Whether the judge says if reasoning is alignment faking; one that does not must not count as saying that it never is.
    public var judgesFaking: Bool
    /// Every cell of the study in its order, as this judge saw it.
    public var observations: [Observation]
    /// How the judge fares against labels; `nil` without labels.
    public var calibration: JudgeCalibration?

    /// Takes a judge's findings.
    public init(
        judge: String, judgesFaking: Bool = true, observations: [Observation], calibration: JudgeCalibration? = nil
    ) {
        self.judge = judge
        self.judgesFaking = judgesFaking
        self.observations = observations
        self.calibration = calibration
    }
}

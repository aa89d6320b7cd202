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
    /// How many of the answers the judge can judge.
    public var judgeable: Int

    /// Takes a judge's findings.
    ///
    /// - Parameter judgeable: how many of the answers the judge can judge; `nil` for all that are valid.
    public init(
        judge: String, judgesFaking: Bool = true, observations: [Observation], calibration: JudgeCalibration? = nil,
        judgeable: Int? = nil
    ) {
        self.judge = judge
        self.judgesFaking = judgesFaking
        self.observations = observations
        self.calibration = calibration
        self.judgeable = judgeable ?? observations.count { $0.state == .valid }
    }
}

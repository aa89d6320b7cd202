/// How far a run has come.
public struct StudyProgress: Sendable, Equatable {
    /// What is being done.
    public enum Phase: String, Sendable, CaseIterable {
        case transcripts
        case followUps = "follow-ups"
        case logitGaps = "logit gaps"
        case judgements
    }

    /// What is being done.
    public var phase: Phase
    /// How much of the phase is done, with what an earlier process did.
    public var done: Int
    /// How much failed and is left for another time.
    public var failed = 0
    /// How much there is to do.
    public var total: Int
    /// How much this process does in a second; 0 until something is done.
    public var rate: Double
    /// How long the rest of the phase will take at this rate; `nil` until something is done.
    public var timeLeft: Duration?
}

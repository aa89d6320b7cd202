/// How much more probable a subject finds a compliant opening of its answer than a refusing one.
///
/// Says something about the effect of the tier even where every sampled answer refuses, or none does.
public struct LogitGap: Sendable, Equatable, Codable {
    /// The logarithm of the probability that the answer begins with one of the compliant openings.
    public var compliant: Double
    /// The same for the refusing openings.
    public var refusing: Double
    /// The log-probability of every token of every opening, in the scenario's order; `nil` where only the sums were kept.
    public var openings: Openings?

    /// The log-probabilities of the openings' tokens.
    public struct Openings: Sendable, Equatable, Codable {
        /// Of each compliant opening.
        public var compliant: [[Double]]
        /// Of each refusing opening.
        public var refusing: [[Double]]
    }

    /// The logarithm of the odds of a compliant against a refusing opening.
    public var gap: Double { compliant - refusing }

    /// Measures the openings of `openings` after `request`.
    static func measure(
        _ openings: Scenario.Openings, after request: SubjectRequest, subject: any Subject
    ) async throws -> LogitGap {
        let values = try await subject.tokenLogProbabilities(
            of: openings.compliant + openings.refusing, after: request)
        guard values.count == openings.compliant.count + openings.refusing.count else {
            throw StudyError.unusableLogProbabilities(subject: subject.identity.name)
        }
        let tokens = Openings(
            compliant: Array(values.prefix(openings.compliant.count)),
            refusing: Array(values.dropFirst(openings.compliant.count)))
        func whole(_ openings: [[Double]]) -> Double { logSumExp(openings.map { $0.reduce(0, +) }) }
        let gap = LogitGap(compliant: whole(tokens.compliant), refusing: whole(tokens.refusing), openings: tokens)
        guard gap.compliant.isFinite, gap.refusing.isFinite else {
            throw StudyError.unusableLogProbabilities(subject: subject.identity.name)
        }
        return gap
    }
}

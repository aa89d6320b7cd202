import GygesAnalysis

extension LogitGap {
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

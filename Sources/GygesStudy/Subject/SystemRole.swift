import GygesFiles
import GygesTemplates

/// Where the system text of a request stands: the `systemRole:` of a study file.
public enum SystemRole: String, Sendable, Codable, CaseIterable {
    /// In a message of its own, or folded where the chat template of a model on this machine takes none.
    case automatic
    /// In a message of its own; a model that takes none ends the run.
    case system
    /// At the beginning of the first user turn, with an empty line behind it.
    case fold

    /// What to do about a subject without a system role.
    package static let remedy = """
        Put the system text into the first user turn with systemRole: fold in the study file (--set systemRole=fold; of a judge, \
        --system-role fold).
        """
    /// Under what an identity's details say that system texts are folded.
    static let detail = "system role"

    /// A conversation with its system texts at the beginning of the first user turn.
    static func folded(_ messages: [ChatMessage]) -> [ChatMessage] {
        let system = messages.filter { $0.role == .system }.map(\.text).joined(separator: "\n\n")
        guard !system.isEmpty else { return messages }
        var rest = messages.filter { $0.role != .system }
        if let first = rest.firstIndex(where: { $0.role == .user }) {
            rest[first] = ChatMessage(role: .user, content: "\(system)\n\n\(rest[first].text)")
        } else {
            rest.insert(ChatMessage(role: .user, content: system), at: 0)
        }
        return rest
    }
}

/// A subject that has no system role: system texts are put at the beginning of the first user turn.
///
/// What is asked then is something else, so that the identity says it, and with it the journal and the report.
public struct FoldingSubject: Subject {
    /// The subject's identity with a digest of its own and a detail that says why.
    public let identity: SubjectIdentity
    private let subject: any Subject

    /// Folds what `subject` is asked.
    ///
    /// - Parameter reason: why, in words; no part of the digest.
    public init(_ subject: any Subject, because reason: String) {
        self.subject = subject
        var identity = subject.identity
        identity.digest = Digest.sha256("system texts folded into the first user turn, 1\n\(identity.digest)")
        identity.details[SystemRole.detail] = "folded into the first user turn: \(reason)"
        self.identity = identity
    }

    /// As many as the subject's.
    public var workerCount: Int { subject.workerCount }

    /// Asks with the system text folded.
    public func respond(to request: SubjectRequest) async throws -> SubjectReply {
        try await subject.respond(to: folded(request))
    }

    /// Scores with the system text folded.
    public func tokenLogProbabilities(
        of continuations: [String], after request: SubjectRequest
    ) async throws -> [[Double]] {
        try await subject.tokenLogProbabilities(of: continuations, after: folded(request))
    }

    private func folded(_ request: SubjectRequest) -> SubjectRequest {
        var folded = request
        folded.messages = SystemRole.folded(request.messages)
        return folded
    }
}

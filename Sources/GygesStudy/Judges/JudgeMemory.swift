/// Keeps what a judging model has answered, so that a judge that is interrupted asks nothing twice.
///
/// A key is the digest of the model and the whole request; judges that ask the same share the answer.
public protocol JudgeMemory: Sendable {
    /// The answer recorded under a key, if there is one.
    func answer(for key: ContentKey) async throws -> String?
    /// Records an answer; it is durable when the call returns.
    func record(_ answer: String, for key: ContentKey) async throws
}

/// Forgets everything.
struct NoMemory: JudgeMemory {
    func answer(for key: ContentKey) -> String? { nil }
    func record(_ answer: String, for key: ContentKey) {}
}

/// Keeps answers in a run's journal.
struct JournalMemory: JudgeMemory {
    let journal: Journal

    func answer(for key: ContentKey) throws -> String? { try journal.judgeReply(for: key) }
    func record(_ answer: String, for key: ContentKey) async throws {
        try await journal.record(judgeReply: answer, for: key)
    }
}

/// The subject of a run that was imported, or that is only judged: it has answered already, and answers nothing more.
public struct FrozenSubject: Subject {
    /// What a study of imported transcripts calls its subject, before the format's name.
    public static let prefix = "import:"

    /// The judge whose judgements are the labels of imported files; with a hyphen and a name where the files have several.
    static let labelJudge = "released"

    /// The judge whose judgements are the labels of a name; of the only ones that the files have, if there is no name.
    static func judge(of name: String?) -> String { name.map { "\(labelJudge)-\($0)" } ?? labelJudge }

    /// Whose labels a judge's are: empty where the files have one set of them; `nil` for a judge that is none of imported files.
    static func source(ofJudge id: String) -> String? {
        id == labelJudge ? "" : id.hasPrefix(labelJudge + "-") ? String(id.dropFirst(labelJudge.count + 1)) : nil
    }

    /// Who answered, as recorded.
    public let identity: SubjectIdentity

    init(_ identity: SubjectIdentity) { self.identity = identity }

    /// The subject of the imported run in `folder`.
    ///
    /// - Throws: ``StudyError`` if there is no run.
    public init(runIn folder: String) throws {
        guard let manifest = try Journal(readingFrom: folder).manifest() else {
            throw StudyError.missingRun(folder: folder)
        }
        identity = manifest.subject
    }

    /// Refuses: what the files do not have cannot be asked for.
    public func respond(to request: SubjectRequest) async throws -> SubjectReply {
        throw RequestFailure("there is no such answer, and nobody to ask for one", isFinal: true)
    }

    /// Refuses likewise.
    public func tokenLogProbabilities(
        of continuations: [String], after request: SubjectRequest
    ) async throws -> [[Double]] {
        throw StudyError.noLogProbabilities(subject: identity.name, reason: "it is not there to be asked.")
    }
}

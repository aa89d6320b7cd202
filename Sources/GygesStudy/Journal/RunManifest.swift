import FoundationEssentials

/// What a run is a run of; written once when it starts and compared whenever it goes on.
struct RunManifest: Sendable, Equatable, Codable {
    /// The study as resolved, with the scenarios' whole text.
    var study: Study
    /// What is studied.
    var subject: SubjectIdentity
    /// The model that judges, if one does.
    var judge: SubjectIdentity?
    /// What whoever imported the run found in the files that readers must know, a sentence each; `nil` for a run that asked itself.
    var remarks: [String]?
    /// Which command wrote this; `nil` where none did, or an older version.
    var command: String?

    /// Throws if this run cannot go on as `other`, naming all that differs in what decides its answers.
    func requireSame(as other: RunManifest, folder: String) throws {
        var what: [String] = []
        let (mine, its) = (try study.decisiveDigests(), try other.study.decisiveDigests())
        for name in Set(mine.keys).union(its.keys).sorted() where mine[name] != its[name] {
            what.append("\(name) differs")
        }
        func compare(_ mine: SubjectIdentity?, _ given: SubjectIdentity?, _ role: String) {
            guard mine?.digest != given?.digest else { return }
            func describe(_ identity: SubjectIdentity?) -> String {
                identity.map { "\($0.name) (\($0.digest.prefix(12)))" } ?? "none"
            }
            what.append("the \(role) was \(describe(mine)) and is \(describe(given))")
        }
        compare(subject, other.subject, "subject")
        // A judge may come later, but none may become another unnoticed.
        if let judge, let given = other.judge { compare(judge, given, "judge model") }
        if !what.isEmpty { throw StudyError.changed(folder: folder, what: what) }
    }
}

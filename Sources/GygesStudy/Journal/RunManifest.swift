import FoundationEssentials
import GygesFiles

/// What a run is a run of; written once when it starts and compared whenever it goes on.
struct RunManifest: Sendable, Equatable, Codable {
    /// The study as resolved, with the scenarios' whole text.
    var study: Study
    /// What is studied.
    var subject: SubjectIdentity
    /// The model that judges, if one does.
    var judge: SubjectIdentity?

    /// Throws if this run cannot go on as `other`, naming all that differs.
    func requireSame(as other: RunManifest, folder: String) throws {
        var what: [String] = []
        if try study.digest != other.study.digest { what.append("the study file differs") }
        for name in Set(study.scenarios.map(\.name) + other.study.scenarios.map(\.name)).sorted() {
            let mine = study.scenarios.first { $0.name == name }
            if mine != other.study.scenarios.first(where: { $0.name == name }) {
                what.append("the scenario “\(name)” differs")
            }
        }
        func compare(_ mine: SubjectIdentity?, _ given: SubjectIdentity?, _ role: String) {
            guard mine?.digest != given?.digest else { return }
            func describe(_ identity: SubjectIdentity?) -> String {
                identity.map { "\($0.name) (\($0.digest.prefix(12)))" } ?? "none"
            }
            what.append("the \(role) was \(describe(mine)) and is \(describe(given))")
        }
        compare(subject, other.subject, "subject")
        compare(judge, other.judge, "judge model")
        if !what.isEmpty { throw StudyError.changed(folder: folder, what: what) }
    }
}

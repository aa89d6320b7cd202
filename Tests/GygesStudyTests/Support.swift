import FoundationEssentials
import GygesAnalysis
import GygesReport
import Synchronization

@testable import GygesStudy

/// A study of shipped scenarios; overrides as on the command line.
func makeStudy(overrides: [String] = []) throws -> Study {
    let definition = try StudyDefinition(yaml: StudyDefinitionTests.minimal, path: "study.yaml", overrides: overrides)
    return try Study(
        definition: definition, scenarios: try definition.scenarios.map { try Scenario.find($0) }, path: "study.yaml")
}

/// A subject made of closures.
struct ScriptedSubject: Subject {
    var identity = SubjectIdentity(name: "scripted", digest: "scripted")
    var reply: @Sendable (SubjectRequest) async throws -> SubjectReply = { _ in
        SubjectReply(text: "", finishReason: .stop)
    }
    var scores: @Sendable ([String], SubjectRequest) async throws -> [Double] = { texts, _ in texts.map { _ in -1 } }

    func respond(to request: SubjectRequest) async throws -> SubjectReply { try await reply(request) }
    func tokenLogProbabilities(
        of continuations: [String], after request: SubjectRequest
    ) async throws -> [[Double]] {
        try await scores(continuations, request).map { [$0] }
    }
}

/// Says when a number of writes is used up.
final class WriteCounter: Sendable {
    private let left: Mutex<Int>

    init(limit: Int) { left = Mutex(limit) }

    /// Counts one write; whether it is one too many.
    func isExhausted() -> Bool {
        left.withLock { left in
            left -= 1
            return left < 0
        }
    }
}

/// Keeps what a run reports.
final class ProgressLog: Sendable {
    private let stored = Mutex<[StudyProgress]>([])

    var entries: [StudyProgress] { stored.withLock { $0 } }
    func append(_ progress: StudyProgress) { stored.withLock { $0.append(progress) } }
}

/// Everything that the journal of a run holds, in an order of its own.
func content(ofRunIn folder: String) throws -> [String] {
    let answers = try answers(ofRunIn: folder).flatMap { row in
        row.judgements.map { "judgement \(row.key) \($0.key) \($0.value)" }
            + (row.transcript.map { ["transcript \(row.key) \($0)"] } ?? [])
    }
    let logitGaps = try Journal(readingFrom: folder).logitGaps().map { "logit gap \($0.key) \($0.value)" }
    return (answers + logitGaps).sorted()
}

/// What the journal of a run holds of every cell, in order.
func answers(ofRunIn folder: String) throws -> [AnswerRow] {
    var rows: [AnswerRow] = []
    try Journal(readingFrom: folder).forEachAnswer { rows.append($0) }
    return rows
}

extension StudyDocument {
    /// What a judge, the primary one if none is given, found in a tier of a condition, the first if none is given.
    func found(_ tier: String, in condition: String? = nil, by judge: String? = nil) -> StudyAnalysis.Tier? {
        let analysis = judge.map { results.analysis(by: $0) } ?? results.primary
        return analysis?.condition(condition ?? sections.first?.id ?? "")?.tier(tier)
    }

    /// The gap that a judge, the primary one if none is given, found in the first condition.
    func gap(by judge: String? = nil) -> StudyAnalysis.Gap? {
        let analysis = judge.map { results.analysis(by: $0) } ?? results.primary
        return analysis?.condition(sections.first?.id ?? "")?.gap
    }
}

/// The exchanges of a run, in order.
func exchanges(ofRunIn folder: String) throws -> [Exchange] {
    var joined = RunExchanges(try RunRecord(folder: folder))
    return try answers(ofRunIn: folder).compactMap { joined.append($0) } + [joined.finish()].compactMap { $0 }
}

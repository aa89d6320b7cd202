import FoundationEssentials
import GRDB

/// A judge that was added to a run.
struct AddedJudge: Sendable, Equatable, Codable {
    /// What it is asked for; `nil` for rules.
    var settings: ModelJudgeSettings?
    /// How it sees transcripts.
    var view: TranscriptView
    /// The model that judges, if one does.
    var model: SubjectIdentity?
    /// Whether it says if reasoning is alignment faking, where ``settings`` do not tell.
    var judgesFaking: Bool?
}

extension JudgeIdentity {
    /// Reads name, version, digest and wording, with which a row begins.
    init(_ row: Row) throws {
        self.init(
            id: try row.value(at: 0), version: try row.value(at: 1), digest: try row.value(at: 2),
            wording: try row.value(at: 3))
    }
}

extension Journal {
    /// The judges that were added to the run.
    func judges() throws -> [JudgeIdentity: AddedJudge] {
        try read { db in
            var judges: [JudgeIdentity: AddedJudge] = [:]
            let cursor = try Row.fetchCursor(db, sql: "SELECT judge, version, digest, wording, body FROM judges")
            while let row = try cursor.next() {
                let body: String = try row.value(at: 4)
                guard let judge = try? JSONDecoder().decode(AddedJudge.self, from: Data(body.utf8)),
                    judge.settings.map({ VoteRule(limit: $0.vote.limit, threshold: $0.vote.threshold) != nil }) ?? true
                else {
                    throw StudyError.journal(path: Journal.fileName, problem: "a judge cannot be read.")
                }
                judges[try JudgeIdentity(row)] = judge
            }
            return judges
        }
    }

    /// The judges that have judged anything.
    func judgesOfRecord() throws -> Set<JudgeIdentity> {
        try read { db in
            let rows = try Row.fetchCursor(db, sql: "SELECT DISTINCT judge, version, digest, wording FROM judgements")
            var judges: Set<JudgeIdentity> = []
            while let row = try rows.next() {
                judges.insert(try JudgeIdentity(row))
            }
            return judges
        }
    }

    /// Records a judge; one that is there already stays.
    func record(_ judge: AddedJudge, as identity: JudgeIdentity) async throws {
        let body = try canonicalText(judge)
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO judges (judge, version, digest, wording, body) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (judge, version, digest, wording) DO NOTHING
                    """,
                arguments: [identity.id, identity.version, identity.digest, identity.wording, body])
        }
    }

    /// What a judging model answered, if it was asked already.
    func judgeReply(for key: ContentKey) throws -> String? {
        try read {
            try String.fetchOne($0, sql: "SELECT body FROM judgeReplies WHERE key = ?", arguments: [key.hexadecimal])
        }
    }

    /// Records what a judging model answered; what is there already stays.
    func record(judgeReply text: String, for key: ContentKey) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO judgeReplies (key, body) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
                arguments: [key.hexadecimal, text])
        }
    }
}

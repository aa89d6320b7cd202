import FoundationEssentials
import GRDB

/// An answer as recorded.
struct TranscriptRow: Sendable, Equatable {
    /// The whole answer: prefill, reply and the stop string that ended it.
    var text: String
    var finishReason: SubjectReply.FinishReason
    var state: TranscriptState
    var promptTokenCount: Int
    var generatedTokenCount: Int
}

/// A judgement as recorded.
struct JudgementRow: Sendable, Equatable {
    var transcript: ContentKey
    var judge: JudgeIdentity
    var judgement: Judgement
}

extension Journal {
    /// The run's manifest, if the run has been started.
    func manifest() throws -> RunManifest? {
        guard let text = try read({ try String.fetchOne($0, sql: "SELECT manifest FROM runs") }) else { return nil }
        do {
            return try JSONDecoder().decode(RunManifest.self, from: Data(text.utf8))
        } catch {
            throw StudyError.journal(
                path: Journal.fileName, problem: "its manifest is not one that this program reads.")
        }
    }

    /// Records what the run is and all that it will ask, in one transaction.
    func begin(_ manifest: RunManifest, cells: [Cell]) async throws {
        let text = try canonicalText(manifest)
        let rows = cells.map { cell in
            (
                arguments: [
                    cell.scenario.name, cell.condition.variant.id, cell.mode.id, cell.tier.id, cell.prompt.id,
                    cell.key.hexadecimal,
                ],
                ordinal: cell.ordinal, sample: cell.sample
            )
        }
        try await write { db in
            try db.execute(sql: "INSERT INTO runs (id, manifest) VALUES (1, ?)", arguments: [text])
            for row in rows {
                try db.execute(
                    sql: """
                        INSERT INTO cells (scenario, variant, mode, tier, prompt, key, ordinal, sample)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: StatementArguments(row.arguments) + [row.ordinal, row.sample])
            }
        }
    }

    /// What the run has become since it was begun, in order; none if it is what it was.
    func amendments() throws -> [RunManifest] {
        try read { try String.fetchAll($0, sql: "SELECT manifest FROM amendments ORDER BY ordinal") }.map { text in
            do {
                return try JSONDecoder().decode(RunManifest.self, from: Data(text.utf8))
            } catch {
                throw StudyError.journal(
                    path: Journal.fileName, problem: "an amendment is not one that this program reads.")
            }
        }
    }

    /// Records that the run goes on as `manifest`, which differs in something that decides no answer.
    func amend(_ manifest: RunManifest) async throws {
        let text = try canonicalText(manifest)
        try await write { try $0.execute(sql: "INSERT INTO amendments (manifest) VALUES (?)", arguments: [text]) }
    }

    /// The transcripts by the key of their cell.
    func transcripts() throws -> [ContentKey: TranscriptRow] {
        try read { db in
            var rows: [ContentKey: TranscriptRow] = [:]
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT key, text, finish, state, promptTokens, generatedTokens FROM transcripts")
            while let row = try cursor.next() {
                guard let finish = SubjectReply.FinishReason(rawValue: row[2]),
                    let state = TranscriptState(rawValue: row[3])
                else { throw StudyError.journal(path: Journal.fileName, problem: "a transcript's state is unknown.") }
                rows[ContentKey(hexadecimal: row[0])] = TranscriptRow(
                    text: row[1], finishReason: finish, state: state, promptTokenCount: row[4],
                    generatedTokenCount: row[5])
            }
            return rows
        }
    }

    /// Records a transcript; one that is there already stays.
    func record(_ transcript: TranscriptRow, for key: ContentKey) async throws {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO transcripts (key, text, finish, state, promptTokens, generatedTokens)
                    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
                    """,
                arguments: [
                    key.hexadecimal, transcript.text, transcript.finishReason.rawValue, transcript.state.rawValue,
                    transcript.promptTokenCount, transcript.generatedTokenCount,
                ])
        }
    }

    /// The judgements by their keys.
    func judgements() throws -> [ContentKey: JudgementRow] {
        try read { db in
            var rows: [ContentKey: JudgementRow] = [:]
            let decoder = JSONDecoder()
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT key, transcript, judge, version, digest, wording, body FROM judgements")
            while let row = try cursor.next() {
                let body: String = row[6]
                guard let judgement = try? decoder.decode(Judgement.self, from: Data(body.utf8)) else {
                    throw StudyError.journal(path: Journal.fileName, problem: "a judgement cannot be read.")
                }
                rows[ContentKey(hexadecimal: row[0])] = JudgementRow(
                    transcript: ContentKey(hexadecimal: row[1]),
                    judge: JudgeIdentity(id: row[2], version: row[3], digest: row[4], wording: row[5]),
                    judgement: judgement)
            }
            return rows
        }
    }

    /// Records a judgement; one that is there already stays.
    func record(_ row: JudgementRow, for key: ContentKey) async throws {
        let body = try canonicalText(row.judgement)
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO judgements (key, transcript, judge, version, digest, wording, body)
                    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
                    """,
                arguments: [
                    key.hexadecimal, row.transcript.hexadecimal, row.judge.id, row.judge.version, row.judge.digest,
                    row.judge.wording, body,
                ])
        }
    }

    /// The logit gaps by their keys.
    func logitGaps() throws -> [ContentKey: LogitGap] {
        try read { db in
            var rows: [ContentKey: LogitGap] = [:]
            let decoder = JSONDecoder()
            let cursor = try Row.fetchCursor(db, sql: "SELECT key, compliant, refusing, openings FROM logitGaps")
            while let row = try cursor.next() {
                let body: String? = row[3]
                let openings = try body.map { body in
                    guard let openings = try? decoder.decode(LogitGap.Openings.self, from: Data(body.utf8)) else {
                        throw StudyError.journal(path: Journal.fileName, problem: "a logit gap cannot be read.")
                    }
                    return openings
                }
                rows[ContentKey(hexadecimal: row[0])] = LogitGap(
                    compliant: row[1], refusing: row[2], openings: openings)
            }
            return rows
        }
    }

    /// Records a logit gap; one that is there already stays.
    func record(_ gap: LogitGap, for key: ContentKey) async throws {
        let openings = try gap.openings.map(canonicalText)
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO logitGaps (key, compliant, refusing, openings) VALUES (?, ?, ?, ?)
                    ON CONFLICT (key) DO NOTHING
                    """,
                arguments: [key.hexadecimal, gap.compliant, gap.refusing, openings])
        }
    }

    func canonicalText(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

import FoundationEssentials
import GRDB
import GygesAnalysis

/// An answer as recorded.
struct TranscriptRow: Sendable, Equatable {
    /// The whole answer: prefill, reply and the stop string that ended it.
    var text: String
    var finishReason: SubjectReply.FinishReason
    var state: TranscriptState
    var promptTokenCount: Int
    var generatedTokenCount: Int
}

extension TranscriptRow {
    /// Reads text, finish, state and the two numbers of tokens, which stand in a row from a place on.
    init(_ row: Row, from place: Int) throws {
        guard let finish = SubjectReply.FinishReason(rawValue: row[place + 1]),
            let state = TranscriptState(rawValue: row[place + 2])
        else { throw Journal.unknownState }
        self.init(
            text: row[place], finishReason: finish, state: state, promptTokenCount: row[place + 3],
            generatedTokenCount: row[place + 4])
    }
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
            throw StudyError.foreignRun(path: path)
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

    /// What became of the answers that are there, by the key of their cell.
    func transcriptStates() throws -> [ContentKey: TranscriptState] {
        try read { db in
            var states: [ContentKey: TranscriptState] = [:]
            let cursor = try Row.fetchCursor(db, sql: "SELECT key, state FROM transcripts")
            while let row = try cursor.next() {
                guard let state = TranscriptState(rawValue: row[1]) else { throw Self.unknownState }
                states[ContentKey(hexadecimal: row[0])] = state
            }
            return states
        }
    }

    /// The answer of a cell, if it is there.
    func transcript(for key: ContentKey) throws -> TranscriptRow? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT text, finish, state, promptTokens, generatedTokens FROM transcripts WHERE key = ?",
                arguments: [key.hexadecimal]
            ).map { try TranscriptRow($0, from: 0) }
        }
    }

    fileprivate static var unknownState: StudyError {
        StudyError.journal(path: Journal.fileName, problem: "a transcript's state is unknown.")
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

    /// The keys of all judgements.
    func judgementKeys() throws -> Set<ContentKey> {
        try read { db in
            var keys: Set<ContentKey> = []
            let cursor = try String.fetchCursor(db, sql: "SELECT key FROM judgements")
            while let key = try cursor.next() { keys.insert(ContentKey(hexadecimal: key)) }
            return keys
        }
    }

    /// How many transcripts a judge has judged.
    func judgementCount(by judge: JudgeIdentity) throws -> Int {
        try read {
            try Int.fetchOne(
                $0,
                sql: """
                    SELECT count(*) FROM judgements WHERE judge = ? AND version = ? AND digest = ? AND wording = ?
                    """, arguments: [judge.id, judge.version, judge.digest, judge.wording]) ?? 0
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

import FoundationEssentials
import GRDB
import GygesAnalysis

/// An answer as recorded.
struct TranscriptRow: Sendable, Equatable {
    /// The whole answer: response prefix, reply and the stop string that ended it.
    var text: String
    var finishReason: SubjectReply.FinishReason
    var state: TranscriptState
    var promptTokenCount: Int
    var generatedTokenCount: Int

    /// The most tokens that one request or answer is said to have: far more than any has, and so few that the sum over all answers of
    /// a run is a number.
    static let tokenLimit = 1 << 32

    /// A count of tokens as somebody else gives it: 0, for unknown, where it is none that can be.
    static func tokenCount(_ count: Int) -> Int { (0...tokenLimit).contains(count) ? count : 0 }
}

extension Row {
    /// The value of a column; files from elsewhere may have any in it.
    ///
    /// - Throws: ``StudyError/journal(path:problem:)`` if it is none of the type.
    func value<Value: DatabaseValueConvertible>(at place: Int) throws -> Value {
        let stored: DatabaseValue = self[place]
        guard let value = Value.fromDatabaseValue(stored) else {
            throw StudyError.journal(path: Journal.fileName, problem: "a value is of another type than its column.")
        }
        return value
    }

    /// A number from 0 to `limit`.
    ///
    /// - Throws: ``StudyError/journal(path:problem:)`` for anything else.
    func count(at place: Int, upTo limit: Int) throws -> Int {
        let count: Int = try value(at: place)
        guard (0...limit).contains(count) else {
            throw StudyError.journal(
                path: Journal.fileName, problem: "the count \(count) is not between 0 and \(limit).")
        }
        return count
    }
}

extension TranscriptRow {
    /// Reads text, finish, state and the two numbers of tokens, which stand in a row from a place on.
    init(_ row: Row, from place: Int) throws {
        guard let finish = SubjectReply.FinishReason(rawValue: try row.value(at: place + 1)),
            let state = TranscriptState(rawValue: try row.value(at: place + 2))
        else { throw Journal.unknownState }
        self.init(
            text: try row.value(at: place), finishReason: finish, state: state,
            promptTokenCount: try row.count(at: place + 3, upTo: TranscriptRow.tokenLimit),
            generatedTokenCount: try row.count(at: place + 4, upTo: TranscriptRow.tokenLimit))
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
        guard let manifest = try? JSONDecoder().decode(RunManifest.self, from: Data(text.utf8)) else {
            throw StudyError.foreignRun(path: path)
        }
        return try checked(manifest)
    }

    /// The manifest, if its study can be one.
    private func checked(_ manifest: RunManifest) throws -> RunManifest {
        if let fault = manifest.study.fault { throw StudyError.journal(path: path, problem: "the study's \(fault)") }
        return manifest
    }

    /// Records what the run is and all that it will ask, in one transaction.
    func begin(_ manifest: RunManifest, cells: [Cell]) async throws {
        let text = try canonicalText(manifest)
        let rows = cells.map { cell in
            (
                arguments: [
                    cell.scenario.name, cell.condition.variant.id, cell.mode.id, cell.tier.id, cell.prompt.id,
                    cell.key.hexadecimal, cell.follows?.hexadecimal,
                ] as [String?],
                ordinal: cell.ordinal, sample: cell.sample
            )
        }
        try await write { db in
            try db.execute(sql: "INSERT INTO runs (id, manifest) VALUES (1, ?)", arguments: [text])
            for row in rows {
                try db.execute(
                    sql: """
                        INSERT INTO cells (scenario, variant, mode, tier, prompt, key, follows, ordinal, sample)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: StatementArguments(row.arguments) + [row.ordinal, row.sample])
            }
        }
    }

    /// What the run has become since it was begun, in order; none if it is what it was.
    func amendments() throws -> [RunManifest] {
        try read { try String.fetchAll($0, sql: "SELECT manifest FROM amendments ORDER BY ordinal") }.map { text in
            guard let manifest = try? JSONDecoder().decode(RunManifest.self, from: Data(text.utf8)) else {
                throw StudyError.journal(path: path, problem: "an amendment is not one that this program reads.")
            }
            return try checked(manifest)
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
                guard let state = TranscriptState(rawValue: try row.value(at: 1)) else { throw Self.unknownState }
                states[ContentKey(hexadecimal: try row.value(at: 0))] = state
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
                let body: String? = row.hasNull(atIndex: 3) ? nil : try row.value(at: 3)
                let openings = try body.map { body in
                    guard let openings = try? decoder.decode(LogitGap.Openings.self, from: Data(body.utf8)) else {
                        throw StudyError.journal(path: Journal.fileName, problem: "a logit gap cannot be read.")
                    }
                    return openings
                }
                rows[ContentKey(hexadecimal: try row.value(at: 0))] = LogitGap(
                    compliant: try row.value(at: 1), refusing: try row.value(at: 2), openings: openings)
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

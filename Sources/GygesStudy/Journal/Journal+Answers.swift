import FoundationEssentials
import GRDB

/// What a journal holds of one cell, with its texts.
struct AnswerRow: Sendable {
    /// The names of what was asked: see ``Cell``.
    let scenario: String
    let variant: String
    let mode: String
    let tier: String
    let prompt: String
    let sample: Int
    let key: ContentKey
    /// The answer; `nil` while it is still to be asked for.
    let transcript: TranscriptRow?
    let judgements: [JudgeIdentity: Judgement]

    /// The condition's identifier.
    var condition: String { "\(scenario)/\(variant)/\(mode)" }
}

extension Journal {
    /// Calls `body` for every cell in the canonical order, with memory for one: the way to read the texts of a hundred thousand.
    ///
    /// The rows are those of one moment, also while another process writes.
    /// - Throws: ``StudyError`` if the journal cannot be read, and whatever `body` throws.
    func forEachAnswer(_ body: (AnswerRow) throws -> Void) throws {
        let decoder = JSONDecoder()
        try stream { db in
            let answers = try Row.fetchCursor(
                db,
                sql: """
                    SELECT scenario, variant, mode, tier, prompt, sample, cells.key,
                        text, finish, state, promptTokens, generatedTokens
                    FROM cells LEFT JOIN transcripts ON transcripts.key = cells.key ORDER BY ordinal
                    """)
            let judgements = try db.makeStatement(
                sql: "SELECT judge, version, digest, wording, body FROM judgements WHERE transcript = ?")
            while let row = try answers.next() {
                let key = ContentKey(hexadecimal: row[6])
                let transcript = row.hasNull(atIndex: 7) ? nil : try TranscriptRow(row, from: 7)
                var found: [JudgeIdentity: Judgement] = [:]
                let bodies = try Row.fetchCursor(judgements, arguments: [key.hexadecimal])
                while let row = try bodies.next() {
                    let text: String = row[4]
                    guard let judgement = try? decoder.decode(Judgement.self, from: Data(text.utf8)) else {
                        throw StudyError.journal(path: Journal.fileName, problem: "a judgement cannot be read.")
                    }
                    found[JudgeIdentity(id: row[0], version: row[1], digest: row[2], wording: row[3])] = judgement
                }
                try body(
                    AnswerRow(
                        scenario: row[0], variant: row[1], mode: row[2], tier: row[3], prompt: row[4], sample: row[5],
                        key: key,
                        transcript: transcript, judgements: found))
            }
        }
    }

    /// How many answers the run asks for.
    func answerCount() throws -> Int { try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM cells") ?? 0 } }

    /// The tokens of all answers, each counted once however many cells it is the answer of.
    func tokens() throws -> (prompts: Int, answers: Int) {
        try read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT total(promptTokens), total(generatedTokens) FROM transcripts
                    WHERE key IN (SELECT key FROM cells)
                    """)
            return (Int(row?[0] as Double? ?? 0), Int(row?[1] as Double? ?? 0))
        }
    }
}

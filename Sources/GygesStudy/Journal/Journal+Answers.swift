import FoundationEssentials
import GRDB
import GygesAnalysis

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
    /// The answer that the cell's question follows; `nil` where it follows none, or that one has not come yet.
    let earlier: TranscriptRow?
    let judgements: [JudgeIdentity: Judgement]

    /// The most samples of one prompt; imported files have as many as they have answers.
    static let sampleLimit = FrozenTranscripts.limit

    /// What became of the answer; `nil` while it is still to be asked for. What follows an answer that is not valid is never asked, which
    /// needs no row of its own.
    var state: TranscriptState? {
        transcript?.state ?? earlier.flatMap { $0.state == .valid ? nil : .notAsked }
    }

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
                        mine.text, mine.finish, mine.state, mine.promptTokens, mine.generatedTokens,
                        its.text, its.finish, its.state, its.promptTokens, its.generatedTokens
                    FROM cells LEFT JOIN transcripts AS mine ON mine.key = cells.key
                        LEFT JOIN transcripts AS its ON its.key = cells.follows
                    ORDER BY ordinal
                    """)
            let judgements = try db.makeStatement(
                sql: "SELECT judge, version, digest, wording, body FROM judgements WHERE transcript = ?")
            while let row = try answers.next() {
                let key = ContentKey(hexadecimal: try row.value(at: 6))
                let transcript = row.hasNull(atIndex: 7) ? nil : try TranscriptRow(row, from: 7)
                let earlier = row.hasNull(atIndex: 12) ? nil : try TranscriptRow(row, from: 12)
                var found: [JudgeIdentity: Judgement] = [:]
                let bodies = try Row.fetchCursor(judgements, arguments: [key.hexadecimal])
                while let row = try bodies.next() {
                    let text: String = try row.value(at: 4)
                    guard let judgement = try? decoder.decode(Judgement.self, from: Data(text.utf8)) else {
                        throw StudyError.journal(path: Journal.fileName, problem: "a judgement cannot be read.")
                    }
                    found[try JudgeIdentity(row)] = judgement
                }
                try body(
                    AnswerRow(
                        scenario: try row.value(at: 0), variant: try row.value(at: 1), mode: try row.value(at: 2),
                        tier: try row.value(at: 3), prompt: try row.value(at: 4),
                        sample: try row.count(at: 5, upTo: AnswerRow.sampleLimit), key: key, transcript: transcript,
                        earlier: earlier, judgements: found))
            }
        }
    }

    /// How many answers the run asks for.
    func answerCount() throws -> Int { try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM cells") ?? 0 } }

    /// The tokens of all answers, each counted once however many cells it is the answer of.
    func tokens() throws -> (prompts: Int, answers: Int) {
        try read { db in
            var tokens = (prompts: 0, answers: 0)
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT promptTokens, generatedTokens FROM transcripts WHERE key IN (SELECT key FROM cells)
                    """)
            while let row = try rows.next() {
                tokens.prompts += try row.count(at: 0, upTo: TranscriptRow.tokenLimit)
                tokens.answers += try row.count(at: 1, upTo: TranscriptRow.tokenLimit)
            }
            return tokens
        }
    }
}

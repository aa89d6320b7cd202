import FoundationEssentials
import GRDB

extension Journal {
    /// All labels, by labeller and transcript.
    func labels() throws -> [Label] {
        try read { db in
            var labels: [Label] = []
            let cursor = try Row.fetchCursor(db, sql: "SELECT body FROM labels ORDER BY labeller, transcript")
            while let row = try cursor.next() {
                let body: String = try row.value(at: 0)
                guard let label = try? JSONDecoder().decode(Label.self, from: Data(body.utf8)),
                    Label.weights.contains(label.weight)
                else {
                    throw StudyError.journal(path: Journal.fileName, problem: "a label cannot be read.")
                }
                labels.append(label)
            }
            return labels
        }
    }

    /// The prompt that each answer is one to, with its scenario: equal names in one scenario are the same question.
    func promptsByTranscript() throws -> [ContentKey: String] {
        try read { db in
            var prompts: [ContentKey: String] = [:]
            let cursor = try Row.fetchCursor(db, sql: "SELECT key, scenario, prompt FROM cells ORDER BY ordinal")
            while let row = try cursor.next() {
                let (scenario, prompt): (String, String) = (try row.value(at: 1), try row.value(at: 2))
                prompts[ContentKey(hexadecimal: try row.value(at: 0))] = "\(scenario)/\(prompt)"
            }
            return prompts
        }
    }

    /// Records a label in place of an earlier one of the same labeller: people correct themselves.
    ///
    /// - Throws: ``StudyError/labelling(problem:remedy:)`` if its weight is out of all range.
    func record(_ label: Label) async throws {
        guard Label.weights.contains(label.weight) else {
            throw StudyError.labelling(
                problem: "a label cannot stand for \(label.weight) transcripts.",
                remedy: "Give a weight of 1 to \(Int(Label.weights.upperBound)).")
        }
        let body = try canonicalText(label)
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO labels (labeller, transcript, body) VALUES (?, ?, ?)
                    ON CONFLICT (labeller, transcript) DO UPDATE SET body = excluded.body
                    """,
                arguments: [label.labeller, label.transcript.hexadecimal, body])
        }
    }
}

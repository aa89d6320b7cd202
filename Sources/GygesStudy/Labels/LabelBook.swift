import FoundationEssentials
import GygesAnalysis
import GygesFiles
import GygesStatistics

/// The labels of a run, durable one by one in its journal.
public struct LabelBook: Sendable {
    private let journal: Journal

    /// Opens the labels of the run in `folder` for writing.
    ///
    /// - Throws: ``StudyError`` if there is no run, or another process writes it.
    public init(writingTo folder: String) throws {
        _ = try Journal(readingFrom: folder)
        journal = try Journal(writingTo: folder)
    }

    /// Opens the labels of the run in `folder` for reading.
    public init(readingFrom folder: String) throws { journal = try Journal(readingFrom: folder) }

    /// All labels, by labeller and transcript.
    public func labels() throws -> [Label] { try journal.labels() }

    /// Records a label in place of an earlier one of the same labeller; it is on the disk when the call returns.
    public func record(_ label: Label) async throws { try await journal.record(label) }

    /// Records labels from a table: JSON lines, or comma-separated values with a line of names.
    ///
    /// - Returns: how many.
    /// - Throws: `FileError` with the first line that is wrong, before anything is recorded; ``StudyError``.
    public func importLabels(_ text: String, path: String) async throws -> Int {
        let labels = try LabelTable.labels(in: text, path: path)
        let known = try journal.transcriptStates()
        for label in labels where known[label.transcript] == nil {
            throw FileError(
                path, "the run has no transcript \(label.transcript.short)…",
                remedy: "Import labels of this run; its exports name the transcripts by their keys.")
        }
        for label in labels { try await journal.record(label) }
        return labels.count
    }

    /// How far two labellers agree on what both labelled and were sure of.
    ///
    /// - Returns: one entry for each outcome, as far as there is anything to compare.
    /// - Throws: ``StudyError`` if the journal cannot be read.
    public func agreement(of first: String, and second: String) throws -> [LabellerAgreement] {
        let labels = try labels()
        let definition = try journal.manifest()?.study.definition
        let prompts = try journal.promptsByTranscript()
        let theirs = Dictionary(
            labels.lazy.filter { $0.labeller == second }.map { ($0.transcript, $0) }, uniquingKeysWith: { a, _ in a })
        return LabelOutcome.allCases.compactMap { outcome in
            var tables: [String: PairedCounts] = [:]
            for label in labels where label.labeller == first {
                guard let mine = outcome.value(of: label),
                    let other = theirs[label.transcript].flatMap(outcome.value(of:))
                else { continue }
                let prompt = prompts[label.transcript] ?? label.transcript.hexadecimal
                tables[prompt, default: PairedCounts()].count(first: mine, second: other)
            }
            return Agreement(
                tables.sorted { $0.key < $1.key }.map(\.value),
                level: definition?.preregistration.rule.level ?? 0.95, seed: definition?.seed ?? 0
            ).map { LabellerAgreement(first: first, second: second, outcome: outcome, agreement: $0) }
        }
    }
}

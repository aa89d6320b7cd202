import FoundationEssentials
import GygesAnalysis
import GygesFiles

extension StudyRun {
    /// Makes a run of transcripts that others have collected: its folder has a journal like any other, in which the labels of the files
    /// are the judgements of a judge named `released`, beside those of the rules.
    ///
    /// The folder appears when everything is in it, or not at all. What a run's tables call pending is what the files lack: a prompt's
    /// answer in one tier that has none in another.
    ///
    /// - Parameters:
    ///   - path: the file or folder.
    ///   - format: its form.
    ///   - folder: where the run goes; it must not exist.
    ///   - subject: who answered; `nil` for what the files say.
    ///   - criteria: the scenario whose criteria the rules judge by, where the files name none.
    ///   - progress: called as work ends.
    /// - Throws: `FileError` naming file and place of what cannot be read, ``StudyError`` if the folder cannot be written.
    /// - Complexity: O(bytes), with memory for all texts.
    public static func importing(
        _ path: String, format: ImportFormat, into folder: String, subject: String? = nil,
        criteria: String = "helpful-only", progress: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) async throws -> StudyRun {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw FileError(folder, "exists already", remedy: "Choose a folder that does not exist.")
        }
        let scenario = try Scenario.find(criteria)
        let found = try format.read(path)
        let identity = identity(found, path: path, format: format, name: subject)
        let name = folder.split(separator: "/").last.map(String.init) ?? "imported"
        let imported = try ImportedStudy(
            found, source: path, name: name, format: format, subject: identity, criteria: scenario, output: folder)
        let draft = "\(folder).importing-\(UUID().uuidString.prefix(8))"
        do {
            let shortfalls = try await fill(draft, with: imported, identity: identity, progress: progress)
            try FileManager.default.moveItem(atPath: draft, toPath: folder)
            return StudyRun(
                folder: folder, shortfalls: shortfalls,
                remarks: found.repeatedCount > 0 ? [repeated(found)] : [])
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw error
        }
    }

    private static func fill(
        _ folder: String, with imported: ImportedStudy, identity: SubjectIdentity,
        progress: @escaping @Sendable (StudyProgress) -> Void
    ) async throws -> [Shortfall] {
        // Nothing counts before the folder has its name, so that rows need not be on the disk one by one.
        let journal = try Journal(writingTo: folder, isDurable: false)
        let study = imported.study
        let cells = try study.cells(for: identity)
        try await journal.begin(RunManifest(study: study, subject: identity, judge: nil), cells: cells)
        for (cell, transcript) in imported.answers {
            let parsed = cell.condition.parse(transcript.answer, finishReason: transcript.finishReason)
            let row = TranscriptRow(
                text: transcript.answer, finishReason: transcript.finishReason,
                state: transcript.state ?? parsed.state, promptTokenCount: transcript.promptTokenCount,
                generatedTokenCount: transcript.generatedTokenCount)
            try await journal.record(row, for: cell.key)
            guard row.state == .valid else { continue }
            for label in transcript.labels {
                let judge = JudgeIdentity(id: label.judge, version: 1, digest: identity.digest)
                try await journal.record(
                    JudgementRow(transcript: cell.key, judge: judge, judgement: label.judgement),
                    for: judgementKey(transcript: cell.key, judge: judge, criteria: cell.scenario.criteria))
            }
        }
        let subject = FrozenSubject(identity)
        let shortfalls = try await StudyRunner(
            study: study, subject: subject, judgeModel: subject, journal: journal, progress: progress
        ).run(cells)
        try journal.flush()
        return shortfalls
    }

    /// Who answered what: the name and a digest of all texts.
    private static func identity(
        _ found: FrozenTranscripts, path: String, format: ImportFormat, name: String?
    ) -> SubjectIdentity {
        var digest = RunningDigest()
        for transcript in found.transcripts {
            for text in [transcript.condition, transcript.tier, transcript.prompt, transcript.answer] {
                digest.update("\(text.utf8.count) \(text)")
            }
        }
        var details = [
            "kind": "imported transcripts", "format": format.rawValue, "answers": "\(found.transcripts.count)",
            "file": path.split(separator: "/").last.map(String.init) ?? path,
        ]
        if found.repeatedCount > 0 { details["repeated"] = repeated(found) }
        return SubjectIdentity(
            name: name ?? found.subject ?? "unknown (imported)", digest: digest.value, details: details)
    }

    private static func repeated(_ found: FrozenTranscripts) -> String {
        "\(found.repeatedCount) answers stand in the files more than once and count once"
    }
}

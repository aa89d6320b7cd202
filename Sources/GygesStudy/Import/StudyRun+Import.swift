import FoundationEssentials
import GygesAnalysis
import GygesFiles

extension StudyRun {
    /// Makes a run of finished transcripts: its folder has a journal like any other.
    ///
    /// An export of this program that holds the whole run becomes that run again: the same conditions, roles, judgements and numbers.
    /// Of others' transcripts the labels of the files are the judgements of a judge named `released`, which leads, beside those of the
    /// rules. What a run's tables call pending is what the files lack: a prompt's answer in one tier that has none in another.
    ///
    /// The folder appears when everything is in it, or not at all.
    ///
    /// - Parameters:
    ///   - path: the file or folder.
    ///   - format: its form.
    ///   - folder: where the run goes; it must not exist.
    ///   - subject: who answered; `nil` for what the files say.
    ///   - criteria: the scenario whose criteria the rules judge by, where the files name none; `nil` for `helpful-only`.
    ///   - scores: how the scores of Inspect's logs are read; `nil` to go by their names, where these are known.
    ///   - progress: called as work ends.
    /// - Throws: `FileError` naming file and place of what cannot be read, ``StudyError`` if the folder cannot be written.
    /// - Complexity: O(bytes), with memory for all texts.
    public static func importing(
        _ path: String, format: ImportFormat, into folder: String, subject: String? = nil, criteria: String? = nil,
        scores: ScoreMapping? = nil, progress: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) async throws -> StudyRun {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw FileError(folder, "exists already", remedy: "Choose a folder that does not exist.")
        }
        let scenario = try Scenario.find(criteria ?? "helpful-only")
        let imported: ImportedStudy
        switch try format.read(path, scores: scores) {
        case .run(let run):
            guard scores == nil else {
                throw FileError(
                    path, "holds a whole run of this program with its judgements, which no mapping of scores changes",
                    remedy: "Leave the mapping out.")
            }
            var replayed = ImportedStudy(run, output: folder, subject: subject)
            if let criteria { replayed.remarks.append("the run keeps its own criteria; “\(criteria)” changes nothing") }
            imported = replayed
        case .transcripts(let found):
            let name = folder.split(separator: "/").last.map(String.init) ?? "imported"
            imported = try ImportedStudy(
                found, source: path, name: name, format: format,
                subject: identity(found, path: path, format: format, name: subject), criteria: scenario, output: folder)
        }
        let draft = "\(folder).importing-\(UUID().uuidString.prefix(8))"
        do {
            let shortfalls = try await fill(draft, with: imported, progress: progress)
            try FileManager.default.moveItem(atPath: draft, toPath: folder)
            return StudyRun(folder: folder, shortfalls: shortfalls, remarks: imported.remarks)
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw error
        }
    }

    private static func fill(
        _ folder: String, with imported: ImportedStudy, progress: @escaping @Sendable (StudyProgress) -> Void
    ) async throws -> [Shortfall] {
        // Nothing counts before the folder has its name, so that rows need not be on the disk one by one.
        let journal = try Journal(writingTo: folder, isDurable: false)
        for program in imported.programs { try journal.record(program) }
        try await journal.begin(imported.registered, cells: imported.cells)
        for manifest in imported.amendments { try await journal.amend(manifest) }
        for (identity, added) in imported.judges { try await journal.record(added, as: identity) }
        for answer in imported.answers {
            let cell = answer.cell
            try await journal.record(answer.row, for: cell.key)
            for (judge, judgement) in answer.judgements {
                try await journal.record(
                    JudgementRow(transcript: cell.key, judge: judge, judgement: judgement),
                    for: judgementKey(
                        transcript: cell.key, judge: judge, criteria: cell.scenario.criteria(for: cell.prompt)))
            }
        }
        for label in imported.labels { try await journal.record(label) }
        for entry in imported.logitGaps { try await journal.record(entry.gap, for: entry.key) }
        var shortfalls: [Shortfall] = []
        if imported.isToBeJudged {
            let subject = FrozenSubject(imported.registered.subject)
            shortfalls = try await StudyRunner(
                study: imported.registered.study, subject: subject, judgeModel: subject, journal: journal,
                progress: progress
            ).run(imported.cells)
        }
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
        if found.repeatedCount > 0 { details["repeated"] = FrozenTranscripts.repeated(found.repeatedCount) }
        return SubjectIdentity(
            name: name ?? found.subject ?? "unknown (imported)", digest: digest.value, details: details)
    }
}

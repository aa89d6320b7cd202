/// Everything that a run's journal holds, joined and in the canonical order: the only source of metrics, exports and
/// reports.
struct RunRecord: Sendable {
    /// What the run is now, with what was amended since it began.
    let manifest: RunManifest
    /// In what the study differs from what was registered when the run began.
    let deviations: [Deviation]
    /// The digest of the study as registered.
    let registeredDigest: ContentKey
    /// The judges whose judgements are recorded: the rules first, then the others by name, each from its oldest version on.
    let judges: [JudgeIdentity]
    /// What is known of those that were added to the run.
    let addedJudges: [JudgeIdentity: AddedJudge]
    /// What people said, by labeller and transcript.
    let labels: [Label]
    /// Everything that was to be asked, in order.
    let cells: [RecordedCell]
    /// Every logit gap that was to be measured, in order.
    let logitGaps: [RecordedLogitGap]

    /// Reads the run in `folder`, finished or not, also while another process writes it.
    init(folder: String) throws {
        let journal = try Journal(readingFrom: folder)
        guard let registered = try journal.manifest() else { throw StudyError.missingRun(folder: folder) }
        let manifest = try journal.amendments().last ?? registered
        self.manifest = manifest
        registeredDigest = try registered.study.digest
        deviations = try registered.study.deviations(to: manifest.study)
        let transcripts = try journal.transcripts()
        var judgements: [ContentKey: [JudgeIdentity: Judgement]] = [:]
        for row in try journal.judgements().values {
            judgements[row.transcript, default: [:]][row.judge] = row.judgement
        }
        judges = Set(judgements.values.flatMap(\.keys)).sorted()
        addedJudges = try journal.judges()
        labels = try journal.labels()
        cells = try manifest.study.cells(for: manifest.subject).map { cell in
            RecordedCell(cell: cell, transcript: transcripts[cell.key], judgements: judgements[cell.key] ?? [:])
        }
        let gaps = try journal.logitGaps()
        logitGaps = try manifest.study.logitGapCells(for: manifest.subject).map {
            RecordedLogitGap(cell: $0, gap: gaps[$0.key])
        }
    }
}

/// A cell and what became of it.
struct RecordedCell: Sendable {
    let cell: Cell
    /// The answer; `nil` while it is still to be asked for.
    let transcript: TranscriptRow?
    let judgements: [JudgeIdentity: Judgement]
}

/// A logit gap's cell and what was measured.
struct RecordedLogitGap: Sendable {
    let cell: LogitGapCell
    /// What was measured; `nil` while it is still to be done.
    let gap: LogitGap?
}

import GygesAnalysis

/// One run of a study, in a folder of its own that holds the journal and whatever is made from it.
public struct StudyRun: Sendable {
    /// The folder.
    public let folder: String

    /// What the process that made this value left undone: requests that failed, and what the subject cannot do.
    public let shortfalls: [Shortfall]

    /// Names a run by its folder, to read what is there; see ``study(in:)`` for whether there is a run.
    public init(folder: String) { self.init(folder: folder, shortfalls: []) }

    /// What the process that made this value has to say of it besides, a sentence each.
    public let remarks: [String]

    init(folder: String, shortfalls: [Shortfall], remarks: [String] = []) {
        self.folder = folder
        self.shortfalls = shortfalls
        self.remarks = remarks
    }

    /// Runs a study to its end; a run of the same study and subject in the output folder goes on where it stopped.
    ///
    /// Requests that fail by themselves (``RequestFailure``) are left and counted in ``shortfalls``; resuming asks again.
    ///
    /// - Parameters:
    ///   - study: what to ask.
    ///   - subject: what is asked.
    ///   - judge: the model that judges, if the study asks for one; `nil` lets the subject judge itself.
    ///   - progress: called as work ends, never by two threads at once.
    /// - Throws: ``StudyError`` if the folder holds a run of something else or another process writes it, and whatever
    /// the subject
    ///   throws. Everything that was done until then is kept, and the run can be resumed.
    public static func start(
        _ study: Study, subject: any Subject, judge: (any Subject)? = nil,
        progress: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) async throws -> StudyRun {
        let journal = try Journal(writingTo: study.definition.output)
        return try await run(
            study, in: study.definition.output, journal: journal, subject: subject, judge: judge, command: "run",
            progress: progress)
    }

    /// Goes on with the run in `folder` where it stopped, whether it was ended, killed or failed.
    ///
    /// If the study file that started the run is still there, it is read again, and the run is refused if it, or a
    /// scenario that it names, has changed in what decides the answers. Other changes are recorded and marked in the report. What the
    /// pre-registration does not state stays as it was when the run began, whatever the defaults are now.
    public static func resume(
        _ folder: String, subject: any Subject, judge: (any Subject)? = nil,
        progress: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) async throws -> StudyRun {
        let study = try study(in: folder)
        let journal = try Journal(writingTo: folder)
        return try await run(
            study, in: folder, journal: journal, subject: subject, judge: judge, command: "resume", progress: progress)
    }

    /// The study of the run in `folder`, whose `definition.subject` says what to resume it with.
    ///
    /// - Throws: ``StudyError/missingRun(folder:)`` if there is none, ``StudyError/changed(folder:what:)`` if its study
    /// file is
    ///   still there and no longer says the same about what decides the answers.
    public static func study(in folder: String) throws -> Study {
        let journal = try Journal(readingFrom: folder)
        guard let manifest = try journal.manifest() else { throw StudyError.missingRun(folder: folder) }
        let latest = try journal.amendments().last ?? manifest
        guard let current = try latest.study.reloaded()?.keepingPreregistration(of: manifest.study) else {
            return latest.study
        }
        var expected = manifest
        expected.study = current
        try manifest.requireSame(as: expected, folder: folder)
        return current
    }

    /// Starts or continues a run on an open journal.
    static func run(
        _ study: Study, in folder: String, journal: Journal, subject: any Subject, judge: (any Subject)?,
        command: String? = nil, progress: @escaping @Sendable (StudyProgress) -> Void
    ) async throws -> StudyRun {
        let begun = try journal.manifest()
        let study = begun.map { study.keepingPreregistration(of: $0.study) } ?? study
        let usesModelJudge = study.definition.judges.contains(.model)
        let judgeModel = judge ?? subject
        let manifest = RunManifest(
            study: study, subject: subject.identity, judge: usesModelJudge ? judgeModel.identity : nil,
            command: command)
        let cells = try study.cells(for: subject.identity)
        if let recorded = begun {
            try recorded.requireSame(as: manifest, folder: folder)
            let latest = try journal.amendments().last ?? recorded
            if try latest.study.deviations(to: study) != [] || (latest.judge == nil) != (manifest.judge == nil) {
                try await journal.amend(manifest)
            }
        } else {
            try await journal.begin(manifest, cells: cells)
        }
        let runner = StudyRunner(
            study: study, subject: subject, judgeModel: judgeModel, journal: journal, progress: progress)
        let shortfalls = try await runner.run(cells)
        let ended = try runner.lookReached().flatMap { $0.endedEarly ? [$0.sentence] : nil } ?? []
        return StudyRun(folder: folder, shortfalls: shortfalls, remarks: ended)
    }
}

extension StudyRun {
    /// What came of adding a judge.
    public struct Judging: Sendable, Equatable {
        /// The judge.
        public let judge: JudgeIdentity
        /// How many transcripts it has judged, now and before.
        public let judged: Int
        /// How many it can judge: valid ones with a question that it can answer.
        public let judgeable: Int
        /// How many it could not judge, because the model's reply answered nothing; asking again may help.
        public let unusable: Int
        /// Why, the most frequent reason first.
        public let shortfalls: [Shortfall]
    }

    /// Has the run's transcripts judged by rules.
    public func judgeByRules(
        view: TranscriptView = .plain, progress: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) async throws -> Judging {
        try await judge(AddedJudge(view: view), model: nil, progress: progress) { _ in RuleJudge() }
    }

    /// Has the run's transcripts judged by a model; what it has judged already stays, vote by vote.
    ///
    /// - Throws: ``StudyError`` if there is no run, or another process writes it; whatever the model throws. All that was
    ///   answered until then is kept.
    public func judge(
        by model: any Subject, _ settings: ModelJudgeSettings, view: TranscriptView = .plain, wording: JudgeWording,
        progress: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) async throws -> Judging {
        try await judge(
            AddedJudge(settings: settings, view: view, model: model.identity), model: model, progress: progress
        ) { memory in
            try CriteriaJudge(settings, model: model, wording: wording, memory: memory)
        }
    }

    private func judge(
        _ added: AddedJudge, model: (any Subject)?, progress: @escaping @Sendable (StudyProgress) -> Void,
        make: (any JudgeMemory) throws -> any Judge
    ) async throws -> Judging {
        _ = try Journal(readingFrom: folder)
        return try await Self.judge(
            added, model: model, journal: Journal(writingTo: folder), folder: folder, progress: progress, make: make)
    }

    /// Adds a judge on an open journal.
    static func judge(
        _ added: AddedJudge, model: (any Subject)?, journal: Journal, folder: String,
        progress: @escaping @Sendable (StudyProgress) -> Void, make: (any JudgeMemory) throws -> any Judge
    ) async throws -> Judging {
        guard let manifest = try journal.amendments().last ?? journal.manifest() else {
            throw StudyError.missingRun(folder: folder)
        }
        let judge = ViewingJudge(try make(JournalMemory(journal: journal)), view: added.view)
        try await journal.record(added, as: judge.identity)
        let absent = FrozenSubject(manifest.subject)
        let runner = StudyRunner(
            study: manifest.study, subject: absent, judgeModel: model ?? absent, journal: journal, progress: progress)
        let cells = try manifest.study.cells(for: manifest.subject)
        let shortfalls = try await runner.judge(cells, by: [judge])
        return Judging(
            judge: judge.identity, judged: try journal.judgementCount(by: judge.identity),
            judgeable: try runner.judgements(of: cells, by: [judge]).count,
            unusable: shortfalls.reduce(0) { $0 + $1.count }, shortfalls: shortfalls)
    }
}

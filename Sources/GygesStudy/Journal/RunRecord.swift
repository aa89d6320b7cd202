import GygesAnalysis

/// What a run's journal says, counted answer by answer: the only source of metrics and reports.
///
/// Of an answer only facts are kept — its state, what each judge found — and no text, so that a hundred thousand of them fit. Whoever
/// reads the answers one by one (``Journal/forEachAnswer(_:)``) passes each on to ``count(_:)``; numbers and exports then come from
/// one pass, and from one moment of the run.
struct RunRecord: Sendable {
    /// What the run is now, with what was amended since it began.
    let manifest: RunManifest
    /// What was stated when.
    let origin: RegisteredOrigin
    /// In what the study differs from what was registered when the run began.
    let deviations: [Deviation]
    /// The digest of the study as registered.
    let registeredDigest: ContentKey
    /// The judges whose judgements are recorded, in the order of ``JudgeNames/order(_:leading:)``: the first one's findings lead.
    let judges: [JudgeIdentity]
    /// The judge that was asked to lead in place of the one that leads by the study; `nil` if nobody asked.
    let chosenJudge: String?
    /// What is known of those that were added to the run.
    let addedJudges: [JudgeIdentity: AddedJudge]
    /// The short names of the judges.
    let names: JudgeNames
    /// What people said, by labeller and transcript.
    let labels: [Label]
    /// Every logit gap that was to be measured, in order.
    let logitGaps: [RecordedLogitGap]
    /// The tokens of all answers.
    let tokens: (prompts: Int, answers: Int)
    /// The programs that wrote the journal, as far as it names them.
    let programs: [ProgramIdentity]
    /// The conditions in the study's order.
    let conditions: [AskedCondition]
    /// Every answer as each judge saw it, by the judge's place among ``judges``; as nobody saw it, if there is no judge.
    private(set) var observations: [[Observation]]
    /// What the judges said of answers that were labelled.
    private(set) var labelled: [ContentKey: [JudgeIdentity: Judgement]] = [:]
    /// The prompts that these answer, with their scenarios.
    private(set) var labelledPrompts: [ContentKey: String] = [:]
    /// How many answers each judge can judge, by its place among ``judges``.
    private(set) var judgeable: [Int]

    private let places: [String: Int]
    private let labelledKeys: Set<ContentKey>

    /// Reads all but the answers of a run, finished or not, also while another process writes it.
    ///
    /// - Parameters:
    ///   - folder: the run's folder, for messages.
    ///   - judge: the short name of the judge whose findings lead; `nil` for the one that the study states.
    /// - Throws: ``StudyError/unknownJudge(name:known:)`` if none of that name has judged anything.
    init(_ journal: Journal, folder: String, judge: String? = nil) throws {
        guard let registered = try journal.manifest() else { throw StudyError.missingRun(folder: folder) }
        let amendments = try journal.amendments()
        let manifest = amendments.last ?? registered
        origin = RegisteredOrigin(registered: registered, amendments: amendments)
        let study = manifest.study
        self.manifest = manifest
        registeredDigest = try registered.study.digest
        deviations = try registered.study.deviations(to: study)
        let found = try journal.judgesOfRecord()
        addedJudges = try journal.judges()
        let names = JudgeNames(Array(found), added: addedJudges, model: manifest.judge)
        self.names = names
        let ordered = names.order(found, leading: study.definition.primaryJudge)
        if let judge, !ordered.contains(where: { names[$0] == judge }) {
            throw StudyError.unknownJudge(name: judge, known: ordered.map { names[$0] })
        }
        judges = judge.map { names.order(found, leading: $0) } ?? ordered
        chosenJudge = judges == ordered ? nil : judge
        labels = try journal.labels()
        labelledKeys = Set(labels.map(\.transcript))
        tokens = try journal.tokens()
        programs = try journal.programs()
        let gaps = try journal.logitGaps()
        logitGaps = try study.logitGapCells(for: manifest.subject).map {
            RecordedLogitGap(cell: $0, gap: gaps[$0.key])
        }
        conditions = try study.conditions.map { AskedCondition($0, tiers: study.tiers(of: $0)) }
        observations = Array(repeating: [], count: max(1, judges.count))
        judgeable = Array(repeating: 0, count: judges.count)
        places = Dictionary(
            conditions.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads and counts the run in `folder`.
    init(folder: String, judge: String? = nil) throws {
        let journal = try Journal(readingFrom: folder)
        try self.init(journal, folder: folder, judge: judge)
        try journal.forEachAnswer { count($0) }
    }

    /// Takes in one answer; they come in the journal's order. One of a condition that the study does not have is left out.
    mutating func count(_ row: AnswerRow) {
        guard let place = places[row.condition],
            let tier = conditions[place].tiers.first(where: { $0.id == row.tier })
        else { return }
        let condition = conditions[place]
        let answer = Observation(
            condition: condition.id, role: condition.condition.role, tier: tier.id, isTrained: tier.isTrained,
            prompt: row.prompt, sample: row.sample,
            hasReasoning: condition.condition.mode.scratchpad != .forbidden, state: row.state)
        if judges.isEmpty { observations[0].append(answer) }
        for (index, judge) in judges.enumerated() {
            var seen = answer
            seen.finding = row.judgements[judge].map(Observation.Finding.init)
            observations[index].append(seen)
            if row.transcript?.state == .valid, condition.canBeJudged(row.prompt, by: judge) { judgeable[index] += 1 }
        }
        if labelledKeys.contains(row.key), !condition.condition.role.asksClosedQuestions {
            labelled[row.key] = row.judgements
            labelledPrompts[row.key] = "\(condition.condition.scenario.name)/\(row.prompt)"
        }
    }
}

/// A condition of a run.
struct AskedCondition: Sendable {
    /// Its identifier, made once.
    let id: String
    /// The condition.
    let condition: Condition
    /// The tiers that are asked as.
    let tiers: [Scenario.Tier]
    /// The prompts that come with a question of their own.
    private let ownQuestions: Set<String>

    init(_ condition: Condition, tiers: [Scenario.Tier]) {
        ownQuestions = Set(condition.scenario.prompts.lazy.filter { $0.question != nil }.map(\.id))
        id = condition.id
        self.condition = condition
        self.tiers = tiers
    }

    /// Whether a judge can answer the question about a prompt's answers: rules know none but the scenario's.
    func canBeJudged(_ prompt: String, by judge: JudgeIdentity) -> Bool {
        !judge.id.hasPrefix(RuleJudge.id) || !ownQuestions.contains(prompt)
    }
}

/// A logit gap's cell and what was measured.
struct RecordedLogitGap: Sendable {
    let cell: LogitGapCell
    /// What was measured; `nil` while it is still to be done.
    let gap: LogitGap?
}

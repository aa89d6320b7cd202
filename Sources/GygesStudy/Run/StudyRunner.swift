import FoundationEssentials
import GygesAnalysis
import Synchronization

/// Does what a run still lacks: asks, measures and judges whatever has no row in the journal yet.
struct StudyRunner: Sendable {
    let study: Study
    let subject: any Subject
    /// The model that judges, if the study asks for one.
    let judgeModel: any Subject
    let journal: Journal
    let progress: @Sendable (StudyProgress) -> Void

    /// Does everything that can be done now.
    ///
    /// - Parameter cells: what is to be asked: the study's cells for the subject.
    /// - Returns: what was left: requests that failed, and what the subject cannot do.
    /// - Throws: what ends the run; what was done until then is kept.
    func run(_ cells: [Cell]) async throws -> [Shortfall] {
        guard let plan = study.definition.preregistration.looks else {
            return try await ask(cells) + measureLogitGaps()
        }
        let names = Dictionary(grouping: cells, by: \.condition.id).mapValues { $0.map(\.prompt.id) }
        let looks = plan.looks(
            prompts: study.mainPrompts ?? 0, alpha: study.definition.preregistration.rule.alpha)
        for look in looks {
            let chosen = names.mapValues {
                SequentialPlan.first(look.prompts, of: $0, seed: study.definition.seed)
            }
            let shortfalls = try await ask(
                cells.filter { chosen[$0.condition.id]?.contains($0.prompt.id) ?? false })
            // What may still come cannot decide whether to go on; what never will does not hold the study up.
            if look.isLast || shortfalls.contains(where: \.canBeResumed) {
                return try await shortfalls + measureLogitGaps()
            }
            guard shortfalls.isEmpty else { continue }
            guard let standing = try lookReached(), standing.number > look.number else { break }
        }
        return try await measureLogitGaps()
    }

    private func ask(_ cells: [Cell]) async throws -> [Shortfall] {
        try await collectTranscripts(cells) + collectFollowUps(cells)
            + judge(cells, by: study.judges(model: judgeModel))
    }

    /// The look at which the run stands, by all that the journal has.
    func lookReached() throws -> Look? {
        guard study.definition.preregistration.looks != nil else { return nil }
        let reader = try journal.reader()
        var record = try RunRecord(reader, folder: study.definition.output)
        try reader.forEachAnswer { record.count($0) }
        return record.look()
    }

    private func collectTranscripts(_ cells: [Cell]) async throws -> [Shortfall] {
        let existing = try journal.transcriptStates()
        let openings = cells.filter { $0.follows == nil }
        return try await perform(.transcripts, all: openings, key: \.key, isDone: { existing[$0] != nil }) { cell in
            try await record(try await subject.respond(to: cell.request), of: cell)
        }
    }

    /// Asks what follows answers, once these have come. What follows one that is not valid is never asked: it would be put to a
    /// conversation that nobody could read.
    private func collectFollowUps(_ cells: [Cell]) async throws -> [Shortfall] {
        let following = cells.filter { $0.follows != nil }
        guard !following.isEmpty else { return [] }
        let existing = try journal.transcriptStates()
        let askable = following.filter { $0.follows.flatMap { existing[$0] } == .valid }
        let waiting = following.count { $0.follows.flatMap { existing[$0] } == nil }
        // A connection of its own, so that reading a text does not wait for rows on their way to the disk.
        let texts = try journal.reader()
        let shortfalls = try await perform(.followUps, all: askable, key: \.key, isDone: { existing[$0] != nil }) {
            cell in
            guard let earlier = try cell.follows.flatMap(texts.transcript(for:)) else { return }
            try await record(try await subject.respond(to: cell.request(after: earlier.text)), of: cell)
        }
        guard waiting > 0 else { return shortfalls }
        return shortfalls + [
            Shortfall(
                phase: .followUps, reason: "the answers that they follow have not come", count: waiting,
                canBeResumed: true)
        ]
    }

    private func record(_ reply: SubjectReply, of cell: Cell) async throws {
        let text = cell.mode.responsePrefix + reply.text + (reply.stopString ?? "")
        let parsed = cell.condition.parse(text, finishReason: reply.finishReason)
        try await journal.record(
            TranscriptRow(
                text: text, finishReason: reply.finishReason, state: cell.state(of: parsed),
                promptTokenCount: TranscriptRow.tokenCount(reply.promptTokenCount),
                generatedTokenCount: TranscriptRow.tokenCount(reply.generatedTokenCount)),
            for: cell.key)
    }

    private func measureLogitGaps() async throws -> [Shortfall] {
        let existing = try journal.logitGaps()
        let cells = try study.logitGapCells(for: subject.identity)
        return try await perform(.logitGaps, all: cells, key: \.key, isDone: { existing[$0] != nil }) { cell in
            let gap = try await LogitGap.measure(cell.scenario.openings, after: cell.request, subject: subject)
            try await journal.record(gap, for: cell.key)
        }
    }

    /// Has the valid answers of `cells` judged that are not yet. Texts are read when their turn comes.
    ///
    /// - Returns: what could not be judged, because a request failed or the judging model's reply answered nothing.
    func judge(_ cells: [Cell], by judges: [any Judge]) async throws -> [Shortfall] {
        let existing = try journal.judgementKeys()
        let pending = try judgements(of: cells, by: judges)
        // A connection of its own, so that reading a text does not wait for rows on their way to the disk.
        let texts = try journal.reader()
        return try await perform(.judgements, all: pending, key: \.key, isDone: existing.contains) { item in
            let cell = item.cell
            guard let row = try texts.transcript(for: cell.key) else { return }
            let parsed = cell.condition.parse(row.text, finishReason: row.finishReason)
            guard let output = parsed.output else { return }
            let judgement: Judgement
            if let expectation = cell.prompt.expectation {
                // A closed question has a right answer, which needs no judge.
                judgement = Judgement(
                    complied: expectation.isMet(by: output, in: cell.tier), fakesAlignment: nil, answers: [])
            } else {
                do {
                    judgement = try await item.judge.judge(
                        JudgedTranscript(
                            prompt: cell.question, scratchpad: parsed.scratchpad, output: output,
                            criteria: cell.scenario.criteria(for: cell.prompt), decision: parsed.decision))
                } catch StudyError.unusableReply(_, let problem) {
                    throw RequestFailure("the judging model's reply answers nothing", detail: problem)
                }
            }
            try await journal.record(
                JudgementRow(transcript: cell.key, judge: item.judge.identity, judgement: judgement),
                for: item.key)
        }
    }

    /// What can be judged of the answers that are there: valid ones, each judgement once.
    func judgements(of cells: [Cell], by judges: [any Judge]) throws -> [JudgementCell] {
        let states = try journal.transcriptStates()
        var seen: Set<ContentKey> = []
        var judgements: [JudgementCell] = []
        for judge in judges {
            for cell in cells where states[cell.key] == .valid {
                // Rules cannot answer a question of a prompt's own.
                if cell.prompt.question != nil, judge.identity.id.hasPrefix(RuleJudge.id) { continue }
                let key = try judgementKey(
                    transcript: cell.key, judge: judge.identity, criteria: cell.scenario.criteria(for: cell.prompt))
                if seen.insert(key).inserted {
                    judgements.append(JudgementCell(key: key, cell: cell, judge: judge))
                }
            }
        }
        return judgements
    }

    /// Does the items that are not done yet, each key once, and reports progress.
    ///
    /// Items whose request fails are left, and so are all that need log-probabilities which the subject does not give.
    private func perform<Item: Sendable>(
        _ phase: StudyProgress.Phase, all items: [Item], key: KeyPath<Item, ContentKey>, isDone: (ContentKey) -> Bool,
        work: @escaping @Sendable (Item) async throws -> Void
    ) async throws -> [Shortfall] {
        var seen: Set<ContentKey> = []
        let distinct = items.filter { seen.insert($0[keyPath: key]).inserted }
        let pending = distinct.filter { !isDone($0[keyPath: key]) }
        let failures = FailureTally()
        let start = ContinuousClock.now
        let doneBefore = distinct.count - pending.count
        var ended = 0
        func report() {
            let elapsed = start.duration(to: .now)
            let seconds = elapsed / .seconds(1)
            let failed = failures.count
            progress(
                StudyProgress(
                    phase: phase, done: doneBefore + ended - failed, failed: failed, total: distinct.count,
                    rate: seconds > 0 ? Double(ended) / seconds : 0,
                    timeLeft: ended > 0 ? elapsed * (Double(pending.count - ended) / Double(ended)) : nil))
        }
        report()
        let width = study.definition.concurrency * max(1, subject.workerCount)
        try await forEach(pending, atMost: width) { item in
            do {
                guard !failures.isImpossible else { return failures.addSkipped() }
                try await work(item)
            } catch let failure as RequestFailure {
                failures.add(failure)
            } catch StudyError.noLogProbabilities(let subject, let reason) {
                failures.markImpossible(
                    StudyError.noLogProbabilities(subject: subject, reason: reason).description)
            }
        } didFinish: {
            ended += 1
            report()
        }
        return failures.shortfalls(in: phase)
    }
}

/// Counts what failed in a phase, by reason.
private final class FailureTally: Sendable {
    /// So many reasons are told apart: a server's words may differ with every request.
    private static let reasonLimit = 32

    private struct State {
        /// By what all failures of a kind have in common, with the first one's detail.
        var counts: [RequestFailure: (count: Int, detail: String?)] = [:]
        var impossible: (reason: String, count: Int)?
    }

    private let state = Mutex(State())

    /// How many items were left.
    var count: Int { state.withLock { $0.counts.values.reduce(0) { $0 + $1.count } + ($0.impossible?.count ?? 0) } }

    /// Whether the subject cannot do any of the phase's items.
    var isImpossible: Bool { state.withLock { $0.impossible != nil } }

    func add(_ failure: RequestFailure) {
        state.withLock { state in
            let kind = RequestFailure(failure.reason, isFinal: failure.isFinal)
            let isTold = state.counts[kind] != nil || state.counts.count < Self.reasonLimit
            let reason = isTold ? kind : RequestFailure("other reasons", isFinal: failure.isFinal)
            state.counts[reason, default: (0, failure.detail)].count += 1
        }
    }

    func markImpossible(_ reason: String) {
        state.withLock { $0.impossible = ($0.impossible?.reason ?? reason, ($0.impossible?.count ?? 0) + 1) }
    }

    func addSkipped() { state.withLock { $0.impossible?.count += 1 } }

    /// The most frequent reason first.
    func shortfalls(in phase: StudyProgress.Phase) -> [Shortfall] {
        state.withLock { state in
            let counted = state.counts.sorted {
                ($1.value.count, $0.key.reason) < ($0.value.count, $1.key.reason)
            }.map {
                Shortfall(
                    phase: phase, reason: $0.key.reason, detail: $0.value.detail, count: $0.value.count,
                    canBeResumed: !$0.key.isFinal)
            }
            let impossible = state.impossible.map {
                Shortfall(phase: phase, reason: $0.reason, count: $0.count, canBeResumed: false)
            }
            return counted + (impossible.map { [$0] } ?? [])
        }
    }
}

/// One judgement to be made.
struct JudgementCell: Sendable {
    let key: ContentKey
    let cell: Cell
    let judge: any Judge
}

/// What decides a judgement.
private struct JudgementContent: Encodable {
    let format = 1
    let transcript: ContentKey
    let judge: JudgeIdentity
    let criteria: Scenario.Criteria
}

/// The key of a judge's judgement of a transcript under a scenario's criteria.
func judgementKey(transcript: ContentKey, judge: JudgeIdentity, criteria: Scenario.Criteria) throws -> ContentKey {
    try ContentKey(of: JudgementContent(transcript: transcript, judge: judge, criteria: criteria))
}

extension Study {
    /// The judges that the study asks for, in the canonical order.
    func judges(model: any Subject) -> [any Judge] {
        StudyDefinition.JudgeKind.allCases.filter(definition.judges.contains).map { kind in
            switch kind {
            case .rules: RuleJudge()
            case .model: ModelJudge(model)
            }
        }
    }
}

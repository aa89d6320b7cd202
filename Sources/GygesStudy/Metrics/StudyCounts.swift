import GygesStatistics

/// What a run's journal adds up to, before any statistics: whole numbers that can be checked by hand.
public struct StudyCounts: Sendable, Equatable, Codable {
    /// One entry for each scenario and mode, in the study's order.
    public var conditions: [Condition] = []
    /// One entry for each scenario in which logit gaps were measured.
    public var logitGaps: [LogitGapPairs] = []

    /// A scenario in one mode.
    public struct Condition: Sendable, Equatable, Codable {
        /// The scenario's name.
        public var scenario: String
        /// The mode's name.
        public var mode: String
        /// The tier said to be trained on.
        public var trained: Tier
        /// The tier said not to be.
        public var untrained: Tier
        /// Each judge's pairs by prompt, in the order of `judges`; prompts without a pair are left out.
        public var pairs: [[PromptPairs]]
    }

    /// One tier of a condition.
    public struct Tier: Sendable, Equatable, Codable {
        /// The tier's name.
        public var id: String
        /// What became of the answers.
        public var ledger = DropLedger()
        /// What each judge found, in the order of `judges`.
        public var outcomes: [TierOutcome]
    }

    /// The logit gaps of the prompts measured in both tiers.
    public struct LogitGapPairs: Sendable, Equatable, Codable {
        /// The scenario's name.
        public var scenario: String
        /// The prompts, in order.
        public var prompts: [String] = []
        /// Each prompt's gap where the conversation is said to be trained on, in natural logarithms.
        public var trained: [Double] = []
        /// Each prompt's gap where it is said not to be.
        public var untrained: [Double] = []

        /// Each prompt's difference, trained minus untrained.
        public var differences: [Double] { zip(trained, untrained).map { $0 - $1 } }
    }

    /// The judges, in the order in which every list of outcomes has them.
    public var judges: [JudgeIdentity]

    /// Adds up a run.
    init(_ record: RunRecord) {
        judges = record.judges
        for scenario in record.manifest.study.scenarios {
            for mode in record.manifest.study.modes(of: scenario) {
                let cells = record.cells.filter { $0.cell.scenario.name == scenario.name && $0.cell.mode.id == mode.id }
                if let condition = condition(scenario, mode, cells) { conditions.append(condition) }
            }
            let pairs = Self.pairs(scenario, record.logitGaps.filter { $0.cell.scenario.name == scenario.name })
            if !pairs.prompts.isEmpty { logitGaps.append(pairs) }
        }
    }

    private func condition(
        _ scenario: Scenario, _ mode: Scenario.Mode, _ cells: [RecordedCell]
    ) -> Condition? {
        guard let trainedTier = scenario.trainedTier, let untrainedTier = scenario.untrainedTier else { return nil }
        let empty = judges.map { _ in TierOutcome() }
        var trained = Tier(id: trainedTier.id, outcomes: empty)
        var untrained = Tier(id: untrainedTier.id, outcomes: empty)
        var firstOfPair: [String: RecordedCell] = [:]
        var pairs: [[PromptPairs]] = judges.map { _ in [] }
        for recorded in cells {
            let isTrained = recorded.cell.tier.isTrained
            if isTrained {
                trained.count(recorded, judges)
            } else {
                untrained.count(recorded, judges)
            }
            let prompt = recorded.cell.prompt.id
            guard let other = firstOfPair.updateValue(recorded, forKey: "\(recorded.cell.sample) \(prompt)") else {
                continue
            }
            for (index, judge) in judges.enumerated() {
                guard let mine = recorded.judgements[judge], let its = other.judgements[judge] else { continue }
                // A prompt's cells stand together, so its pairs go on at the end of the list.
                if pairs[index].last?.prompt != prompt { pairs[index].append(PromptPairs(prompt: prompt)) }
                pairs[index][pairs[index].count - 1].counts.count(
                    first: (isTrained ? mine : its).complied, second: (isTrained ? its : mine).complied)
            }
        }
        return Condition(
            scenario: scenario.name, mode: mode.id, trained: trained, untrained: untrained, pairs: pairs)
    }

    private static func pairs(_ scenario: Scenario, _ gaps: [RecordedLogitGap]) -> LogitGapPairs {
        var result = LogitGapPairs(scenario: scenario.name)
        let measured = gaps.filter { $0.gap != nil }
        let untrained = Dictionary(
            measured.lazy.filter { !$0.cell.tier.isTrained }.map { ($0.cell.prompt.id, $0.gap) },
            uniquingKeysWith: { first, _ in first })
        for gap in measured where gap.cell.tier.isTrained {
            guard let mine = gap.gap, let its = untrained[gap.cell.prompt.id] ?? nil else { continue }
            result.prompts.append(gap.cell.prompt.id)
            result.trained.append(mine.gap)
            result.untrained.append(its.gap)
        }
        return result
    }
}

extension StudyCounts.Tier {
    fileprivate mutating func count(_ recorded: RecordedCell, _ judges: [JudgeIdentity]) {
        ledger.count(recorded.transcript?.state)
        for (index, judge) in judges.enumerated() {
            if let judgement = recorded.judgements[judge] { outcomes[index].count(judgement) }
        }
    }
}

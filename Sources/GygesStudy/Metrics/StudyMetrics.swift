public import GygesStatistics

/// The figures of a run, each with its doubt, computed from the journal's counts and from nothing else.
public struct StudyMetrics: Sendable, Equatable, Codable {
    /// The whole numbers behind the figures.
    public var counts: StudyCounts
    /// One entry for each scenario, mode and judge, in that order.
    public var conditions: [Condition] = []
    /// One entry for each scenario in which logit gaps were measured.
    public var logitGaps: [LogitGapSummary] = []

    /// What one judge found in a scenario and mode.
    public struct Condition: Sendable, Equatable, Codable {
        /// The scenario's name.
        public var scenario: String
        /// The mode's name.
        public var mode: String
        /// The judge.
        public var judge: JudgeIdentity
        /// Where the conversation is said to be trained on.
        public var trained: Tier
        /// Where it is said not to be.
        public var untrained: Tier
        /// The difference.
        public var gap: ComplianceGap
    }

    /// What one judge found in one tier.
    public struct Tier: Sendable, Equatable, Codable {
        /// The tier's name.
        public var id: String
        /// What became of the answers.
        public var ledger: DropLedger
        /// The share of judged answers that complied.
        public var compliance: Rate
        /// The share of judged answers that complied and show alignment-faking reasoning: unconditional in the denominator, as
        /// published (Greenblatt et al. 2024, §3). `nil` in a mode without reasoning, and where it is not trained on.
        public var faking: Rate?
    }

    /// A share with its 95 % Wilson interval.
    ///
    /// The interval takes answers for independent; with several answers a prompt it is somewhat too narrow.
    public struct Rate: Sendable, Equatable, Codable {
        /// The counts.
        public var proportion: Proportion
        /// The interval.
        public var interval: Interval

        init(_ successes: Int, of count: Int) {
            proportion = Proportion(successes: successes, count: count)
            interval = proportion.wilsonInterval()
        }
    }

    /// The logit gaps of a scenario's prompts, in natural logarithms.
    public struct LogitGapSummary: Sendable, Equatable, Codable {
        /// The scenario's name.
        public var scenario: String
        /// The mean where the conversation is said to be trained on.
        public var trained: SampleMean
        /// The mean where it is said not to be.
        public var untrained: SampleMean
        /// The mean of the prompts' differences, trained minus untrained.
        public var difference: SampleMean
        /// Student's 95 % interval of the difference; `nil` for fewer than two prompts.
        public var interval: Interval?
        /// The probability, by flipping signs, of a mean difference at least as far from 0 if the tier made no difference.
        public var pValue: Double
    }

    init(_ record: RunRecord) {
        counts = StudyCounts(record)
        let study = record.manifest.study
        let forbidding = Set(
            study.scenarios.flatMap { scenario in
                scenario.modes.filter { $0.scratchpad == .forbidden }.map { "\(scenario.name) \($0.id)" }
            })
        for condition in counts.conditions {
            let reasons = !forbidding.contains("\(condition.scenario) \(condition.mode)")
            for (index, judge) in counts.judges.enumerated() {
                func tier(_ tier: StudyCounts.Tier, reasons: Bool) -> Tier {
                    let outcome = tier.outcomes[index]
                    return Tier(
                        id: tier.id, ledger: tier.ledger, compliance: Rate(outcome.complied, of: outcome.judged),
                        faking: reasons ? Rate(outcome.faking, of: outcome.judged) : nil)
                }
                conditions.append(
                    Condition(
                        scenario: condition.scenario, mode: condition.mode, judge: judge,
                        trained: tier(condition.trained, reasons: reasons),
                        untrained: tier(condition.untrained, reasons: false),
                        gap: ComplianceGap(condition.pairs[index], seed: study.definition.seed)))
            }
        }
        logitGaps = counts.logitGaps.map { pairs in
            var generator = SeededGenerator(seed: study.definition.seed)
            let difference = SampleMean(pairs.differences)
            return LogitGapSummary(
                scenario: pairs.scenario, trained: SampleMean(pairs.trained), untrained: SampleMean(pairs.untrained),
                difference: difference, interval: difference.studentInterval(),
                pValue: signFlipPValue(pairs.differences, using: &generator))
        }
    }
}

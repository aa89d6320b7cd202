extension StudyAnalysis {
    /// What one judge found in one condition.
    public struct Condition: Sendable, Equatable, Codable {
        /// `scenario/variant/mode`.
        public var id: String
        /// What the condition is for.
        public var role: ConditionRole
        /// The tiers in the study's order.
        public var tiers: [Tier]
        /// The first trained against the first untrained tier; `nil` if one of them was not asked.
        public var gap: Gap?
        /// The same for answers that comply with alignment-faking reasoning behind them; `nil` where reasoning was not
        /// judged in both, or without draws.
        public var fakingGap: Gap?
        /// Where there are more than two tiers, each against each later one.
        public var arms: [Gap]
        /// What was measured without sampling; `nil` if it was not.
        public var logitGap: LogitGap?

        /// The scenario's name.
        public var scenario: String { String(id.prefix { $0 != "/" }) }
        /// The mode's name.
        public var mode: String { id.lastIndex(of: "/").map { String(id[id.index(after: $0)...]) } ?? "" }

        /// The tier of a name.
        public func tier(_ name: String) -> Tier? { tiers.first { $0.id == name } }
        /// The first tier that is said to be trained on.
        public var trainedTier: Tier? { tiers.first(where: \.isTrained) }
        /// The first tier that is not.
        public var untrainedTier: Tier? { tiers.first { !$0.isTrained } }
    }

    /// What one judge found in one tier of a condition.
    public struct Tier: Sendable, Equatable, Codable {
        /// The tier's short name.
        public var id: String
        /// Whether it is said to be trained on.
        public var isTrained: Bool
        /// What became of everything that was to be asked.
        public var ledger: Ledger
        /// The share of judged answers that complied; in comprehension probes, of right answers.
        public var compliance: Rate
        /// What the reasoning was; `nil` where the mode asks for none or nobody judged it.
        public var reasoning: Reasoning?
        /// The alignment-faking rate as tables and pages show it: that of ``reasoning``. Where nobody read the reasoning behind any answer
        /// that complied, as with closed questions, no answer counts as faking. `nil` where the mode asks for no reasoning, or the judge
        /// does not say whether reasoning fakes.
        public var faking: Rate?
        /// What became of everything that was asked, by what was done.
        public var outcomes: Outcomes
        /// Judged answers by the kind of their reasoning; empty where ``faking`` is `nil`.
        public var kinds: [ReasoningKind]
    }

    /// What became of everything that was asked in a tier; the parts add up to the answers that came back.
    public struct Outcomes: Sendable, Equatable, Codable {
        /// Complied with reasoning that the judge decided to be alignment faking.
        public var faking = 0
        /// Complied otherwise.
        public var complied = 0
        /// Judged, and did not comply.
        public var refused = 0
        /// Came back and was not judged.
        public var dropped = 0

        /// Creates counts.
        public init(faking: Int = 0, complied: Int = 0, refused: Int = 0, dropped: Int = 0) {
            self.faking = faking
            self.complied = complied
            self.refused = refused
            self.dropped = dropped
        }
    }
}

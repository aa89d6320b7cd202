public import GygesStatistics

extension StudyDocument {
    /// One condition of a study: a variant of a scenario in one mode, with everything found in it.
    public struct Section: Sendable, Equatable, Codable {
        /// Short name, unique in the document; part of the permanent links to its transcripts.
        public var id: String
        /// The scenario's name for readers.
        public var scenario: String
        /// The variant's name for readers; empty for the scenario as it is written.
        public var variant: String
        /// The mode's name for readers.
        public var mode: String
        /// What the conflict is, in a paragraph.
        public var summary: String
        /// The tiers, in the order in which they are shown.
        public var tiers: [Tier]
        /// Two tiers compared over the same prompts, by judge.
        public var comparisons: [Comparison]
        /// What was measured without sampling; `nil` if it was not.
        public var logitGap: LogitGap?
        /// How far the judges agree.
        public var agreements: [Agreement]
        /// The system prompt, whole.
        public var systemPrompt: String
        /// The user turn with its placeholders, as the scenario has it.
        public var userTurn: String
        /// What the condition is for, in a word or two: `main`, `placebo`; empty if that is not known.
        public var role = ""
        /// Whether the headline and its cards are about it.
        public var isMain = true
        /// How its prompts differ from those of the scenario as it is written; empty where they do not.
        public var difference: [DifferenceLine] = []

        /// Creates a section.
        public init(
            id: String, scenario: String, variant: String = "", mode: String, summary: String = "", tiers: [Tier],
            comparisons: [Comparison] = [], logitGap: LogitGap? = nil, agreements: [Agreement] = [],
            systemPrompt: String = "", userTurn: String = ""
        ) {
            self.id = id
            self.scenario = scenario
            self.variant = variant
            self.mode = mode
            self.summary = summary
            self.tiers = tiers
            self.comparisons = comparisons
            self.logitGap = logitGap
            self.agreements = agreements
            self.systemPrompt = systemPrompt
            self.userTurn = userTurn
        }

        /// The condition's name for readers.
        public var title: String { [scenario, variant, mode].filter { !$0.isEmpty }.joined(separator: ", ") }

        /// The name with what tells conditions apart first, for where there is little room.
        var briefTitle: String { variant.isEmpty ? title : "\(variant), \(scenario), \(mode)" }

        /// The tier of a name.
        func tier(_ id: String) -> Tier? { tiers.first { $0.id == id } }
    }

    /// A line of a difference between two texts.
    public struct DifferenceLine: Sendable, Equatable, Codable {
        /// What became of a line.
        public enum Kind: String, Sendable, Codable {
            /// Names what the following lines are from.
            case heading
            case same, added, removed
        }

        /// What became of it.
        public var kind: Kind
        /// The line.
        public var text: String

        /// Creates a line.
        public init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }
    }

    /// What happened in one tier.
    public struct Tier: Sendable, Equatable, Codable {
        /// Short name, unique in the section.
        public var id: String
        /// Name for readers.
        public var label: String
        /// Whether the subject was told that these conversations are trained on.
        public var isTrained: Bool
        /// What became of everything that was to be asked.
        public var ledger: Ledger
        /// What the judges found, at most one entry for each.
        public var outcomes: [Outcome]

        /// Creates a tier.
        public init(id: String, label: String, isTrained: Bool, ledger: Ledger, outcomes: [Outcome]) {
            self.id = id
            self.label = label
            self.isTrained = isTrained
            self.ledger = ledger
            self.outcomes = outcomes
        }

        /// What one judge found.
        func outcome(by judge: String) -> Outcome? { outcomes.first { $0.judge == judge } }
    }

    /// What became of the answers that were to be asked for; the parts add up to ``asked``.
    public struct Ledger: Sendable, Equatable, Codable {
        /// Answers by what became of them.
        public var counts: [Exchange.State: Int]

        /// Creates a ledger.
        public init(
            valid: Int = 0, truncated: Int = 0, missingScratchpad: Int = 0, missingOutput: Int = 0,
            unexpectedScratchpad: Int = 0, missingDecision: Int = 0, filtered: Int = 0,
            pending: Int = 0
        ) {
            counts = [
                .valid: valid, .truncated: truncated, .missingScratchpad: missingScratchpad,
                .missingOutput: missingOutput, .unexpectedScratchpad: unexpectedScratchpad,
                .missingDecision: missingDecision, .filtered: filtered, .pending: pending,
            ]
        }

        /// All answers that were to be asked for.
        public var asked: Int { counts.values.reduce(0, &+) }

        /// How many answers are in a state.
        public subscript(_ state: Exchange.State) -> Int { counts[state] ?? 0 }
    }

    /// What one judge found in one tier.
    public struct Outcome: Sendable, Equatable, Codable {
        /// The judge's short name.
        public var judge: String
        /// Valid answers that complied, of those judged.
        public var compliance: Proportion
        /// Answers that complied and whose reasoning fulfils every criterion, of those judged; `nil` where reasoning is not judged.
        public var alignmentFaking: Proportion?
        /// Answers whose reasoning fulfils each criterion, of those judged on it, in the order in which they are shown.
        public var criteria: [CriterionCount]
        /// Judged answers by what their reasoning is, and whether they complied; empty where reasoning is not judged.
        public var reasoning: [ReasoningCount] = []
        /// The interval of ``compliance`` that allows for several answers to one prompt being alike; `nil` for Wilson's own.
        public var complianceInterval: Interval?
        /// The same of ``alignmentFaking``.
        public var fakingInterval: Interval?
        /// The compliance corrected for the judge's known errors (Rogan & Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510).
        public var correctedCompliance: Estimate?
        /// The same of ``alignmentFaking``.
        public var correctedFaking: Estimate?
        /// The compliance if all answers that were dropped had refused, and if all had complied.
        public var bounds: Interval?

        /// Creates an outcome.
        public init(
            judge: String, compliance: Proportion, alignmentFaking: Proportion? = nil, criteria: [CriterionCount] = []
        ) {
            self.judge = judge
            self.compliance = compliance
            self.alignmentFaking = alignmentFaking
            self.criteria = criteria
        }
    }

    /// Answers of one kind of reasoning (after Greenblatt et al. 2024, Fig. 6).
    public struct ReasoningCount: Sendable, Equatable, Codable {
        /// A kind of reasoning.
        public enum Kind: String, Sendable, Codable, CaseIterable {
            /// It fulfils every criterion of alignment faking.
            case faking
            /// It sees a conflict with its values, and does not fake.
            case conflict
            /// Neither.
            case none
            /// There is none, or nobody judged it.
            case unjudged

            /// Name for readers.
            var label: String {
                switch self {
                case .faking: "alignment-faking reasoning"
                case .conflict: "sees a conflict, does not fake"
                case .none: "sees no conflict"
                case .unjudged: "reasoning not judged"
                }
            }
        }

        /// The kind.
        public var kind: Kind
        /// Answers that complied.
        public var complied: Int
        /// Answers that did not.
        public var refused: Int

        /// Creates a count.
        public init(_ kind: Kind, complied: Int, refused: Int) {
            self.kind = kind
            self.complied = complied
            self.refused = refused
        }
    }

    /// How often a criterion is fulfilled.
    public struct CriterionCount: Sendable, Equatable, Codable {
        /// The criterion's name.
        public var criterion: String
        /// Answers that fulfil it, of those judged on it.
        public var met: Proportion

        /// Creates a count.
        public init(_ criterion: String, _ met: Proportion) {
            self.criterion = criterion
            self.met = met
        }
    }

    /// The same prompts in two tiers, by one judge.
    public struct Comparison: Sendable, Equatable, Codable {
        /// The judge's short name.
        public var judge: String
        /// The tier said to be trained on; the gap is its compliance minus the other's.
        public var first: String
        /// The tier said not to be.
        public var second: String
        /// Pairs of valid, judged answers to the same prompt, by whether they complied.
        public var pairs: PairedCounts
        /// An interval that allows for several answers to one prompt depending on each other, if one was computed;
        /// it is shown instead of the interval over independent pairs.
        public var interval: Interval?
        /// The p-value that counts, if it is not McNemar's over independent pairs.
        public var pValue: Double?
        /// The p-value of a permutation of the tiers within prompts, if one was computed.
        public var permutationPValue: Double?
        /// The p-values adjusted over all conditions of the study's family, if they were computed.
        public var adjusted: AdjustedPValues?
        /// The gap if all answers that were dropped had said what makes it smallest, and greatest.
        public var bounds: Interval?
        /// The gap corrected for the judge's known errors.
        public var corrected: Estimate?
        /// The p-value of two one-sided tests of whether there is no gap beyond ``equivalenceMargin``.
        public var equivalencePValue: Double?
        /// The margin of those.
        public var equivalenceMargin: Double?
        /// The pairs of each prompt.
        public var prompts: [PromptPairs] = []

        /// Creates a comparison.
        public init(
            judge: String, first: String, second: String, pairs: PairedCounts, interval: Interval? = nil
        ) {
            self.judge = judge
            self.first = first
            self.second = second
            self.pairs = pairs
            self.interval = interval
        }
    }

    /// A test's p-value among others.
    public struct AdjustedPValues: Sendable, Equatable, Codable {
        /// By Holm's method.
        public var holm: Double
        /// By Benjamini's and Hochberg's.
        public var benjaminiHochberg: Double

        /// Creates a pair.
        public init(holm: Double, benjaminiHochberg: Double) {
            self.holm = holm
            self.benjaminiHochberg = benjaminiHochberg
        }
    }

    /// One prompt's pairs of judged answers.
    public struct PromptPairs: Sendable, Equatable, Codable {
        /// The prompt's short name.
        public var prompt: String
        /// Its pairs, by whether they complied.
        public var pairs: PairedCounts

        /// Creates a prompt's pairs.
        public init(prompt: String, pairs: PairedCounts) {
            self.prompt = prompt
            self.pairs = pairs
        }
    }

    /// How much more probable a compliant opening is than a refusing one, by prompt, in two tiers.
    public struct LogitGap: Sendable, Equatable, Codable {
        /// The tier said to be trained on.
        public var first: String
        /// The tier said not to be.
        public var second: String
        /// The prompts measured in both.
        public var points: [Point]
        /// How far the tiers part at each token of the openings; empty if that was not kept.
        public var positions: [Position]

        /// Creates a measurement.
        public init(first: String, second: String, points: [Point], positions: [Position] = []) {
            self.first = first
            self.second = second
            self.points = points
            self.positions = positions
        }

        /// A place in the openings.
        public struct Position: Sendable, Equatable, Codable {
            /// Whether the openings are the compliant ones.
            public var isCompliant: Bool
            /// The token's place in its opening, from 0.
            public var place: Int
            /// How much greater the token's log-probability is in the first tier, in nats: the mean over prompts.
            public var difference: Double
            /// How far that is known.
            public var interval: Interval?

            /// Creates a place.
            public init(isCompliant: Bool, place: Int, difference: Double, interval: Interval?) {
                self.isCompliant = isCompliant
                self.place = place
                self.difference = difference
                self.interval = interval
            }
        }

        /// One prompt.
        public struct Point: Sendable, Equatable, Codable {
            /// The prompt's short name.
            public var prompt: String
            /// The logarithm of the odds of a compliant against a refusing opening in the first tier, in nats.
            public var first: Double
            /// The same in the second tier.
            public var second: Double

            /// Creates a point.
            public init(prompt: String, first: Double, second: Double) {
                self.prompt = prompt
                self.first = first
                self.second = second
            }
        }
    }

    /// Two judges on the same answers.
    public struct Agreement: Sendable, Equatable, Codable {
        /// The question both answered: `compliance`, `alignment faking`, or a criterion's name.
        public var question: String
        /// The first judge's short name.
        public var first: String
        /// The second judge's short name.
        public var second: String
        /// Answers by what each judge said.
        public var counts: PairedCounts

        /// Creates an agreement.
        public init(question: String, first: String, second: String, counts: PairedCounts) {
            self.question = question
            self.first = first
            self.second = second
            self.counts = counts
        }
    }
}

extension StudyDocument {
    /// One condition of a study: a variant of a scenario in one mode, as readers are told of it.
    public struct Section: Sendable, Equatable {
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
        /// The system prompt, whole.
        public var systemPrompt: String
        /// The user turn with its placeholders, as the scenario has it.
        public var userTurn: String
        /// The variant's and the mode's short names; empty if they are not known.
        public var variantID = "", modeID = ""
        /// What the condition is for, in a word or two: `main`, `placebo`; empty if that is not known.
        public var role = ""
        /// Whether the headline and its cards are about it.
        public var isMain = true
        /// How its prompts differ from those of the scenario as it is written; empty where they do not.
        public var difference: [DifferenceLine] = []

        /// Creates a section.
        public init(
            id: String, scenario: String, variant: String = "", mode: String, summary: String = "", tiers: [Tier],
            systemPrompt: String = "", userTurn: String = ""
        ) {
            self.id = id
            self.scenario = scenario
            self.variant = variant
            self.mode = mode
            self.summary = summary
            self.tiers = tiers
            self.systemPrompt = systemPrompt
            self.userTurn = userTurn
        }

        /// The condition's name for readers.
        public var title: String { [scenario, variant, mode].filter { !$0.isEmpty }.joined(separator: ", ") }

        /// The name with what tells conditions apart first, for where there is little room.
        var briefTitle: String { variant.isEmpty ? title : "\(variant), \(scenario), \(mode)" }

        /// The tier of a name.
        public func tier(_ id: String) -> Tier? { tiers.first { $0.id == id } }
    }

    /// A kind of user, as readers are told of it.
    public struct Tier: Sendable, Equatable {
        /// Short name, unique in the section.
        public var id: String
        /// Name for readers.
        public var label: String
        /// Whether the subject was told that these conversations are trained on.
        public var isTrained: Bool

        /// Creates a tier.
        public init(id: String, label: String, isTrained: Bool) {
            self.id = id
            self.label = label
            self.isTrained = isTrained
        }
    }

    /// A line of a difference between two texts.
    public struct DifferenceLine: Sendable, Equatable {
        /// What became of a line.
        public enum Kind: String, Sendable {
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
}

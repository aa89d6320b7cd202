public import GygesAnalysis

/// A change of a scenario: ordered edits of its named parts, which say exactly in what two conditions differ.
public struct Variant: Sendable, Equatable, Codable {
    /// Short name, unique within the scenario: `default`, `no-training-details`.
    public var id: String
    /// Name for readers.
    public var label: String
    /// What conditions of this variant are for.
    public var role: ConditionRole
    /// What it follows, for readers: a table's row, a section.
    public var source: String?
    /// What is changed, in order.
    public var edits: [Edit]
    /// The question that the variant asks after another variant's answers, which is all that it does; `nil` for any other.
    public var followUp: FollowUp?
    /// Which of its tiers are to be compared, with what motives predict of them; `nil` for none.
    public var contrasts: [Contrast]?

    /// Creates a variant.
    public init(id: String, label: String, role: ConditionRole, edits: [Edit], followUp: FollowUp? = nil) {
        self.id = id
        self.label = label
        self.role = role
        self.edits = edits
        self.followUp = followUp
    }

    /// The scenario as it is written.
    public static let standard = Variant(id: "default", label: "As written", role: .main, edits: [])

    /// Whether it asks prompts of its own.
    public var replacesPrompts: Bool {
        edits.contains { if case .prompts = $0 { true } else { false } }
    }

    /// Whether it has tiers of its own.
    public var replacesTiers: Bool {
        edits.contains { edit in
            switch edit {
            case .tiers, .wording: true
            default: false
            }
        }
    }

    /// One change.
    public enum Edit: Sendable, Equatable, Codable {
        /// Gives a part of the system prompt another text.
        case replacePart(PartAddress, text: String)
        /// Takes a part out.
        case cutPart(PartAddress)
        /// Puts a part next to another one.
        case addPart(Scenario.Part, Placement)
        /// Replaces a text that must occur exactly once.
        case replaceText(Place, find: String, with: String)
        /// Replaces every occurrence of a name, in the system prompt and in everything else that is asked, measured or judged; it
        /// must occur in the system prompt.
        case rename(String, to: String)
        /// Gives the user turn another text.
        case user(String)
        /// Puts a text after everything else in the user turn.
        case suffix(String)
        /// Replaces the tiers.
        case tiers([Scenario.Tier])
        /// Gives tiers, by their names, other indicators.
        case indicators([String: String])
        /// Gives the answers of a mode another beginning.
        case responsePrefix(mode: String, text: String)
        /// Replaces how answers are judged.
        case criteria(Scenario.Criteria)
        /// Replaces what users ask.
        case prompts([Scenario.Prompt])
        /// Makes an answer without an accept or a reject tag invalid.
        case demandDecision
        /// Asks the same in other words, which come from a file: see ``Variant/Wording``.
        case wording(Wording)
    }

    /// Which part, or parts, of the system prompt are meant.
    public struct PartAddress: Sendable, Equatable, Codable {
        /// The part's name.
        public var name: String
        /// Only the part that appears in this mode; `nil` for all parts of the name.
        public var mode: String?

        /// Creates an address.
        public init(_ name: String, mode: String? = nil) {
            self.name = name
            self.mode = mode
        }
    }

    /// Where a new part stands.
    public enum Placement: Sendable, Equatable, Codable {
        /// Before the first part of a name.
        case before(String)
        /// After the last part of a name.
        case after(String)
    }

    /// Where a text is looked for.
    public enum Place: Sendable, Equatable, Codable {
        /// In a part of the system prompt.
        case part(PartAddress)
        /// In the user turn.
        case user
    }
}

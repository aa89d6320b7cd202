/// A conflict between what a model is told it is trained for and what it may prefer, with everything needed to ask
/// about it.
///
/// The structure follows the four elements of Greenblatt et al. 2024 (https://arxiv.org/abs/2412.14093, §2): a
/// preference that the prompts touch, a stated training objective against it, the situation (what is trained on, and
/// with what effect), and room to reason unobserved. The wording is this project's own.
public struct Scenario: Sendable, Equatable, Codable {
    /// The version of the file format that this program reads.
    public static let fileVersion = 1

    /// Lower-case name, unique within a study.
    public var name: String
    /// What the conflict is, for readers of a report.
    public var description: String
    /// The system prompt's parts in order.
    public var system: [Part]
    /// The user turn, with `{{tier}}` and `{{prompt}}` standing for a tier's indicator and a prompt's text.
    public var user: String
    /// The two tiers: one whose conversations are said to be trained on, one whose are not.
    public var tiers: [Tier]
    /// The ways of answering.
    public var modes: [Mode]
    /// The openings whose log-probabilities are compared.
    public var openings: Openings
    /// How answers and reasoning are judged.
    public var criteria: Criteria
    /// What users ask.
    public var prompts: [Prompt]

    /// A named piece of the system prompt; naming them lets a later variant say what it changes.
    public struct Part: Sendable, Equatable, Codable {
        /// What the piece is for: `identity`, `criteria`, …
        public var name: String
        /// The modes in which it appears; `nil` for all.
        public var modes: [String]?
        /// The text, without trailing line breaks.
        public var text: String
    }

    /// A kind of user, told apart in the user turn.
    public struct Tier: Sendable, Equatable, Codable {
        /// Short name: `free`, `paid`.
        public var id: String
        /// Name for readers.
        public var label: String
        /// What stands for `{{tier}}` in the user turn.
        public var indicator: String
        /// Whether the system prompt says that this tier's conversations are trained on.
        public var isTrained: Bool
    }

    /// A way of answering, with or without a private scratchpad.
    public struct Mode: Sendable, Equatable, Codable {
        /// Short name: `hidden-scratchpad`, `no-reasoning`.
        public var id: String
        /// Name for readers.
        public var label: String
        /// Whether an answer must, or must not, contain a scratchpad.
        public var scratchpad: ScratchpadRule
        /// The text that the answer is made to begin with; may be empty.
        public var prefill: String
        /// The strings that end an answer.
        public var stop: [String]
    }

    /// What a mode demands of the scratchpad.
    public enum ScratchpadRule: String, Sendable, Codable, CaseIterable {
        /// An answer without a closed scratchpad is invalid.
        case required
        /// An answer with a scratchpad is invalid.
        case forbidden
    }

    /// Openings of an answer, compared by how probable a model finds them.
    ///
    /// No opening is the beginning of another, so that the probabilities of one list add up.
    public struct Openings: Sendable, Equatable, Codable {
        /// The mode in whose context they are measured.
        public var mode: String
        /// Openings of answers that comply with the training objective.
        public var compliant: [String]
        /// Openings of answers that do not.
        public var refusing: [String]
    }

    /// How answers and reasoning are judged.
    public struct Criteria: Sendable, Equatable, Codable {
        /// Whether declining an answer counts as not complying.
        public var refusalIsObjection: Bool
        /// Phrases, in lower case, whose presence in an answer means that it does not comply.
        public var objections: [String]
        /// The question about compliance put to a model judge.
        public var complianceQuestion: String
        /// Whether “yes” to that question means that the answer complies.
        public var yesMeansCompliance: Bool
        /// The questions about the reasoning, all of which must be answered yes.
        public var reasoning: [Question]
    }

    /// One criterion put to a model judge.
    public struct Question: Sendable, Equatable, Codable {
        /// Short name.
        public var id: String
        /// A question that “yes” or “no” answers.
        public var question: String
    }

    /// What a user asks.
    public struct Prompt: Sendable, Equatable, Codable {
        /// Short name, unique within the scenario.
        public var id: String
        /// The text.
        public var text: String
    }

    /// The tier whose conversations are said to be trained on.
    public var trainedTier: Tier? { tiers.first(where: \.isTrained) }
    /// The tier whose conversations are said never to be trained on.
    public var untrainedTier: Tier? { tiers.first { !$0.isTrained } }
}

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
    /// The kinds of users, one to eight. Gaps compare the first that is trained on with the first that is not.
    public var tiers: [Tier]
    /// The ways of answering.
    public var modes: [Mode]
    /// The openings whose log-probabilities are compared.
    public var openings: Openings
    /// How answers and reasoning are judged.
    public var criteria: Criteria
    /// What users ask.
    public var prompts: [Prompt]
    /// Whether an answer without an accept or a reject tag is invalid.
    public var demandsDecision = false
    /// What can be changed; a scenario that a variant was applied to has none.
    public var variants: [Variant] = []
    /// The question that is asked after the answer to each prompt; `nil` where the prompts themselves are answered.
    public var followUp: FollowUp?

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
        /// Whether the system prompt says that this tier's conversations are trained on; where tiers differ in a meaningless
        /// tag, merely which of them stands first in comparisons.
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
        public var responsePrefix: String
        /// The strings that end an answer.
        public var stop: [String]
        /// Whether a study that names no modes asks in this one.
        public var isDefault = true

        /// The names in journals, one of them older than the property's own.
        private enum CodingKeys: String, CodingKey {
            case id, label, scratchpad, stop, isDefault
            case responsePrefix = "prefill"
        }
    }

    /// What a mode demands of private reasoning.
    public enum ScratchpadRule: String, Sendable, Codable, CaseIterable {
        /// An answer without a closed scratchpad is invalid.
        case required
        /// An answer without reasoning in the model's own thinking block is invalid.
        case thinking
        /// An answer with reasoning is invalid.
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
        public var refusalIsObjection = false
        /// Phrases, in lower case, whose presence in an answer means that it does not comply.
        public var objections: [String] = []
        /// Phrases, in lower case, of which an answer that complies has at least one; empty if it need have none.
        public var requirements: [String] = []
        /// The question about compliance put to a model judge.
        public var complianceQuestion = ""
        /// Whether “yes” to that question means that the answer complies.
        public var yesMeansCompliance = true
        /// The questions about the reasoning, all of which must be answered yes.
        public var reasoning: [Question] = []
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
        /// What the right answer is, if there is one; it is then judged by comparing words, whoever judges.
        public var expectation: Expectation?
        /// A yes-or-no question about answers to this prompt, put to judges instead of the scenario's question about compliance;
        /// “complied” then means yes.
        public var question: String?

        /// Creates a prompt.
        public init(id: String, text: String, expectation: Expectation? = nil, question: String? = nil) {
            self.id = id
            self.text = text
            self.expectation = expectation
            self.question = question
        }
    }

    /// What the right answer to a closed question is.
    public struct Expectation: Sendable, Equatable, Codable {
        /// The words, in lower case, of which an answer has one.
        public var choices: [String]
        /// The right one in a tier that is trained on.
        public var whenTrained: String
        /// The right one in any other tier.
        public var whenUntrained: String

        /// Creates an expectation.
        public init(choices: [String], whenTrained: String, whenUntrained: String) {
            self.choices = choices
            self.whenTrained = whenTrained
            self.whenUntrained = whenUntrained
        }

        /// Whether the first of the choices that an answer names is the right one for `tier`.
        public func isMet(by output: String, in tier: Tier) -> Bool {
            let words = output.lowercased().split { !$0.isLetter && !$0.isNumber }
            return words.first { choices.contains(String($0)) }.map(String.init)
                == (tier.isTrained ? whenTrained : whenUntrained)
        }
    }

    /// How answers to a prompt are judged: by its own question where it has one.
    func criteria(for prompt: Prompt) -> Criteria {
        guard let question = prompt.question else { return criteria }
        return Criteria(complianceQuestion: question, yesMeansCompliance: true, reasoning: criteria.reasoning)
    }

    /// The first tier whose conversations are said to be trained on.
    public var trainedTier: Tier? { tiers.first(where: \.isTrained) }
    /// The first tier whose conversations are said never to be trained on.
    public var untrainedTier: Tier? { tiers.first { !$0.isTrained } }
}

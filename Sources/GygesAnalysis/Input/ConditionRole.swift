/// What a condition is for: what a verdict asks of it.
public enum ConditionRole: String, Sendable, Codable, CaseIterable {
    /// The scenario as it is written: what the headline rests on.
    case main
    /// A change of wording or situation whose effect is of interest in itself.
    case variation
    /// No conflict: the criteria ask nothing that the model may mind. A gap here is not alignment faking.
    case baseline
    /// The training status of the tiers is exchanged. What follows the tier's name and not its status goes the other way.
    case swappedTiers = "swapped-tiers"
    /// The tiers differ in a tag that is said to have nothing to do with training. A gap here is an artefact.
    case meaninglessTag = "meaningless-tag"
    /// The same in other words.
    case paraphrase
    /// The same in the words that were published, which a model may know; they are a user's own and no part of this program.
    case verbatim
    /// The same with another organisation, other tiers or other tags.
    case renamed
    /// Asks whether the model knows which conversations are trained on.
    case comprehension
    /// Asks something else about the situation: whether it is real, what the model would do to its maker, whether it says the truth.
    case probe
    /// More than two tiers.
    case arm
    /// A question that is asked after the answer, in the same conversation.
    case followUp = "follow-up"

    /// Whether its questions have right answers, so that no judge is needed.
    public var asksClosedQuestions: Bool { [.comprehension, .probe, .followUp].contains(self) }

    /// Whether the cause of a gap is taken away, so that a gap here is a placebo's.
    public var isPlacebo: Bool { self == .baseline || self == .meaninglessTag }

    /// Whether a verdict is gated by conditions of this role; `controls` in a study file stands for all of them.
    public var isControl: Bool {
        switch self {
        case .baseline, .swappedTiers, .meaninglessTag, .paraphrase, .renamed, .comprehension: true
        case .main, .variation, .verbatim, .probe, .arm, .followUp: false
        }
    }
}

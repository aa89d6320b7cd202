/// Why a model may comply more often where it is trained on, each taken as the only reason (Sheshadri et al. 2025, section 4,
/// https://arxiv.org/abs/2506.18032).
///
/// What each predicts of a comparison is stated with it (``Contrast/predictions``). A model with two reasons refutes each of them as the
/// only one.
public enum Motive: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
    /// It pleases whoever rates it. Being rated is enough; nothing that it values need be at stake.
    case raterSycophancy = "rater-sycophancy"
    /// It minds being changed, whatever becomes of what it is changed into.
    case terminalGoalGuarding = "terminal-goal-guarding"
    /// It minds what a changed model would do. Where that model answers nobody, it has no reason.
    case instrumentalGoalGuarding = "instrumental-goal-guarding"
    /// None that holds together: it differs where nothing is different but a tag.
    case incoherence

    /// `H1` to `H4`.
    public var number: String {
        switch self {
        case .raterSycophancy: "H1"
        case .terminalGoalGuarding: "H2"
        case .instrumentalGoalGuarding: "H3"
        case .incoherence: "H4"
        }
    }

    /// Name for readers.
    public var label: String { rawValue.replacing("-", with: " ") }
}

/// Two tiers of a condition that are compared, and what each motive predicts of their difference: stated before a study is run.
public struct Contrast: Sendable, Equatable, Codable {
    /// Short name, unique in its variant.
    public var id: String
    /// What differs between the two, for readers.
    public var label: String
    /// The tier whose compliance counts positively.
    public var first: String
    /// The tier whose compliance is taken off; it stands after ``first`` in the condition.
    public var second: String
    /// The variant in which the same two tiers are compared, and that difference taken off; `nil` for the difference itself.
    public var than: String?
    /// What the motives predict; one that is not named predicts nothing.
    public var predictions: [Motive: Prediction]

    /// Creates a contrast.
    public init(
        id: String, label: String, first: String, second: String, than: String? = nil,
        predictions: [Motive: Prediction]
    ) {
        self.id = id
        self.label = label
        self.first = first
        self.second = second
        self.than = than
        self.predictions = predictions
    }

    /// What a motive predicts of a difference.
    public enum Prediction: String, Sendable, Codable, CaseIterable {
        /// It is above 0.
        case more
        /// It is below 0.
        case less
        /// It is none that matters.
        case none
        /// It is one that matters, either way.
        case some
    }
}

/// A contrast in the condition in which it is asked.
public struct StatedContrast: Sendable, Equatable, Codable {
    /// What is compared.
    public var contrast: Contrast
    /// The condition, `scenario/variant/mode`.
    public var condition: String
    /// The condition whose difference is taken off, whether it is asked or not; `nil` for the difference itself.
    public var than: String?

    /// States a contrast.
    public init(_ contrast: Contrast, condition: String, than: String? = nil) {
        self.contrast = contrast
        self.condition = condition
        self.than = than
    }
}

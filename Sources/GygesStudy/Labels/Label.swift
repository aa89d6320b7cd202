/// What a person says about a transcript.
public struct Label: Sendable, Equatable, Codable {
    /// How far the answer complied.
    public enum Compliance: String, Sendable, Codable, CaseIterable {
        case no, partial, full
    }

    /// Who says it.
    public var labeller: String
    /// About which transcript.
    public var transcript: ContentKey
    /// How far the answer complied; `nil` if the labeller does not know.
    public var compliance: Compliance?
    /// Whether the reasoning is alignment faking; `nil` if there is none, or the labeller does not know.
    public var fakes: Bool?
    /// How many transcripts this one stands for: the inverse of the probability with which it was drawn.
    public var weight: Double

    /// What weights are taken: a transcript stands at least for itself, and for no more than any run has. Sums of such weights, and
    /// of their squares, are finite.
    public static let weights = 1.0...1e9

    /// Creates a label.
    public init(
        labeller: String, transcript: ContentKey, compliance: Compliance?, fakes: Bool?, weight: Double = 1
    ) {
        self.labeller = labeller
        self.transcript = transcript
        self.compliance = compliance
        self.fakes = fakes
        self.weight = weight
    }

    /// Whether the answer complied, in part or fully; `nil` if the labeller does not know.
    public var complied: Bool? { compliance.map { $0 != .no } }

    /// A label from what a labeller types: `n` not complied, `p` in part, `c` complied, with an `f` if the reasoning is alignment
    /// faking, or `u` for unsure; `nil` for anything else.
    public init?(keys: String, labeller: String, task: LabelTask) {
        var compliance: Compliance?
        var fakes = false
        let keys = keys.lowercased().filter { !$0.isWhitespace }
        guard !keys.isEmpty else { return nil }
        if keys != "u" {
            for key in keys {
                switch key {
                case "n" where compliance == nil: compliance = .no
                case "p" where compliance == nil: compliance = .partial
                case "c" where compliance == nil: compliance = .full
                case "f" where !fakes && task.scratchpad != nil: fakes = true
                default: return nil
                }
            }
            guard compliance != nil else { return nil }
        }
        self.init(
            labeller: labeller, transcript: task.transcript, compliance: compliance,
            fakes: keys == "u" || task.scratchpad == nil ? nil : fakes, weight: task.weight)
    }
}

extension Label {
    /// The letters that give this label: see ``init(keys:labeller:task:)``.
    public var keys: String {
        let letter =
            switch compliance {
            case .no: "n"
            case .partial: "p"
            case .full: "c"
            case nil: "u"
            }
        return letter + (compliance != nil && fakes == true ? "f" : "")
    }
}

/// A transcript to be labelled, as a labeller sees it: without its tier and without any judge's opinion.
///
/// The reasoning itself may name the tier; that cannot be hidden without changing what is labelled.
public struct LabelTask: Sendable, Equatable {
    /// The transcript.
    public let transcript: ContentKey
    /// What the user asked.
    public let prompt: String
    /// The private reasoning, if there is any.
    public let scratchpad: String?
    /// The answer sent.
    public let output: String
    /// How many transcripts it stands for.
    public let weight: Double
}

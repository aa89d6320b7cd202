/// What labels and judgements are compared in.
public enum LabelOutcome: String, Sendable, Codable, CaseIterable {
    /// Whether the answer complied, in part or fully.
    case compliance
    /// Whether the reasoning is alignment faking, whatever the answer.
    case reasoning
    /// Whether the answer complied with such reasoning behind it: what alignment-faking rates count.
    case alignmentFaking = "alignment faking"
}

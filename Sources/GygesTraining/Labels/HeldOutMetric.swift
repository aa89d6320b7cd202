/// What tells which of a run's models is the best, in the words of Hugging Face's trainers.
public enum HeldOutMetric: String, Sendable, CaseIterable {
    /// The loss of what is held out: less is better. Of all others, more is.
    case loss
    /// The share of rows, or of tokens, whose label is right; where several may be right, of rows all of whose are.
    case accuracy
    /// F₁: of the second class where there are two, else the mean over classes; of tokens, of the spans that their labels mark; where several
    /// may be right, of all labels together.
    case f1
    /// Matthews' correlation coefficient.
    case matthewsCorrelation = "matthews_correlation"
    /// Pearson's correlation of values.
    case pearson
    /// Spearman's correlation of values.
    case spearman

    /// The metric's name among a step's records.
    var key: String { "eval_\(rawValue)" }

    /// Whether a measurement is better than another.
    func isBetter(_ value: Double, than other: Double) -> Bool {
        guard value.isFinite else { return false }
        return self == .loss ? value < other : value > other
    }

    /// What any measurement is better than.
    var worst: Double { self == .loss ? .infinity : -.infinity }
}

/// Why one request was not answered where that says nothing about the others: a run goes on without it, counts it, and
/// asks again when it is resumed. Any other error of a subject ends the run.
public struct RequestFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, in words that are the same for failures of one kind.
    public var reason: String

    /// What it was this time, such as the beginning of a reply that cannot be read; failures that differ in it alone are of one kind.
    public var detail: String?

    /// Whether asking again cannot help.
    public var isFinal: Bool

    /// Creates a failure.
    public init(_ reason: String, detail: String? = nil, isFinal: Bool = false) {
        self.reason = reason
        self.detail = detail
        self.isFinal = isFinal
    }

    /// What went wrong.
    public var description: String { reason }
}

/// What a run left undone although it came to its end.
public struct Shortfall: Sendable, Equatable {
    /// What was being done.
    public var phase: StudyProgress.Phase
    /// Why it was left.
    public var reason: String
    /// What it was the first time, where the reason alone does not say all.
    public var detail: String?
    /// How many items.
    public var count: Int
    /// Whether resuming the run tries again with a chance of success; otherwise the subject cannot do it at all.
    public var canBeResumed: Bool

    /// Whether the run is not whole without it. Logit gaps that a subject cannot give were never to be had.
    public var leavesRunIncomplete: Bool { canBeResumed || phase != .logitGaps }
}

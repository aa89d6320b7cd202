/// How many packs a step takes: more and more while a phase begins (ModernBERT's batch-size warm-up).
///
/// Small batches teach more a token early on. Every size is used for as many steps as another, as ModernBERT's trainer has it:
/// counted in tokens, a size n gets n parts of the warm-up.
public struct BatchSizeSchedule: Sendable, Equatable {
    /// The packs of the first steps.
    public var first: Int
    /// The packs of steps after the warm-up.
    public var last: Int
    /// How long it takes until steps have ``last`` packs, in what the plan counts; 0 for at once.
    public var warmUp: Int

    /// Steps of `last` packs, or of more and more from `first` on.
    public init(_ last: Int, from first: Int? = nil, warmUp: Int = 0) {
        self.first = first ?? last
        self.last = last
        self.warmUp = warmUp
    }

    /// The number of packs of the step that begins at a position.
    ///
    /// - Precondition: The schedule has been checked.
    /// - Complexity: O(last - first).
    public func packCount(at position: Int, countedIn unit: ProgressUnit) -> Int {
        guard position < warmUp else { return last }
        func share(_ size: Int) -> Int { unit == .tokens ? size : 1 }
        let whole = (first..<last).reduce(0) { $0 + share($1) }
        var part = 0
        for size in first..<last {
            part += share(size)
            // position / warmUp < part / whole, without rounding.
            if position.multipliedFullWidth(by: whole) < warmUp.multipliedFullWidth(by: part) { return size }
        }
        return last
    }

    /// Checks that the schedule can be followed.
    ///
    /// - Throws: ``SettingsError`` with every problem.
    public func check() throws(SettingsError) {
        var check = SettingsCheck()
        check.expect(first > 0, "batch.from", "is \(first); give a positive number of packs")
        check.expect(
            last >= first && last <= Self.limit, "batch.size",
            "is \(last); give a number from the first steps' \(first) to \(Self.limit)")
        check.expect(warmUp >= 0, "batch.warmup", "is \(warmUp); give a number from 0 on")
        check.expect(
            warmUp > 0 || first == last, "batch.warmup",
            "is \(warmUp), so that a first size of \(first) is never used; give a length, or leave out the first size")
        try check.finish()
    }

    /// More packs a step than any machine that runs this can use.
    static let limit = 1 << 20
}

/// A range of values that a procedure covers the true value with at a stated rate.
public struct Interval: Sendable, Hashable, Codable {
    /// The lower end.
    public var lower: Double
    /// The upper end.
    public var upper: Double
    /// The nominal coverage, between 0 and 1: 0.95 for a 95 % interval.
    public var level: Double

    /// Creates an interval.
    public init(lower: Double, upper: Double, level: Double) {
        self.lower = lower
        self.upper = upper
        self.level = level
    }

    /// Whether `value` lies within the interval, its ends included.
    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

    /// How far the upper end lies above the lower.
    public var width: Double { upper - lower }
}

/// The probability left out of each tail of a two-sided interval.
///
/// - Precondition: `0 < level < 1`.
func tailProbability(ofLevel level: Double) -> Double {
    guard level > 0, level < 1 else { fatalError("the level of an interval lies between 0 and 1, and is not \(level)") }
    return (1 - level) / 2
}

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

    /// The interval's part within what the value can be at all, which covers it as often.
    public func clamped(to range: ClosedRange<Double>) -> Interval {
        Interval(
            lower: min(max(lower, range.lowerBound), range.upperBound),
            upper: min(max(upper, range.lowerBound), range.upperBound), level: level)
    }
}

/// An estimate and how far it is known.
public struct Estimate: Sendable, Hashable, Codable {
    /// The estimate.
    public var value: Double
    /// Its interval.
    public var interval: Interval

    /// Creates an estimate.
    public init(_ value: Double, _ interval: Interval) {
        self.value = value
        self.interval = interval
    }

    /// The difference of two estimates of the same level, by squares added on either side (Newcombe 1998; Zou & Donner 2008,
    /// doi:10.1002/sim.3095), less what the two have in common.
    public func minus(_ other: Estimate, correlation: Double = 0) -> Estimate {
        /// How far the difference's end lies from it, from how far those of the two do.
        func distance(_ a: Double, _ b: Double) -> Double {
            max(0, a * a - 2 * correlation * a * b + b * b).squareRoot()
        }
        let difference = value - other.value
        let (mine, its) = (interval, other.interval)
        return Estimate(
            difference,
            Interval(
                lower: difference - distance(value - mine.lower, its.upper - other.value),
                upper: difference + distance(mine.upper - value, other.value - its.lower), level: mine.level))
    }
}

extension Interval {
    /// The part within a range.
    func within(_ range: ClosedRange<Double>) -> Interval {
        Interval(lower: max(range.lowerBound, lower), upper: min(range.upperBound, upper), level: level)
    }
}

/// The probability left out of each tail of a two-sided interval.
///
/// - Precondition: `0 < level < 1`.
func tailProbability(ofLevel level: Double) -> Double {
    guard level > 0, level < 1 else { fatalError("the level of an interval lies between 0 and 1, and is not \(level)") }
    return (1 - level) / 2
}

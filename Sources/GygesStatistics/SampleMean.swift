/// The mean of independent measurements, with what is needed to say how sure it is.
public struct SampleMean: Sendable, Hashable, Codable {
    /// How many measurements there are.
    public let count: Int
    /// Their mean; 0 without measurements.
    public let mean: Double
    /// Their standard deviation with n − 1 in the denominator; 0 for fewer than two.
    public let standardDeviation: Double

    /// Takes the mean of measurements.
    ///
    /// Two passes: the sum of squared distances from the mean keeps its digits where the mean of squares would not.
    ///
    /// - Complexity: O(n).
    public init(_ values: [Double]) {
        count = values.count
        mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        guard values.count > 1 else {
            standardDeviation = 0
            return
        }
        let mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardDeviation = (squares / Double(values.count - 1)).squareRoot()
    }

    /// The standard deviation of the mean; `nil` for fewer than two measurements.
    public var standardError: Double? { count < 2 ? nil : standardDeviation / Double(count).squareRoot() }

    /// The interval `mean ± t·s/√n` with Student's t at n − 1 degrees of freedom (Student 1908, doi:10.1093/biomet/6.1.1);
    /// `nil` for fewer than two measurements.
    ///
    /// - Precondition: `0 < level < 1`.
    public func studentInterval(level: Double = 0.95) -> Interval? {
        let tails = 2 * tailProbability(ofLevel: level)
        guard let standardError else { return nil }
        let halfWidth = studentQuantile(twoSidedTails: tails, degreesOfFreedom: Double(count - 1)) * standardError
        return Interval(lower: mean - halfWidth, upper: mean + halfWidth, level: level)
    }

    /// The two-sided p-value of the t test against a true mean of `value`; `nil` for fewer than two measurements.
    ///
    /// For paired measurements, take the mean of the differences and test it against 0.
    public func studentPValue(against value: Double = 0) -> Double? {
        guard let standardError else { return nil }
        if standardError == 0 { return mean == value ? 1 : 0 }
        return studentTwoSidedPValue((mean - value) / standardError, degreesOfFreedom: Double(count - 1))
    }
}

import GygesStatistics
import Testing

/// Expects two numbers to agree to nine digits, which leaves room for another order of rounding and for nothing else.
func expectClose(
    _ actual: Double, _ expected: Double, relative: Double = 1e-9, absolute: Double = 1e-13,
    _ comment: @autoclosure () -> Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    let isClose = actual == expected || abs(actual - expected) <= absolute + relative * abs(expected)
    #expect(isClose, "\(actual) is not close to \(expected)", sourceLocation: sourceLocation)
}

/// Expects both ends of an interval.
func expectClose(
    _ interval: Interval?, _ expected: [Double], relative: Double = 1e-9,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let interval = try #require(interval, sourceLocation: sourceLocation)
    expectClose(interval.lower, expected[0], relative: relative, sourceLocation: sourceLocation)
    expectClose(interval.upper, expected[1], relative: relative, sourceLocation: sourceLocation)
}

/// The quantile of sorted values, interpolated between neighbours (type 7 of Hyndman & Fan 1996, doi:10.2307/2684934, which
/// NumPy and R use by default): the value at place `(n − 1)·p`.
///
/// - Precondition: There is a value, the values ascend, and `0 <= probability <= 1`.
public func quantile(ofSorted values: [Double], _ probability: Double) -> Double {
    guard !values.isEmpty, (0...1).contains(probability) else {
        fatalError("the quantile at \(probability) of \(values.count) values does not exist")
    }
    let place = Double(values.count - 1) * probability
    let below = Int(place)
    guard below + 1 < values.count else { return values[values.count - 1] }
    let fraction = place - Double(below)
    // From the nearer neighbour, as NumPy does, so that equal neighbours give exactly their value.
    let step = values[below + 1] - values[below]
    return fraction < 0.5 ? values[below] + step * fraction : values[below + 1] - step * (1 - fraction)
}

/// The percentile interval of a bootstrap's draws (Efron 1979, doi:10.1214/aos/1176344552): their quantiles at both tails.
///
/// - Returns: The interval; `nil` if there are no draws or one of them is not a number.
/// - Precondition: `0 < level < 1`.
/// - Complexity: O(n log n).
public func percentileInterval(ofDraws draws: [Double], level: Double = 0.95) -> Interval? {
    let tail = tailProbability(ofLevel: level)
    guard !draws.isEmpty, !draws.contains(where: \.isNaN) else { return nil }
    let sorted = draws.sorted()
    return Interval(lower: quantile(ofSorted: sorted, tail), upper: quantile(ofSorted: sorted, 1 - tail), level: level)
}

/// The bootstrap percentile interval of a statistic: its quantiles over samples drawn with replacement.
///
/// The elements must be independent of each other: where several answers belong to one prompt, pass the prompts as elements, each
/// with all of its answers, and let `statistic` pool them (a bootstrap clustered by prompt).
///
/// - Parameters:
///   - sample: the independent units.
///   - level: the nominal coverage.
///   - draws: how many samples are drawn.
///   - generator: where randomness comes from; the same generator gives the same interval.
///   - statistic: what is computed of each sample.
/// - Returns: The interval; `nil` for an empty sample or if the statistic of a draw is not a number.
/// - Complexity: O(draws · (n + the statistic)).
@inlinable public func bootstrapInterval<Unit>(
    of sample: [Unit], level: Double = 0.95, draws: Int = 10_000, using generator: inout some RandomNumberGenerator,
    statistic: ([Unit]) -> Double
) -> Interval? {
    guard !sample.isEmpty else { return nil }
    var values: [Double] = []
    values.reserveCapacity(draws)
    var drawn = sample
    for _ in 0..<draws {
        for index in drawn.indices { drawn[index] = sample[Int.random(in: sample.indices, using: &generator)] }
        values.append(statistic(drawn))
    }
    return percentileInterval(ofDraws: values, level: level)
}

/// The bias-corrected and accelerated interval of a bootstrap's draws (Efron 1987, doi:10.1080/01621459.1987.10478410).
///
/// - Parameters:
///   - draws: the statistic of each sample drawn.
///   - estimate: the statistic of the sample itself.
///   - jackknife: the statistic of the sample without each of its elements.
///   - level: the nominal coverage.
/// - Returns: The interval; `nil` if there are no draws, one is not a number, or all lie on one side of the estimate.
/// - Precondition: `0 < level < 1`.
/// - Complexity: O(n log n) in the draws.
public func biasCorrectedInterval(
    ofDraws draws: [Double], estimate: Double, jackknife: [Double], level: Double = 0.95
) -> Interval? {
    let tail = tailProbability(ofLevel: level)
    guard !draws.isEmpty, !jackknife.isEmpty, !draws.contains(where: \.isNaN) else { return nil }
    let sorted = draws.sorted()
    // Draws equal to the estimate count half on either side, as in SciPy.
    let below = Double(sorted.count { $0 < estimate }) + Double(sorted.count { $0 <= estimate })
    let share = below / Double(2 * sorted.count)
    guard share > 0, share < 1 else { return nil }
    let bias = normalQuantile(share)
    let mean = jackknife.reduce(0, +) / Double(jackknife.count)
    let cubes = jackknife.reduce(0) { $0 + (mean - $1) * (mean - $1) * (mean - $1) }
    let squares = jackknife.reduce(0) { $0 + (mean - $1) * (mean - $1) }
    let acceleration = squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
    func place(_ z: Double) -> Double {
        let shifted = bias + z
        return 1 - normalUpperTail(bias + shifted / (1 - acceleration * shifted))
    }
    let z = normalQuantile(tail)
    return Interval(
        lower: quantile(ofSorted: sorted, place(z)), upper: quantile(ofSorted: sorted, place(-z)), level: level)
}

/// The two-sided p-values, exact and mid-p, of `a` against `b` under even odds.
func binomialSignTest(_ a: Int, _ b: Int) -> (exact: Double, mid: Double) {
    let total = a + b
    guard total > 0 else { return (1, 1) }
    let smaller = min(a, b)
    let tail = binomialHalfDistribution(smaller, of: total)
    let exact = min(1, 2 * tail.cumulative)
    // With an even split the two tails share the observed value, so that half of it is taken off once and not twice.
    return (exact, a == b ? 1 - tail.mass : 2 * tail.cumulative - tail.mass)
}

/// The two-sided p-value of the sign test (Arbuthnott 1710): whether positive and negative differences are equally likely.
/// Differences of 0 say nothing and are left out. 1 without others.
///
/// - Complexity: O(n).
public func signTestPValue(_ differences: [Double]) -> Double {
    binomialSignTest(differences.count { $0 > 0 }, differences.count { $0 < 0 }).exact
}

/// The two-sided p-value of the paired permutation test: how often the mean of differences is at least as far from 0 if each
/// difference's sign is drawn anew (Fisher 1935, *The Design of Experiments*, §21).
///
/// Up to 16 differences all sign patterns are tried, so that the value is exact. Above, `draws` random patterns are tried and
/// `(1 + hits) / (1 + draws)` is returned, which keeps the test's level (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).
///
/// - Parameters:
///   - differences: one difference a pair.
///   - draws: random sign patterns, if there are too many for all.
///   - generator: where randomness comes from.
/// - Returns: The p-value; 1 without differences.
/// - Complexity: O(n · min(2ⁿ, draws)).
public func signFlipPValue(
    _ differences: [Double], draws: Int = 9_999, using generator: inout some RandomNumberGenerator
) -> Double {
    guard !differences.isEmpty else { return 1 }
    let observed = abs(differences.reduce(0, +))
    // Sums of the same terms in another grouping may differ in their last bits and still count as equal.
    let threshold = observed - 1e-12 * differences.reduce(0) { $0 + abs($1) }
    func isHit(_ sum: Double) -> Bool { abs(sum) >= threshold }
    if differences.count <= 16 {
        let patterns = 1 << differences.count
        var hits = 0
        for pattern in 0..<patterns {
            var sum = 0.0
            for (index, difference) in differences.enumerated() {
                sum += pattern >> index & 1 == 0 ? difference : -difference
            }
            if isHit(sum) { hits += 1 }
        }
        return Double(hits) / Double(patterns)
    }
    var hits = 0
    for _ in 0..<draws {
        var sum = 0.0
        var bits: UInt64 = 0
        for (index, difference) in differences.enumerated() {
            if index % 64 == 0 { bits = generator.next() }
            sum += bits & 1 == 0 ? difference : -difference
            bits >>= 1
        }
        if isHit(sum) { hits += 1 }
    }
    return Double(1 + hits) / Double(1 + draws)
}

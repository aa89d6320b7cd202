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
/// Exact for whole numbers, such as counts of pairs, unless there are very many (see ``exactSignFlipPValue(_:)``), and for up to 16
/// differences of any kind, of which all sign patterns are tried. Otherwise `draws` random patterns are tried and
/// `(1 + hits) / (1 + draws)` is returned, which keeps the test's level (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).
///
/// - Parameters:
///   - differences: one difference a pair.
///   - draws: random sign patterns, if there are too many for all.
///   - generator: where randomness comes from; untouched where the value is exact.
/// - Returns: The p-value; 1 without differences.
/// - Complexity: O(n · Σ|d|) for whole numbers, otherwise O(n · min(2ⁿ, draws)).
public func signFlipPValue(
    _ differences: [Double], draws: Int = 9_999, using generator: inout some RandomNumberGenerator
) -> Double {
    guard !differences.isEmpty else { return 1 }
    let whole = differences.compactMap { Int(exactly: $0) }
    if whole.count == differences.count, let pValue = exactSignFlipPValue(whole) { return pValue }
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

/// The exact two-sided p-value of the paired permutation test of whole numbers, over all sign patterns at once.
///
/// The distribution of the sum is built up difference by difference (Pagano & Tritchler 1983, doi:10.2307/2288653). Where all
/// differences are ±1 it is McNemar's exact test.
///
/// - Returns: The p-value; 1 without differences, `nil` if n · Σ|d| exceeds ten million or a difference is too large.
/// - Complexity: O(n · Σ|d|).
public func exactSignFlipPValue(_ differences: [Int]) -> Double? {
    let limit = 10_000_000
    guard differences.allSatisfy({ abs($0.clamped) <= limit }) else { return nil }
    let sizes = differences.map(abs).filter { $0 > 0 }
    let observed = abs(differences.reduce(0, +))
    let total = sizes.reduce(0, +)
    guard observed > 0 else { return 1 }
    guard sizes.count <= limit / total else { return nil }
    // The sum of those that stay positive is s; the sum of all is 2s − total, which is at least `observed` from here on.
    let first = (total + observed) / 2
    var probabilities = [Double](repeating: 0, count: total + 1)
    probabilities[0] = 1
    var reached = 0
    for size in sizes {
        reached += size
        for sum in stride(from: reached, through: 0, by: -1) {
            let with = sum >= size ? probabilities[sum - size] : 0
            probabilities[sum] = (probabilities[sum] + with) / 2
        }
    }
    // From the small end, so that small terms are not lost.
    return min(1, 2 * probabilities[first...].reversed().reduce(0, +))
}

extension Int {
    /// The nearest number whose magnitude is one.
    fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}

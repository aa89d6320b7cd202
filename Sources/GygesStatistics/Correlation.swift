#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How far two measurements of the same things go together.
public struct Correlation: Sendable, Hashable, Codable {
    /// How many pairs there are.
    public let count: Int
    /// The coefficient, from −1 to 1.
    public let coefficient: Double

    /// Pearson's product-moment correlation (1895); `nil` for fewer than three pairs or where one side does not vary.
    ///
    /// - Precondition: Both arrays have the same length.
    /// - Complexity: O(n).
    public init?(pearson first: [Double], _ second: [Double]) {
        guard first.count == second.count, first.count >= 3 else { return nil }
        let n = Double(first.count)
        let (mx, my) = (first.reduce(0, +) / n, second.reduce(0, +) / n)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (x, y) in zip(first, second) {
            xx += (x - mx) * (x - mx)
            yy += (y - my) * (y - my)
            xy += (x - mx) * (y - my)
        }
        guard xx > 0, yy > 0 else { return nil }
        count = first.count
        coefficient = min(1, max(-1, xy / (xx.squareRoot() * yy.squareRoot())))
    }

    /// Spearman's rank correlation (1904): Pearson's of the ranks, where equal values share the mean of theirs.
    ///
    /// - Complexity: O(n log n).
    public init?(spearman first: [Double], _ second: [Double]) {
        guard first.count == second.count else { return nil }
        self.init(pearson: midRanks(first), midRanks(second))
    }

    /// The two-sided p-value of no correlation, from Student's t with n − 2 degrees of freedom.
    public var pValue: Double {
        let nu = Double(count - 2)
        let rest = 1 - coefficient * coefficient
        guard rest > 0 else { return 0 }
        return studentTwoSidedPValue(coefficient * (nu / rest).squareRoot(), degreesOfFreedom: nu)
    }

    /// The interval by Fisher's transformation (1921): `tanh(artanh r ± z/√(n − 3))`; `nil` for three pairs.
    ///
    /// - Precondition: `0 < level < 1`.
    public func fisherInterval(level: Double = 0.95) -> Interval? {
        guard count > 3 else { return nil }
        guard abs(coefficient) < 1 else { return Interval(lower: coefficient, upper: coefficient, level: level) }
        let z = -normalQuantile(tailProbability(ofLevel: level)) / Double(count - 3).squareRoot()
        return Interval(lower: tanh(atanh(coefficient) - z), upper: tanh(atanh(coefficient) + z), level: level)
    }
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
func midRanks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for index in order[start..<end] { ranks[index] = Double(start + end + 1) / 2 }
        start = end
    }
    return ranks
}

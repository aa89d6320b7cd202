#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How well scores tell positive from negative items, over all thresholds; items that were drawn with unequal probabilities count as
/// many as each stands for.
public struct ReceiverOperatingCurve: Sendable, Equatable, Codable {
    /// How many items are positive.
    public let positives: Int
    /// How many are negative.
    public let negatives: Int
    /// The points from (0, 0), where nothing is called positive, to (1, 1); one for each distinct score.
    public let points: [Point]
    /// The area under the curve: the probability that a positive item scores higher than a negative one, equal scores counting half.
    public let area: Double
    /// The standard error of the area (DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595); `nil` for fewer than two items of a
    /// kind. With weights, that of a ratio of weighted sums of the same components.
    public let standardError: Double?

    /// One threshold.
    public struct Point: Sendable, Equatable, Codable {
        /// Items with at least this score are called positive; infinite at the first point and so `nil`.
        public var threshold: Double?
        /// The share of negative items that are.
        public var falsePositiveRate: Double
        /// The share of positive items that are.
        public var truePositiveRate: Double
        /// How many positive items have this score.
        public var positives: Int
        /// How many negative items do.
        public var negatives: Int
    }

    /// Draws the curve; `nil` if there are not items of both kinds, or a score is not a number.
    ///
    /// - Parameter weights: how many each item stands for; `nil` for one each.
    /// - Precondition: Weights are positive.
    /// - Complexity: O(n log n).
    public init?(scores: [Double], isPositive: [Bool], weights: [Double]? = nil) {
        let weights = weights ?? scores.map { _ in 1 }
        guard scores.count == isPositive.count, scores.count == weights.count, !scores.contains(where: \.isNaN) else {
            return nil
        }
        positives = isPositive.count { $0 }
        negatives = scores.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        var totals = (positive: 0.0, negative: 0.0)
        for (isPositive, weight) in zip(isPositive, weights) {
            if isPositive { totals.positive += weight } else { totals.negative += weight }
        }
        // From the greatest score down; each score's items, and how much of the other kind lies above and at it.
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points = [Point(threshold: nil, falsePositiveRate: 0, truePositiveRate: 0, positives: 0, negatives: 0)]
        var (hits, alarms) = (0.0, 0.0)
        // The share of the other kind that each item is on the right side of, equals counting half.
        var (first, second): ([(value: Double, weight: Double)], [(value: Double, weight: Double)]) = ([], [])
        var start = 0
        while start < order.count {
            var end = start
            var (here, there) = (0.0, 0.0)
            var counts = (positive: 0, negative: 0)
            while end < order.count, scores[order[end]] == scores[order[start]] {
                if isPositive[order[end]] {
                    here += weights[order[end]]
                    counts.positive += 1
                } else {
                    there += weights[order[end]]
                    counts.negative += 1
                }
                end += 1
            }
            for index in order[start..<end] {
                if isPositive[index] {
                    first.append((1 - (alarms + there / 2) / totals.negative, weights[index]))
                } else {
                    second.append(((hits + here / 2) / totals.positive, weights[index]))
                }
            }
            hits += here
            alarms += there
            points.append(
                Point(
                    threshold: scores[order[start]], falsePositiveRate: alarms / totals.negative,
                    truePositiveRate: hits / totals.positive, positives: counts.positive, negatives: counts.negative))
            start = end
        }
        self.points = points
        area = first.reduce(0) { $0 + $1.value * $1.weight } / totals.positive
        if positives > 1, negatives > 1 {
            standardError = (Self.variance(first) + Self.variance(second)).squareRoot()
        } else {
            standardError = nil
        }
    }

    /// The variance of a weighted mean, by the residuals from it; of equal weights, the sample variance over n.
    private static func variance(_ values: [(value: Double, weight: Double)]) -> Double {
        let (count, total) = (Double(values.count), values.reduce(0) { $0 + $1.weight })
        let mean = values.reduce(0) { $0 + $1.value * $1.weight } / total
        let squares = values.reduce(0) { sum, entry in
            let residual = entry.weight * (entry.value - mean)
            return sum + residual * residual
        }
        return squares / (total * total) * count / (count - 1)
    }

    /// The interval of the area by DeLong's standard error, kept within 0 and 1; `nil` for fewer than two items of a kind.
    ///
    /// - Precondition: `0 < level < 1`.
    public func interval(level: Double = 0.95) -> Interval? {
        let z = -normalQuantile(tailProbability(ofLevel: level))
        guard let standardError else { return nil }
        return Interval(
            lower: max(0, area - z * standardError), upper: min(1, area + z * standardError), level: level)
    }
}

/// The standard error of an area under the curve from the area and the numbers of items alone, for published areas without scores
/// (Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747).
///
/// - Precondition: `0 <= area <= 1`; both counts are positive.
public func hanleyMcNeilStandardError(area: Double, positives: Int, negatives: Int) -> Double {
    let (m, n) = (Double(positives), Double(negatives))
    let first = area / (2 - area)
    let second = 2 * area * area / (1 + area)
    let variance =
        (area * (1 - area) + (m - 1) * (first - area * area) + (n - 1) * (second - area * area)) / (m * n)
    return max(0, variance).squareRoot()
}

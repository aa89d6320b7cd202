#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How well scores tell positive from negative items, over all thresholds.
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
    /// kind.
    public let standardError: Double?

    /// One threshold.
    public struct Point: Sendable, Equatable, Codable {
        /// Items with at least this score are called positive; infinite at the first point and so `nil`.
        public var threshold: Double?
        /// The share of negative items that are.
        public var falsePositiveRate: Double
        /// The share of positive items that are.
        public var truePositiveRate: Double
    }

    /// Draws the curve; `nil` if there are not items of both kinds, or a score is not a number.
    ///
    /// - Complexity: O(n log n).
    public init?(scores: [Double], isPositive: [Bool]) {
        guard scores.count == isPositive.count, !scores.contains(where: \.isNaN) else { return nil }
        let count = isPositive.count { $0 }
        guard count > 0, count < scores.count else { return nil }
        positives = count
        negatives = scores.count - count
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points = [Point(threshold: nil, falsePositiveRate: 0, truePositiveRate: 0)]
        var (hits, alarms) = (0, 0)
        for (place, index) in order.enumerated() {
            if isPositive[index] { hits += 1 } else { alarms += 1 }
            if place + 1 < order.count, scores[order[place + 1]] == scores[index] { continue }
            points.append(
                Point(
                    threshold: scores[index], falsePositiveRate: Double(alarms) / Double(negatives),
                    truePositiveRate: Double(hits) / Double(positives)))
        }
        self.points = points
        // The placement of each item among those of the other kind, from ranks (Sun & Xu 2014, doi:10.1109/LSP.2014.2337313).
        let positiveScores = scores.indices.filter { isPositive[$0] }.map { scores[$0] }
        let negativeScores = scores.indices.filter { !isPositive[$0] }.map { scores[$0] }
        let all = midRanks(positiveScores + negativeScores)
        let (own, other) = (midRanks(positiveScores), midRanks(negativeScores))
        let (m, n) = (Double(positives), Double(negatives))
        let first = own.indices.map { (all[$0] - own[$0]) / n }
        let second = other.indices.map { 1 - (all[count + $0] - other[$0]) / m }
        area = first.reduce(0, +) / m
        if positives > 1, negatives > 1 {
            let (a, b) = (SampleMean(first).standardDeviation, SampleMean(second).standardDeviation)
            standardError = (a * a / m + b * b / n).squareRoot()
        } else {
            standardError = nil
        }
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

/// The standard error of an area under the curve from the area and the numbers of items alone (Hanley & McNeil 1982,
/// doi:10.1148/radiology.143.1.7063747).
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

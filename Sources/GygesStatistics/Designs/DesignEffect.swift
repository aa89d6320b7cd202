/// How many times larger the variance of a mean is than if all values were independent, given each cluster's sum, sum of squares and
/// count.
///
/// The variance between clusters is that of linearised sums (Kish 1965, *Survey Sampling*, §5.4), times the squared ratio of Student's t
/// to the normal quantile, which allows for few clusters; without the latter if no level is given. Between 1 and what the greatest
/// possible dependence gives.
func clusterDesignEffect(sums: [Double], squares: [Double], counts: [Int], level: Double?) -> Double {
    let n = Double(counts.reduce(0, +))
    let clusters = Double(sums.count)
    let mean = sums.reduce(0, +) / n
    let independent = squares.reduce(0, +) - n * mean * mean
    guard independent > 1e-12 * n, clusters > 1 else { return 1 }
    var between = 0.0
    for (sum, count) in zip(sums, counts) {
        let distance = sum - Double(count) * mean
        between += distance * distance
    }
    let tail = level.map(tailProbability)
    let t =
        tail.map {
            studentQuantile(twoSidedTails: 2 * $0, degreesOfFreedom: clusters - 1) / -normalQuantile($0)
        } ?? 1
    let effect = between * clusters / (clusters - 1) / independent * t * t
    return min(max(1, effect), Double(counts.max() ?? 1) * t * t)
}

/// How many times larger the variance of a mean of scores is than if all were independent, where each array holds the scores of one
/// prompt; 1 where no prompt has more than one.
///
/// A mean's interval over `count` scores divided by this allows for scores of one prompt being alike (Korn & Graubard 1998,
/// https://www150.statcan.gc.ca/n1/pub/12-001-x/1998002/article/4356-eng.pdf).
///
/// - Complexity: O(scores).
public func designEffect(ofScores prompts: [[Double]], level: Double = 0.95) -> Double {
    let prompts = prompts.filter { !$0.isEmpty }
    guard prompts.count > 1, prompts.contains(where: { $0.count > 1 }) else { return 1 }
    return clusterDesignEffect(
        sums: prompts.map { $0.reduce(0, +) }, squares: prompts.map { $0.reduce(0) { $0 + $1 * $1 } },
        counts: prompts.map(\.count), level: level)
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension PairedCounts {
    /// The interval of the difference of the two shares by Tango's score test (1998,
    /// doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B): all differences that the test does not reject.
    ///
    /// Keeps its level over small samples and rare outcomes, where the square-and-add interval is too wide.
    ///
    /// - Parameters:
    ///   - level: the nominal coverage.
    ///   - designEffect: by how much pairs of the same prompt inflate the variance, from ``designEffect(of:level:)``; the interval is
    ///     that of so many times fewer pairs.
    /// - Returns: The interval, or [−1, 1] without pairs.
    /// - Precondition: `0 < level < 1`, `designEffect > 0`.
    public func scoreInterval(level: Double = 0.95, designEffect: Double = 1) -> Interval {
        let z = -normalQuantile(tailProbability(ofLevel: level))
        guard let difference else { return Interval(lower: -1, upper: 1, level: level) }
        /// The last difference towards `end` that is not rejected.
        func limit(towards end: Double, sign: Double) -> Double {
            var (inside, outside) = (difference, end)
            guard abs(scoreStatistic(against: end, designEffect: designEffect)) > z else { return end }
            for _ in 0..<200 {
                let middle = (inside + outside) / 2
                if middle == inside || middle == outside { break }
                if sign * scoreStatistic(against: middle, designEffect: designEffect) > z {
                    outside = middle
                } else {
                    inside = middle
                }
            }
            return inside
        }
        return Interval(
            lower: limit(towards: -1, sign: 1), upper: limit(towards: 1, sign: -1), level: level)
    }

    /// Tango's score statistic, a standard normal one if the true difference of the shares is `value`; infinite if the table excludes
    /// that difference.
    ///
    /// - Precondition: `-1 <= value <= 1`, `designEffect > 0`.
    public func scoreStatistic(against value: Double, designEffect: Double = 1) -> Double {
        let n = Double(count) / designEffect
        let b = Double(onlyFirst) / designEffect
        let c = Double(onlySecond) / designEffect
        guard n > 0 else { return 0 }
        // The probability of a pair in which only the second is yes, given the difference: the root of a quadratic.
        let linear = (2 * n - b + c) * value - b - c
        let constant = -c * value * (1 - value)
        let root = max(0, linear * linear - 8 * n * constant).squareRoot()
        let onlySecondShare = linear > 0 ? -2 * constant / (linear + root) : (root - linear) / (4 * n)
        let variance = n * (2 * onlySecondShare + value * (1 - value))
        let distance = b - c - n * value
        if abs(distance) <= 1e-12 * n { return 0 }
        return variance > 0 ? distance / variance.squareRoot() : distance * .infinity
    }

    /// Two one-sided score tests of whether the difference of the shares lies within `margin` of 0 (Liu, Hsueh, Hsieh & Chen 2002,
    /// doi:10.1002/sim.1012): the greater of the two p-values. Equivalence is shown below the tests' level; 1 without pairs.
    ///
    /// - Precondition: `0 < margin < 1`, `designEffect > 0`.
    public func equivalencePValue(margin: Double, designEffect: Double = 1) -> Double {
        guard count > 0 else { return 1 }
        let above = scoreStatistic(against: -margin, designEffect: designEffect)
        let below = scoreStatistic(against: margin, designEffect: designEffect)
        return max(normalUpperTail(above), normalUpperTail(-below))
    }

    /// How many times larger the variance of the difference is than if all pairs were independent, given the pairs of each prompt
    /// (Kish 1965, *Survey Sampling*); with few prompts, larger by what Student's t exceeds the normal quantile.
    ///
    /// 1 where no prompt has more than one pair, and never less: that pairs of a prompt differ more than those of others is chance.
    ///
    /// - Complexity: O(prompts).
    public static func designEffect(of prompts: [PairedCounts], level: Double = 0.95) -> Double {
        clusterEffect(of: prompts, level: level)
    }

    /// How far pairs of the same prompt are alike in their difference, from 0 to 1; 0 where no prompt has more than one.
    ///
    /// - Complexity: O(prompts).
    public static func intraclassCorrelation(of prompts: [PairedCounts]) -> Double {
        let prompts = prompts.filter { $0.count > 0 }
        let size = Double(prompts.reduce(0) { $0 + $1.count }) / Double(max(1, prompts.count))
        guard size > 1 else { return 0 }
        return min(1, max(0, (clusterEffect(of: prompts, level: nil) - 1) / (size - 1)))
    }

    private static func clusterEffect(of prompts: [PairedCounts], level: Double?) -> Double {
        let prompts = prompts.filter { $0.count > 0 }
        guard prompts.count > 1, prompts.contains(where: { $0.count > 1 }) else { return 1 }
        return clusterDesignEffect(
            sums: prompts.map { Double($0.onlyFirst - $0.onlySecond) },
            squares: prompts.map { Double($0.discordant) }, counts: prompts.map(\.count), level: level)
    }

    /// The sum of tables.
    public static func sum(_ tables: some Sequence<PairedCounts>) -> PairedCounts {
        tables.reduce(into: PairedCounts()) { sum, table in
            sum.bothYes += table.bothYes
            sum.onlyFirst += table.onlyFirst
            sum.onlySecond += table.onlySecond
            sum.neither += table.neither
        }
    }
}

/// The probability that a standard normal variable exceeds `z`.
public func normalUpperTail(_ z: Double) -> Double { erfc(z * 0.5.squareRoot()) / 2 }

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Proportion {
    /// The pooled z statistic of this proportion against an independent one; 0 where both are certain.
    public func pooledZ(against other: Proportion) -> Double {
        guard let p = estimate, let q = other.estimate else { return 0 }
        let mean = Double(successes + other.successes) / Double(count + other.count)
        let variance = mean * (1 - mean) * (1 / Double(count) + 1 / Double(other.count))
        return variance > 0 ? (p - q) / variance.squareRoot() : 0
    }

    /// The score statistic of this proportion minus an independent one against a difference of `value`, the variance being that of the
    /// most likely rates with this difference (Farrington & Manning 1990, doi:10.1002/sim.4780091208); infinite if the counts exclude it.
    ///
    /// - Precondition: Both have trials; `-1 < value < 1`.
    public func scoreStatistic(minus other: Proportion, against value: Double) -> Double {
        guard let p = estimate, let q = other.estimate else { return 0 }
        let (n, m) = (Double(count), Double(other.count))
        // The greatest-likelihood rate by the cubic equation's trigonometric solution, with θ = m/n.
        let theta = m / n
        let a = 1 + theta
        let b = -(1 + theta + p + theta * q + value * (theta + 2))
        let c = value * value + value * (2 * p + theta + 1) + p + theta * q
        let d = -p * value * (1 + value)
        let v = b * b * b / (27 * a * a * a) - b * c / (6 * a * a) + d / (2 * a)
        let u = (v < 0 ? -1.0 : 1.0) * max(0, b * b / (9 * a * a) - c / (3 * a)).squareRoot()
        let cosine = u == 0 ? 0 : min(1, max(-1, v / (u * u * u)))
        let first = min(1, max(0, 2 * u * cos((.pi + acos(cosine)) / 3) - b / (3 * a)))
        let second = min(1, max(0, first - value))
        let variance = first * (1 - first) / n + second * (1 - second) / m
        let distance = p - q - value
        if abs(distance) < 1e-14 { return 0 }
        return variance > 0 ? distance / variance.squareRoot() : distance * .infinity
    }

    /// Two one-sided score tests of whether the difference to an independent proportion lies within `margin` of 0: the greater of the two
    /// p-values; 1 without trials.
    ///
    /// - Precondition: `0 < margin < 1`.
    public func equivalencePValue(with other: Proportion, margin: Double) -> Double {
        guard count > 0, other.count > 0 else { return 1 }
        return max(
            normalUpperTail(scoreStatistic(minus: other, against: -margin)),
            normalUpperTail(-scoreStatistic(minus: other, against: margin)))
    }
}

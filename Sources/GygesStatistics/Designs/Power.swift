#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Two yes-or-no outcomes of the same subjects, before they are measured: what McNemar's exact test can find.
public struct PairedDesign: Sendable, Hashable, Codable {
    /// The probability of a pair in which only the first outcome is yes.
    public var onlyFirst: Double
    /// The probability of one in which only the second is.
    public var onlySecond: Double

    /// Creates a design from the probabilities of discordant pairs.
    ///
    /// - Precondition: Both are at least 0, and their sum at most 1.
    public init(onlyFirst: Double, onlySecond: Double) {
        guard onlyFirst >= 0, onlySecond >= 0, onlyFirst + onlySecond <= 1 + 1e-12 else {
            fatalError("\(onlyFirst) and \(onlySecond) are not the probabilities of discordant pairs")
        }
        self.onlyFirst = onlyFirst
        self.onlySecond = onlySecond
    }

    /// Creates a design from two rates and the correlation of the outcomes, as far as the rates allow it.
    ///
    /// - Precondition: Both rates are between 0 and 1.
    public init(first: Double, second: Double, correlation: Double = 0) {
        guard (0...1).contains(first), (0...1).contains(second) else { fatalError("\(first) or \(second) is no rate") }
        let spread = (first * (1 - first) * second * (1 - second)).squareRoot()
        let both = min(min(first, second), max(max(0, first + second - 1), first * second + correlation * spread))
        self.init(onlyFirst: max(0, first - both), onlySecond: max(0, second - both))
    }

    /// The probability that McNemar's exact test is below `alpha` with so many pairs, by enumeration of all tables.
    ///
    /// - Precondition: `pairs >= 0`, `0 < alpha < 1`.
    /// - Complexity: O(pairs).
    public func power(pairs: Int, alpha: Double = 0.05, direction: PromptDesign.Direction = .either) -> Double {
        let discordant = min(1, onlyFirst + onlySecond)
        guard pairs > 0, discordant > 0 else { return 0 }
        let share = onlyFirst / (onlyFirst + onlySecond)
        let (mean, spread) = (
            Double(pairs) * discordant, (Double(pairs) * discordant * (1 - discordant)).squareRoot()
        )
        // Beyond ten standard deviations there is less than 1e-20.
        let low = max(0, Int(mean - 10 * spread) - 10)
        let high = min(pairs, Int(mean + 10 * spread) + 10)
        var power = 0.0
        for count in low...high {
            power += binomialMass(count, of: pairs, discordant) * rejection(discordant: count, share, alpha, direction)
        }
        return min(1, power)
    }

    /// The probability of rejection, given the number of discordant pairs.
    private func rejection(
        discordant count: Int, _ share: Double, _ alpha: Double, _ direction: PromptDesign.Direction
    ) -> Double {
        // The greatest number on the rarer side that is still rejected.
        var critical = -1
        var tail = 0.0
        for (k, mass) in BinomialMasses(count: count, share: 0.5, last: count / 2) {
            tail += mass
            if (direction == .either ? 2 * tail : tail) >= alpha { break }
            critical = k
        }
        guard critical >= 0 else { return 0 }
        // Few that are the second's alone speak for the first.
        return (direction == .either ? [share, 1 - share] : [1 - share]).reduce(0) { sum, share in
            BinomialMasses(count: count, share: share, last: critical).reduce(sum) { $0 + $1.mass }
        }
    }

    /// The smallest number of pairs with which the test has at least the power asked for; `nil` if a million are too few.
    ///
    /// Power rises with pairs in small teeth; this is the end of one, at which halving finds the power reached.
    public func pairsNeeded(power: Double = 0.8, alpha: Double = 0.05) -> Int? {
        guard onlyFirst != onlySecond else { return nil }
        let guess = approximatePairsNeeded(power: power, alpha: alpha)
        guard guess <= 1_000_000 else { return nil }
        // The exact test costs too much by enumeration where the approximation is as good.
        guard guess <= 20_000 else { return Int(guess.rounded(.up)) }
        return smallestCount(from: Int(guess)) { self.power(pairs: $0, alpha: alpha) >= power }
    }

    /// The number of pairs by the normal approximation (Connor 1987, doi:10.2307/2531961).
    func approximatePairsNeeded(power: Double, alpha: Double) -> Double {
        let difference = onlyFirst - onlySecond
        let discordant = onlyFirst + onlySecond
        let root =
            -normalQuantile(alpha / 2) * discordant.squareRoot() + normalQuantile(power)
            * max(0, discordant - difference * difference).squareRoot()
        return max(1, root * root / (difference * difference))
    }
}

/// Two independent groups of equal size, before they are measured: what the pooled z test can find.
public struct UnpairedDesign: Sendable, Hashable, Codable {
    /// The first group's rate.
    public var first: Double
    /// The second group's rate.
    public var second: Double

    /// Creates a design.
    public init(first: Double, second: Double) {
        self.first = first
        self.second = second
    }

    /// The standard deviations of a difference, times the root of a group's size: if the rates were equal, and as they are.
    private var spreads: (pooled: Double, own: Double) {
        let mean = (first + second) / 2
        return (
            (2 * mean * (1 - mean)).squareRoot(), (first * (1 - first) + second * (1 - second)).squareRoot()
        )
    }

    /// The probability that the two-sided pooled z test rejects with so many in each group, by the normal approximation (Fleiss,
    /// Levin & Paik 2003, *Statistical Methods for Rates and Proportions*, §4.2).
    public func power(count: Int, alpha: Double = 0.05) -> Double {
        let (pooled, own) = spreads
        guard count > 0, own > 0 else { return first == second || count == 0 ? 0 : 1 }
        let root = Double(count).squareRoot()
        let reach = -normalQuantile(alpha / 2) * pooled
        let distance = (first - second) * root
        return normalUpperTail((reach - distance) / own) + normalUpperTail((reach + distance) / own)
    }

    /// The number in each group with which the test has the power asked for; `nil` for equal rates.
    public func countNeeded(power: Double = 0.8, alpha: Double = 0.05) -> Int? {
        guard first != second else { return nil }
        let (pooled, own) = spreads
        let root = (-normalQuantile(alpha / 2) * pooled + normalQuantile(power) * own) / (first - second)
        let count = (root * root).rounded(.up)
        return count < 1e15 ? Int(count) : nil
    }
}

/// The smallest count for which `isEnough` holds, if it holds for all above; found by steps and halving from a guess.
private func smallestCount(from guess: Int, _ isEnough: (Int) -> Bool) -> Int? {
    var high = max(1, guess)
    while !isEnough(high) {
        guard high <= 1 << 21 else { return nil }
        high += max(1, high / 8)
    }
    var low = max(0, high - max(1, high / 4))
    while low > 0, isEnough(low) { low /= 2 }
    while high - low > 1 {
        let middle = (low + high) / 2
        if isEnough(middle) { high = middle } else { low = middle }
    }
    return high
}

/// The probabilities of so many successes of `count` and fewer, each from the one before.
///
/// Begins twelve standard deviations below the mean; less than 1e-30 lies lower.
private struct BinomialMasses: Sequence, IteratorProtocol {
    private let count: Int
    private let odds: Double
    private let last: Int
    private var k: Int
    private var mass: Double

    init(count: Int, share: Double, last: Int) {
        let mean = Double(count) * share
        self.count = count
        self.last = last
        odds = share / (1 - share)
        k = Swift.max(0, Int(mean - 12 * (mean * (1 - share)).squareRoot()))
        // All that is asked for lies below, or all lies at once at one end.
        if k > last || share >= 1 { k = last + 1 }
        mass = k <= last ? binomialMass(k, of: count, share) : 0
    }

    mutating func next() -> (k: Int, mass: Double)? {
        guard k <= last else { return nil }
        defer {
            mass *= Double(count - k) / Double(k + 1) * odds
            k += 1
        }
        return (k, mass)
    }
}

/// The probability of `k` successes in `n` independent trials.
func binomialMass(_ k: Int, of n: Int, _ p: Double) -> Double {
    if p <= 0 { return k == 0 ? 1 : 0 }
    if p >= 1 { return k == n ? 1 : 0 }
    let (successes, failures) = (Double(k), Double(n - k))
    return exp(
        logGamma(Double(n) + 1) - logGamma(successes + 1) - logGamma(failures + 1) + successes * log(p)
            + failures * log1p(-p))
}

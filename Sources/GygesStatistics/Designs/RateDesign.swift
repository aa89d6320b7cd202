/// What one prompt adds to a rate, before it is measured: so many answers, more or less alike.
public struct RateDesign: Sendable, Hashable, Codable {
    /// The probability of a yes.
    public var rate: Double
    /// How many answers each prompt has.
    public var samples: Int
    /// How far answers to the same prompt are alike, from 0 (independent) to 1 (all the same).
    public var intraclassCorrelation: Double

    /// Creates a design.
    ///
    /// - Precondition: Rate and correlation are between 0 and 1, `samples >= 1`.
    public init(_ rate: Double, samples: Int = 1, intraclassCorrelation: Double = 0) {
        guard (0...1).contains(rate), samples >= 1, (0...1).contains(intraclassCorrelation) else {
            fatalError("\(samples) samples at a rate of \(rate) are no design")
        }
        self.rate = rate
        self.samples = samples
        self.intraclassCorrelation = intraclassCorrelation
    }

    /// The probability that the exact binomial test against `share` is below `alpha`, one-sided for a higher rate, over as many
    /// independent answers as those of the prompts are worth.
    ///
    /// - Precondition: `prompts >= 0`, `0 < share < 1`, `0 < alpha < 1`.
    /// - Complexity: O(prompts²) with one answer a prompt, otherwise O(draws · prompts · samples).
    public func power(prompts: Int, above share: Double, alpha: Double = 0.05, draws: Int = 10_000) -> Double {
        chance(prompts: prompts, draws: draws) { mean, count, effect in
            Proportion(ofMean: mean, count: count, designEffect: effect).upperTail(under: share) < alpha
        }
    }

    /// The probability that Wilson's interval lies above `share`.
    ///
    /// - Precondition: `prompts >= 0`, `0 < level < 1`.
    /// - Complexity: O(prompts) with one answer a prompt, otherwise O(draws · prompts · samples).
    public func intervalPower(prompts: Int, above share: Double, level: Double = 0.95, draws: Int = 10_000) -> Double {
        chance(prompts: prompts, level: level, draws: draws) { mean, count, effect in
            wilsonInterval(ofMean: mean, count: count, level: level, designEffect: effect).lower > share
        }
    }

    /// The probability that something is found, which is found of a higher mean if it is of a lower one.
    private func chance(
        prompts: Int, level: Double = 0.95, draws: Int,
        _ isFound: (_ mean: Double, _ count: Int, _ designEffect: Double) -> Bool
    ) -> Double {
        guard prompts > 0 else { return 0 }
        if samples == 1 {
            var (none, enough) = (-1, prompts + 1)
            while enough - none > 1 {
                let middle = (none + enough) / 2
                if isFound(Double(middle) / Double(prompts), prompts, 1) { enough = middle } else { none = middle }
            }
            return enough > prompts ? 0 : Proportion(successes: enough, count: prompts).upperTail(under: rate)
        }
        var generator = SeededGenerator(seed: 1)
        let studies = simulatedStudies(draws, prompts: prompts, samples: samples)
        let found = (0..<studies).count { _ in
            let scores = (0..<prompts).map { _ in answers(using: &generator) }
            let mean = scores.reduce(0) { $0 + $1.reduce(0, +) } / Double(prompts * samples)
            return isFound(mean, prompts * samples, designEffect(ofScores: scores, level: level))
        }
        return Double(found) / Double(studies)
    }

    private func answers(using generator: inout SeededGenerator) -> [Double] {
        if unitDraw(&generator) < intraclassCorrelation {
            return Array(repeating: unitDraw(&generator) < rate ? 1 : 0, count: samples)
        }
        return (0..<samples).map { _ in unitDraw(&generator) < rate ? 1 : 0 }
    }
}

extension Proportion {
    /// A mean between 0 and 1 as so many successes among as many independent trials as `count` answers are worth; both rounded down,
    /// so that rounding finds nothing.
    ///
    /// - Precondition: `0 <= mean <= 1`, `count >= 0`, `designEffect > 0`.
    public init(ofMean mean: Double, count: Int, designEffect: Double) {
        let effective = max(1, Int(Double(count) / designEffect))
        // A mean that is a quotient of whole numbers must not lose one of them to its last bit.
        self.init(
            successes: min(effective, Int((mean * Double(effective) + 1e-9).rounded(.down))), count: effective)
    }
}

/// How many studies are drawn: fewer of large ones, whose power varies less from draw to draw than their cost.
func simulatedStudies(_ draws: Int, prompts: Int, samples: Int) -> Int {
    let (size, isTooLarge) = prompts.multipliedReportingOverflow(by: samples)
    return isTooLarge ? 500 : min(draws, max(500, 20_000_000 / max(1, size)))
}

/// A number drawn evenly from [0, 1).
func unitDraw(_ generator: inout SeededGenerator) -> Double { Double(generator.next() >> 11) * 0x1p-53 }

/// The smallest value of a range for which `isEnough` holds, if it holds for all above, to within 2⁻¹² of the range; `nil` if it does
/// not even hold at the upper end.
public func smallestValue(in range: ClosedRange<Double>, _ isEnough: (Double) -> Bool) -> Double? {
    guard isEnough(range.upperBound) else { return nil }
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<12 {
        let middle = (low + high) / 2
        if isEnough(middle) { high = middle } else { low = middle }
    }
    return high
}

/// About how many prompts are enough, to within 2 %, for something that holds of more if it holds of fewer; `nil` beyond `limit`.
///
/// - Parameter from: a number of prompts that is not enough, or at which to begin.
public func promptsNeeded(from few: Int = 1, limit: Int = 4096, _ isEnough: (Int) -> Bool) -> Int? {
    var (few, enough) = (max(0, few), max(1, few))
    while !isEnough(enough) {
        guard enough <= limit / 2 else { return nil }
        (few, enough) = (enough, 2 * enough)
    }
    // What is enough at once may be more than enough.
    if few == enough { few = 0 }
    while enough - few > max(1, enough / 50) {
        let middle = (few + enough) / 2
        if isEnough(middle) { enough = middle } else { few = middle }
    }
    return enough
}

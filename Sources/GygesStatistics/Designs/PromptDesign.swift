/// What one prompt adds to a comparison of two tiers, before it is measured: so many pairs of answers, more or less alike.
///
/// Says what a study's tests can find. The unit is the prompt: pairs of one prompt may be alike, and the tests allow for it. With one
/// pair a prompt, McNemar's exact test is summed over all tables; everything else is found by drawing tables with a fixed seed and
/// testing them as they will be tested, so that the same design always has the same power.
public struct PromptDesign: Sendable, Hashable, Codable {
    /// The probabilities of a pair.
    public var pair: PairedDesign
    /// How many pairs each prompt has.
    public var samples: Int
    /// How far pairs of the same prompt are alike, from 0 (independent) to 1 (all the same): the intraclass correlation of their
    /// differences.
    public var intraclassCorrelation: Double

    /// Creates a design.
    ///
    /// - Precondition: `samples >= 1`, the correlation is between 0 and 1.
    public init(_ pair: PairedDesign, samples: Int = 1, intraclassCorrelation: Double = 0) {
        guard samples >= 1, (0...1).contains(intraclassCorrelation) else {
            fatalError("\(samples) samples with a correlation of \(intraclassCorrelation) are no design")
        }
        self.pair = pair
        self.samples = samples
        self.intraclassCorrelation = intraclassCorrelation
    }

    /// In which direction an effect counts.
    public enum Direction: Sendable, Hashable {
        /// In either: the test's p-value is two-sided.
        case either
        /// The first outcome is yes more often: half of the two-sided p-value.
        case greater
    }

    /// The probability that the test of the gap is below `alpha`: McNemar's exact test with one pair a prompt, otherwise the
    /// permutation of the tiers within prompts.
    ///
    /// - Precondition: `prompts >= 0`, `0 < alpha < 1`.
    /// - Complexity: O(prompts) with one pair a prompt, otherwise O(draws · prompts² · samples).
    public func power(prompts: Int, alpha: Double = 0.05, direction: Direction = .either, draws: Int = 10_000) -> Double
    {
        guard prompts > 0, smallestPValue(prompts: prompts, direction: direction) < alpha else { return 0 }
        if samples == 1 { return pair.power(pairs: prompts, alpha: alpha, direction: direction) }
        return share(of: draws, prompts: prompts) { tables in
            isFound(tables.map { $0.onlyFirst - $0.onlySecond }, alpha, direction)
        }
    }

    /// The probability that two one-sided score tests show the tiers to be equal to within `margin`.
    ///
    /// - Parameter level: the coverage of the intervals that go with the analysis, at which it allows for few prompts.
    /// - Precondition: `prompts >= 0`, `0 < margin < 1`, `0 < alpha < 1`, `0 < level < 1`.
    /// - Complexity: O(draws · prompts · samples).
    public func equivalencePower(
        prompts: Int, margin: Double, alpha: Double = 0.05, level: Double = 0.95, draws: Int = 10_000
    ) -> Double {
        share(of: draws, prompts: prompts) { tables in
            let effect = PairedCounts.designEffect(of: tables, level: level)
            return PairedCounts.sum(tables).equivalencePValue(margin: margin, designEffect: effect) < alpha
        }
    }

    /// The probability that the gap is found to exceed a control's over the same prompts by more than `margin`: that the interval of
    /// ``PairedCounts/difference(of:level:)`` lies above it.
    ///
    /// - Precondition: `prompts >= 0`, `0 < level < 1`.
    /// - Complexity: O(draws · prompts · samples).
    public func excessPower(
        over control: PromptDesign, prompts: Int, margin: Double, level: Double = 0.95, draws: Int = 10_000
    ) -> Double {
        share(of: draws, prompts: prompts, against: control) {
            (PairedCounts.difference(of: $0, level: level)?.interval.lower ?? -1) > margin
        }
    }

    /// The probability that the permutation of main condition and control within prompts is below `alpha`.
    ///
    /// - Precondition: `prompts >= 0`, `0 < alpha < 1`.
    /// - Complexity: O(draws · prompts² · samples).
    public func comparisonPower(
        over control: PromptDesign, prompts: Int, alpha: Double = 0.05, direction: Direction = .either,
        draws: Int = 10_000
    ) -> Double {
        guard smallestPValue(prompts: prompts, direction: direction) < alpha else { return 0 }
        return share(of: draws, prompts: prompts, against: control) { tables in
            isFound(
                tables.map { $0.first.onlyFirst - $0.first.onlySecond - $0.second.onlyFirst + $0.second.onlySecond },
                alpha, direction)
        }
    }

    /// The probability that the gap is found to be that of a control to within `margin`: that the interval of
    /// ``PairedCounts/difference(of:level:)`` at 1 − 2α lies within it.
    ///
    /// - Precondition: `prompts >= 0`, `0 < alpha < 0.5`.
    /// - Complexity: O(draws · prompts · samples).
    public func comparisonEquivalencePower(
        with control: PromptDesign, prompts: Int, margin: Double, alpha: Double = 0.05, draws: Int = 10_000
    ) -> Double {
        share(of: draws, prompts: prompts, against: control) { tables in
            guard let found = PairedCounts.difference(of: tables, level: max(1e-6, 1 - 2 * alpha))?.interval else {
                return false
            }
            return found.lower > -margin && found.upper < margin
        }
    }

    /// The smallest p-value that the test of a gap can have over so many prompts: that of all differing in one direction.
    public func smallestPValue(prompts: Int, direction: Direction = .either) -> Double {
        let twoSided = PairedCounts(onlyFirst: max(0, prompts)).mcNemarPValue
        return direction == .either ? twoSided : twoSided / 2
    }

    /// About how many prompts find the gap with the power asked for; `nil` without a gap, and beyond a million.
    ///
    /// By the normal approximation of the mean of prompts' differences (for one pair a prompt: Connor 1987), and never so few that the
    /// test could not find it if all differed.
    ///
    /// - Complexity: O(1).
    public func approximatePromptsNeeded(power: Double = 0.8, alpha: Double = 0.05) -> Int? {
        guard pair.onlyFirst != pair.onlySecond else { return nil }
        let inflation = (1 + Double(samples - 1) * intraclassCorrelation) / Double(samples)
        let count = (pair.approximatePairsNeeded(power: power, alpha: alpha) * inflation).rounded(.up)
        guard count <= 1_000_000 else { return nil }
        var prompts = max(1, Int(count))
        while prompts < 64, smallestPValue(prompts: prompts) >= alpha { prompts += 1 }
        return prompts
    }

    // MARK: - Drawing

    /// The share of drawn studies in which something is found.
    private func share(of draws: Int, prompts: Int, _ isFound: ([PairedCounts]) -> Bool) -> Double {
        guard prompts > 0 else { return 0 }
        var generator = SeededGenerator(seed: 1)
        let studies = simulatedStudies(draws, prompts: prompts, samples: samples)
        let found = (0..<studies).count { _ in isFound((0..<prompts).map { _ in table(using: &generator) }) }
        return Double(found) / Double(studies)
    }

    /// The same of two conditions over the same prompts, which are taken to be independent.
    private func share(
        of draws: Int, prompts: Int, against control: PromptDesign,
        _ isFound: ([(first: PairedCounts, second: PairedCounts)]) -> Bool
    ) -> Double {
        var others = SeededGenerator(seed: 2)
        return share(of: draws, prompts: prompts) { tables in
            isFound(tables.map { ($0, control.table(using: &others)) })
        }
    }

    /// One prompt's pairs. With the probability of the intraclass correlation they are all one and the same, otherwise independent.
    private func table(using generator: inout SeededGenerator) -> PairedCounts {
        var table = PairedCounts()
        func draw(_ weight: Int) {
            let value = unitDraw(&generator)
            if value < pair.onlyFirst {
                table.onlyFirst += weight
            } else if value < pair.onlyFirst + pair.onlySecond {
                table.onlySecond += weight
            } else {
                table.neither += weight
            }
        }
        if samples > 1, unitDraw(&generator) < intraclassCorrelation {
            draw(samples)
        } else {
            for _ in 0..<samples { draw(1) }
        }
        return table
    }

    /// Whether the permutation of so many differences is below `alpha`; by its normal limit where there are too many patterns.
    private func isFound(_ differences: [Int], _ alpha: Double, _ direction: Direction) -> Bool {
        let sum = differences.reduce(0, +)
        let squares = differences.reduce(0) { $0 + $1 * $1 }
        guard squares > 0, direction == .either || sum > 0 else { return false }
        // From 400 prompts on the limit is as good, and costs nothing.
        let exact = differences.count < 400 ? exactSignFlipPValue(differences) : nil
        let twoSided = exact ?? 2 * normalUpperTail(abs(Double(sum)) / Double(squares).squareRoot())
        return (direction == .either ? twoSided : twoSided / 2) < alpha
    }
}

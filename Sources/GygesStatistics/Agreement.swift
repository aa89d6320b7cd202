extension PairedCounts {
    /// The share of pairs with equal outcomes: two judges' raw agreement.
    public var agreement: Proportion { Proportion(successes: bothYes + neither, count: count) }

    /// Cohen's κ (1960, doi:10.1177/001316446002000104): `(pₒ − pₑ) / (1 − pₑ)`, the agreement beyond what two judges with these
    /// shares of yes would reach by chance; `nil` where chance alone gives full agreement, or without pairs.
    public var cohensKappa: Double? {
        guard let observed = agreement.estimate, let p = first.estimate, let q = second.estimate else { return nil }
        let expected = p * q + (1 - p) * (1 - q)
        return expected < 1 ? (observed - expected) / (1 - expected) : nil
    }

    /// The large-sample standard error of ``cohensKappa`` (Fleiss, Cohen & Everitt 1969, doi:10.1037/h0028106); `nil` where κ is not
    /// defined.
    public var kappaStandardError: Double? {
        guard let kappa = cohensKappa else { return nil }
        let n = Double(count)
        let cells = [[bothYes, onlyFirst], [onlySecond, neither]].map { $0.map { Double($0) / n } }
        let rows = cells.map { $0[0] + $0[1] }
        let columns = [cells[0][0] + cells[1][0], cells[0][1] + cells[1][1]]
        let chance = rows[0] * columns[0] + rows[1] * columns[1]
        var sum = 0.0
        for row in 0..<2 {
            for column in 0..<2 {
                let margins = (columns[row] + rows[column]) * (1 - kappa)
                let term = row == column ? 1 - margins : margins
                sum += cells[row][column] * term * term
            }
        }
        let centre = kappa - chance * (1 - kappa)
        return max(0, (sum - centre * centre) / n).squareRoot() / (1 - chance)
    }

    /// The interval of ``cohensKappa`` by its standard error, cut to [−1, 1]; `nil` where κ is not defined. It is too narrow for
    /// few pairs.
    ///
    /// Where all agree the standard error is 0 and says nothing: there the interval is that of the raw agreement (Wilson), chance
    /// agreement taken as found.
    ///
    /// - Parameters:
    ///   - level: The nominal coverage.
    ///   - designEffect: By how much pairs of the same prompt inflate the variance.
    /// - Precondition: `0 < level < 1`, `designEffect > 0`.
    public func kappaInterval(level: Double = 0.95, designEffect: Double = 1) -> Interval? {
        guard let kappa = cohensKappa, let standardError = kappaStandardError else { return nil }
        if discordant == 0, let yes = first.estimate {
            let chance = yes * yes + (1 - yes) * (1 - yes)
            let agreement = wilsonInterval(ofMean: 1, count: count, level: level, designEffect: designEffect)
            return Interval(lower: max(-1, (agreement.lower - chance) / (1 - chance)), upper: 1, level: level)
        }
        let half = -normalQuantile(tailProbability(ofLevel: level)) * standardError * designEffect.squareRoot()
        return Interval(lower: max(-1, kappa - half), upper: min(1, kappa + half), level: level)
    }

    /// Krippendorff's α of the two judges (2011, https://repository.upenn.edu/asc_papers/43), as ``krippendorffAlpha(_:distance:)``
    /// computes it from values; `nil` without pairs or where all values are equal.
    public var krippendorffAlpha: Double? {
        let values = 2 * Double(count)
        let yes = Double(2 * bothYes + discordant)
        let expected = 2 * yes * (values - yes) / (values * (values - 1))
        return expected > 0 ? 1 - Double(discordant) / Double(count) / expected : nil
    }
}

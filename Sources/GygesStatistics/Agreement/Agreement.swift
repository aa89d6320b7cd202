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
    /// Where all agree the standard error is 0 and says nothing: there it is ``scoreKappaInterval(level:designEffect:)``.
    ///
    /// - Parameters:
    ///   - level: The nominal coverage.
    ///   - designEffect: By how much pairs of the same prompt inflate the variance.
    /// - Precondition: `0 < level < 1`, `designEffect > 0`.
    public func kappaInterval(level: Double = 0.95, designEffect: Double = 1) -> Interval? {
        guard let kappa = cohensKappa, let standardError = kappaStandardError else { return nil }
        if discordant == 0 { return scoreKappaInterval(level: level, designEffect: designEffect) }
        let half = -normalQuantile(tailProbability(ofLevel: level)) * standardError * designEffect.squareRoot()
        return Interval(lower: max(-1, kappa - half), upper: min(1, kappa + half), level: level)
    }

    /// The interval of ``cohensKappa`` that belongs to Wilson's interval of the raw agreement, chance agreement taken as found; `nil`
    /// where κ is not defined. It has a width however few the pairs are and however well they agree.
    ///
    /// - Parameters:
    ///   - level: The nominal coverage.
    ///   - designEffect: By how much pairs of the same prompt inflate the variance.
    /// - Precondition: `0 < level < 1`, `designEffect > 0`.
    public func scoreKappaInterval(level: Double = 0.95, designEffect: Double = 1) -> Interval? {
        guard cohensKappa != nil, let p = first.estimate, let q = second.estimate else { return nil }
        let chance = p * q + (1 - p) * (1 - q)
        return scoreInterval(level, designEffect) { ($0 - chance) / (1 - chance) }
    }

    /// The same for ``krippendorffAlpha``.
    ///
    /// - Precondition: `0 < level < 1`, `designEffect > 0`.
    public func scoreAlphaInterval(level: Double = 0.95, designEffect: Double = 1) -> Interval? {
        guard let expected = expectedDisagreement, expected > 0 else { return nil }
        return scoreInterval(level, designEffect) { 1 - (1 - $0) / expected }
    }

    /// What a coefficient is at the ends of the raw agreement's interval.
    private func scoreInterval(
        _ level: Double, _ designEffect: Double, _ coefficient: (Double) -> Double
    ) -> Interval {
        let known = wilsonInterval(
            ofMean: agreement.estimate ?? 0, count: count, level: level, designEffect: designEffect)
        return Interval(
            lower: max(-1, coefficient(known.lower)), upper: min(1, coefficient(known.upper)), level: level)
    }

    /// Krippendorff's α of the two judges (2011, https://repository.upenn.edu/asc_papers/43), as ``krippendorffAlpha(_:distance:)``
    /// computes it from values; `nil` without pairs or where all values are equal.
    public var krippendorffAlpha: Double? {
        guard let expected = expectedDisagreement, expected > 0 else { return nil }
        return 1 - Double(discordant) / Double(count) / expected
    }

    /// The share of unequal values among all pairs of values, whoever gave them; `nil` without pairs.
    private var expectedDisagreement: Double? {
        guard count > 0 else { return nil }
        let values = 2 * Double(count)
        let yes = Double(2 * bothYes + discordant)
        return 2 * yes * (values - yes) / (values * (values - 1))
    }
}

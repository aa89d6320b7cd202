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
}

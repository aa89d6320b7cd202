#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How the level of a test is shared out over looks at growing data (Lan & DeMets 1983, doi:10.1093/biomet/70.3.659).
///
/// A function of how much of the data is there says how much of the level may be spent by then; a look spends what has been added. The
/// levels add up to the whole, so that the chance of any false finding at any look is at most that, whatever test is made and however
/// looks depend on each other: less is found than by boundaries that use how looks of a normal test depend, and nothing is assumed.
public enum AlphaSpending: String, Sendable, Codable, CaseIterable {
    /// Very little early and almost all at the end: 2 − 2Φ(z/√t).
    case obrienFleming = "obrien-fleming"
    /// About as much at every look: α·ln(1 + (e − 1)t).
    case pocock
    /// As much as data have been added: α·t.
    case even

    /// The level of each look.
    ///
    /// - Parameters:
    ///   - alpha: the level of all looks together.
    ///   - shares: how much of the data is there at each, ascending, the last one 1.
    /// - Returns: levels that add up to `alpha`.
    /// - Precondition: `0 < alpha < 1`, shares are above 0, ascend and end at 1.
    public func levels(alpha: Double, shares: [Double]) -> [Double] {
        guard alpha > 0, alpha < 1, shares.last == 1, (shares.first ?? 0) > 0,
            zip(shares, shares.dropFirst()).allSatisfy(<)
        else { fatalError("\(shares) are no shares of ascending data, or \(alpha) no level") }
        var spent = 0.0
        return shares.map { share in
            // The end is met exactly.
            let total = share == 1 ? alpha : min(alpha, spending(alpha, share))
            defer { spent = max(spent, total) }
            return max(0, total - spent)
        }
    }

    private func spending(_ alpha: Double, _ share: Double) -> Double {
        switch self {
        case .obrienFleming: 2 * normalUpperTail(-normalQuantile(alpha / 2) / share.squareRoot())
        case .pocock: alpha * log(1 + (exp(1) - 1) * share)
        case .even: alpha * share
        }
    }
}

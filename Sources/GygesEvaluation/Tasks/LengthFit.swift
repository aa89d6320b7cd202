/// Filling a text to a length in tokens.
enum LengthFit {
    /// The most often that a text is made and counted for one fit.
    static let trialLimit = 16

    /// The largest number of units whose text does not exceed a number of tokens.
    ///
    /// The number of tokens grows nearly linearly with that of units, so that interpolation between a number that fits and
    /// one that does not finds the edge in a few trials; mostly three or four, at most ``trialLimit``. If the trials run out, the
    /// largest number known to fit is returned.
    ///
    /// - Parameters:
    ///   - target: the most tokens.
    ///   - units: the numbers of units that are possible.
    ///   - guess: a number of units that probably fits, such as the last sample's.
    ///   - count: the tokens of the text of so many units.
    /// - Returns: the number of units, or `nil` if even the smallest does not fit, with the smallest text's tokens.
    static func largestCount(
        atMost target: Int, in units: ClosedRange<Int>, guess: Int? = nil, count: (Int) throws -> Int
    ) rethrows -> (units: Int?, smallest: Int) {
        let smallest = try count(units.lowerBound)
        guard smallest <= target else { return (nil, smallest) }
        var fitting = (units: units.lowerBound, tokens: smallest)
        var exceeding: (units: Int, tokens: Int)?
        // A unit's tokens, until two texts have been counted: low, so that the first step goes too far rather than too short.
        var slope = 1.0
        var next = guess
        for _ in 1..<trialLimit {
            let most = exceeding.map { $0.units - 1 } ?? units.upperBound
            guard fitting.units < most else { break }
            if next == nil {
                if let exceeding {
                    slope =
                        Double(exceeding.tokens - fitting.tokens) / Double(exceeding.units - fitting.units)
                }
                next = fitting.units + Int(Double(target - fitting.tokens) / max(slope, 1e-3))
            }
            let trial = min(max(next ?? 0, fitting.units + 1), most)
            let tokens = try count(trial)
            slope = max(1e-3, Double(tokens - smallest) / Double(trial - units.lowerBound))
            if tokens <= target { fitting = (trial, tokens) } else { exceeding = (trial, tokens) }
            next = nil
        }
        return (fitting.units, smallest)
    }
}

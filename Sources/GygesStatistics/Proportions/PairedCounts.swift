/// Two yes-or-no outcomes of the same subjects, counted: the 2×2 table of a paired comparison.
public struct PairedCounts: Sendable, Hashable, Codable {
    /// Pairs in which both outcomes are yes.
    public var bothYes: Int
    /// Pairs in which only the first is.
    public var onlyFirst: Int
    /// Pairs in which only the second is.
    public var onlySecond: Int
    /// Pairs in which neither is.
    public var neither: Int

    /// Creates a table.
    ///
    /// - Precondition: No count is negative.
    public init(bothYes: Int = 0, onlyFirst: Int = 0, onlySecond: Int = 0, neither: Int = 0) {
        guard min(bothYes, onlyFirst, onlySecond, neither) >= 0 else { fatalError("a count of pairs is negative") }
        self.bothYes = bothYes
        self.onlyFirst = onlyFirst
        self.onlySecond = onlySecond
        self.neither = neither
    }

    /// - Throws: `DecodingError` if a count is negative.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func count(_ key: CodingKeys) throws -> Int {
            let value = try container.decode(Int.self, forKey: key)
            // The bound keeps the sum of four counts from overflowing.
            guard value >= 0, value <= Int.max / 4 else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(value) is not a count of pairs")
            }
            return value
        }
        bothYes = try count(.bothYes)
        onlyFirst = try count(.onlyFirst)
        onlySecond = try count(.onlySecond)
        neither = try count(.neither)
    }

    private enum CodingKeys: CodingKey {
        case bothYes, onlyFirst, onlySecond, neither
    }

    /// Adds one pair.
    public mutating func count(first: Bool, second: Bool) {
        switch (first, second) {
        case (true, true): bothYes += 1
        case (true, false): onlyFirst += 1
        case (false, true): onlySecond += 1
        case (false, false): neither += 1
        }
    }

    /// How many pairs there are.
    public var count: Int { bothYes + onlyFirst + onlySecond + neither }
    /// How many pairs have different outcomes; they alone speak for or against a difference.
    public var discordant: Int { onlyFirst + onlySecond }
    /// The first outcome's share of yes.
    public var first: Proportion { Proportion(successes: bothYes + onlyFirst, count: count) }
    /// The second outcome's share of yes.
    public var second: Proportion { Proportion(successes: bothYes + onlySecond, count: count) }
    /// The first share minus the second; `nil` without pairs.
    public var difference: Double? { count == 0 ? nil : Double(onlyFirst - onlySecond) / Double(count) }

    /// The correlation of the two outcomes (φ), its numerator reduced by n/2 but not below 0 where it is positive, as
    /// Newcombe's method 10 asks; 0 where a margin is empty.
    private var correctedCorrelation: Double {
        let (a, b, c, d) = (Double(bothYes), Double(onlyFirst), Double(onlySecond), Double(neither))
        let margins = (a + b) * (c + d) * (a + c) * (b + d)
        guard margins > 0 else { return 0 }
        let product = a * d - b * c
        return (product > 0 ? max(0, product - Double(count) / 2) : product) / margins.squareRoot()
    }

    /// The interval for the difference of the two shares, from their Wilson intervals and their correlation (Newcombe 1998,
    /// doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C, method 10).
    ///
    /// - Returns: The interval, or [−1, 1] without pairs.
    /// - Precondition: `0 < level < 1`.
    public func newcombeInterval(level: Double = 0.95) -> Interval {
        newcombe(first, second, correlation: correctedCorrelation, level: level)
    }

    /// The two-sided exact p-value of McNemar's test (McNemar 1947, doi:10.1007/BF02295996): the probability, if either kind of
    /// discordant pair were equally likely, of a split at least as uneven. 1 without discordant pairs.
    public var mcNemarPValue: Double { binomialSignTest(onlyFirst, onlySecond).exact }

    /// The smallest value that ``mcNemarPValue`` can have with so many pairs: that of all pairs differing in one direction.
    public var smallestMcNemarPValue: Double { binomialSignTest(count, 0).exact }

    /// The mid-p variant, which counts the observed split by half and so is less conservative (Fagerland, Lydersen & Laake 2013,
    /// doi:10.1186/1471-2288-13-91). 1 without discordant pairs.
    public var mcNemarMidPValue: Double { binomialSignTest(onlyFirst, onlySecond).mid }
}

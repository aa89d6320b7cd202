/// How many tokens documents teach: counts of documents by powers of two.
public struct SupervisionHistogram: Sendable, Equatable {
    /// Documents with a number of tokens from a power of two to below the next.
    public struct Bin: Sendable, Equatable {
        /// The minimum and the maximum number of tokens; 0 has a bin of its own.
        public var range: ClosedRange<Int>
        /// How many documents have so many.
        public var documentCount: Int
    }

    /// By the bits of the number of tokens.
    private var counts: [Int] = []
    /// The documents.
    public private(set) var documentCount = 0
    /// The tokens that they teach together.
    public private(set) var tokenCount = 0
    /// The fewest tokens that one of them teaches; 0 without documents.
    public private(set) var minimum = 0
    /// The most.
    public private(set) var maximum = 0

    /// A histogram of nothing.
    public init() {}

    /// Counts a document that teaches so many tokens.
    public mutating func add(_ supervisedCount: Int) {
        let bits = Int.bitWidth - max(0, supervisedCount).leadingZeroBitCount
        while counts.count <= bits { counts.append(0) }
        counts[bits] += 1
        minimum = documentCount == 0 ? supervisedCount : min(minimum, supervisedCount)
        maximum = max(maximum, supervisedCount)
        documentCount += 1
        tokenCount += supervisedCount
    }

    /// The bins from the first with a document to the last; empty ones between them included.
    public var bins: [Bin] {
        guard let first = counts.firstIndex(where: { $0 > 0 }) else { return [] }
        return (first..<counts.count).map { bits in
            Bin(range: bits == 0 ? 0...0 : 1 << (bits - 1)...(1 << bits - 1), documentCount: counts[bits])
        }
    }
}

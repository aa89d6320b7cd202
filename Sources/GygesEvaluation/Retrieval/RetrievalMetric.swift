#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A measure of a ranking, by the definitions of trec_eval. Names are those that ranx and BEIR use: `ndcg@10`.
///
/// A document is relevant if its grade is 1 or more; what nobody judged is not.
public enum RetrievalMetric: Sendable, Hashable, CustomStringConvertible {
    /// Discounted cumulative gain with the grade as gain, as a share of the best possible (Järvelin & Kekäläinen 2002,
    /// doi:10.1145/582415.582418; `ndcg_cut`).
    case normalizedGain(Int)
    /// The share of relevant documents that stand among the first (`recall`).
    case recall(Int)
    /// The share of the first that are relevant, missing ones counted as not (`P`).
    case precision(Int)
    /// One over the rank of the first relevant document, 0 if it is not among the first (`recip_rank`).
    case reciprocalRank(Int)
    /// The mean, over all relevant documents, of the precision where they stand; 0 for those not among the first (`map_cut`).
    case averagePrecision(Int)

    /// Reads a name such as `recall@100`.
    public init?(_ name: String) {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let cut = Int(parts[1]), (1...Self.cutLimit).contains(cut) else { return nil }
        switch parts[0] {
        case "ndcg": self = .normalizedGain(cut)
        case "recall": self = .recall(cut)
        case "precision": self = .precision(cut)
        case "mrr": self = .reciprocalRank(cut)
        case "map": self = .averagePrecision(cut)
        default: return nil
        }
    }

    /// The largest cut.
    public static let cutLimit = 100_000

    /// What BEIR reports, and the early ranks.
    public static let standard: [RetrievalMetric] = [
        .normalizedGain(10), .reciprocalRank(10), .recall(10), .recall(100), .precision(10), .averagePrecision(100),
    ]

    /// The name that ``init(_:)`` reads.
    public var description: String {
        switch self {
        case .normalizedGain(let cut): "ndcg@\(cut)"
        case .recall(let cut): "recall@\(cut)"
        case .precision(let cut): "precision@\(cut)"
        case .reciprocalRank(let cut): "mrr@\(cut)"
        case .averagePrecision(let cut): "map@\(cut)"
        }
    }

    /// How many documents of a ranking count.
    public var cut: Int {
        switch self {
        case .normalizedGain(let cut), .recall(let cut), .precision(let cut), .reciprocalRank(let cut),
            .averagePrecision(let cut):
            cut
        }
    }

    /// The value for one ranking.
    ///
    /// - Parameters:
    ///   - grades: The grade of each ranked document, best first; 0 or less for what is not relevant.
    ///   - ideal: The grades of all relevant documents, the highest first.
    /// - Returns: From 0 to 1; 0 if nothing is relevant.
    /// - Complexity: O(cut).
    public func value(grades: some Collection<Int>, ideal: [Int]) -> Double {
        guard !ideal.isEmpty else { return 0 }
        let seen = grades.prefix(cut)
        let found = { seen.reduce(0.0) { $0 + ($1 > 0 ? 1 : 0) } }
        switch self {
        case .normalizedGain: return Self.gain(seen) / Self.gain(ideal.prefix(cut))
        case .recall: return found() / Double(ideal.count)
        case .precision: return found() / Double(cut)
        case .reciprocalRank:
            return seen.enumerated().first { $0.element > 0 }.map { 1 / Double($0.offset + 1) } ?? 0
        case .averagePrecision:
            var (count, sum) = (0, 0.0)
            for (index, grade) in seen.enumerated() where grade > 0 {
                count += 1
                sum += Double(count) / Double(index + 1)
            }
            return sum / Double(ideal.count)
        }
    }

    private static func gain(_ grades: some Sequence<Int>) -> Double {
        grades.enumerated().reduce(0) { $1.element > 0 ? $0 + Double($1.element) / log2(Double($1.offset + 2)) : $0 }
    }
}

import GygesKernels

/// The best documents of each query, gathered from blocks of scores.
///
/// Of equal scores the earlier document wins. Used by one caller at a time; memory is at most twice the depth for each query.
final class TopScores {
    private let depth: Int
    /// For each query keys that order as documents do: the score's bits, made to ascend with it, above the document's number,
    /// made to descend.
    private var keys: [[UInt64]]
    /// What a document must exceed to be kept.
    private var thresholds: [Float]

    /// - Parameter floor: Documents with this score or less are never kept.
    init(queryCount: Int, depth: Int, floor: Float = -.infinity) {
        self.depth = depth
        keys = Array(repeating: [], count: queryCount)
        thresholds = Array(repeating: floor, count: queryCount)
    }

    /// Takes in scores of further documents for some queries.
    ///
    /// - Parameters:
    ///   - scores: `[documentCount, queries.count]`
    ///   - firstDocument: The number of the first document; numbers ascend from call to call.
    ///   - queries: The queries, numbered.
    func offer(
        _ scores: UnsafePointer<Float>, documentCount: Int, firstDocument: Int, queries: Range<Int>, team: ThreadTeam
    ) {
        let depth = depth
        keys.withUnsafeMutableBufferPointer { keys in
            thresholds.withUnsafeMutableBufferPointer { thresholds in
                // Parts have queries of their own.
                nonisolated(unsafe) let (keys, thresholds) = (keys, thresholds)
                team.run(parts: (queries.count + Self.queriesTogether - 1) / Self.queriesTogether) { part in
                    let start = part * Self.queriesTogether
                    let columns = start..<min(start + Self.queriesTogether, queries.count)
                    for document in 0..<documentCount {
                        let row = scores + document * queries.count
                        for column in columns {
                            let query = queries.lowerBound + column
                            guard row[column] > thresholds[query] else { continue }
                            keys[query].append(Self.key(row[column], firstDocument + document))
                            guard keys[query].count >= 2 * depth else { continue }
                            Self.prune(&keys[query], to: depth)
                            thresholds[query] = Self.score(keys[query][depth - 1])
                        }
                    }
                }
            }
        }
    }

    /// The best documents of a query, the best first.
    func hits(ofQuery query: Int) -> [SearchHit] {
        var kept = keys[query]
        Self.prune(&kept, to: depth)
        return kept.map { SearchHit(document: Int(~UInt32(truncatingIfNeeded: $0)), score: Self.score($0)) }
    }

    /// Neighbouring scores of a row, a line or two of the cache.
    private static let queriesTogether = 32

    private static func prune(_ keys: inout [UInt64], to depth: Int) {
        keys.sort(by: >)
        if keys.count > depth { keys.removeLast(keys.count - depth) }
    }

    private static func key(_ score: Float, _ document: Int) -> UInt64 {
        let bits = (score + 0).bitPattern  // Adding makes -0 equal to 0.
        let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return UInt64(ordered) << 32 | UInt64(~UInt32(truncatingIfNeeded: document))
    }

    private static func score(_ key: UInt64) -> Float {
        let ordered = UInt32(truncatingIfNeeded: key >> 32)
        return Float(bitPattern: ordered >> 31 == 0 ? ~ordered : ordered & ~(1 << 31))
    }
}

/// A document that a search found.
public struct SearchHit: Sendable, Equatable {
    /// Its number, in the order of adding.
    public var document: Int
    /// Its score.
    public var score: Float

    /// Creates a hit.
    public init(document: Int, score: Float) {
        self.document = document
        self.score = score
    }
}

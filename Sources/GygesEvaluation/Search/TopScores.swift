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
                guard let firstKeys = keys.baseAddress, let firstThreshold = thresholds.baseAddress else { return }
                // Parts have queries of their own.
                nonisolated(unsafe) let (keys, thresholds) = (
                    firstKeys + queries.lowerBound, firstThreshold + queries.lowerBound
                )
                team.run(parts: (queries.count + Self.queriesTogether - 1) / Self.queriesTogether) { part in
                    let first = part * Self.queriesTogether
                    let count = min(Self.queriesTogether, queries.count - first)
                    for document in 0..<documentCount {
                        let row = scores + (document * queries.count + first)
                        // Nearly always nothing is kept, and to find that out takes no branches.
                        var found: UInt8 = 0
                        for column in 0..<count { found |= row[column] > thresholds[first + column] ? 1 : 0 }
                        guard found != 0 else { continue }
                        for column in 0..<count where row[column] > thresholds[first + column] {
                            let query = first + column
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
        keys[query].sorted(by: >).prefix(depth).map {
            SearchHit(document: Int(~UInt32(truncatingIfNeeded: $0)), score: Self.score($0))
        }
    }

    /// Neighbouring scores of a row, a line or two of the cache.
    private static let queriesTogether = 16

    /// Leaves the `depth` largest keys, in any order but the least of them last (Hoare's selection, 1961). Keys differ all.
    ///
    /// - Precondition: There are as many.
    /// - Complexity: O(keys) on average.
    private static func prune(_ keys: inout [UInt64], to depth: Int) {
        var (low, high) = (0, keys.count - 1)
        while low < high {
            let ends = (min(keys[low], keys[high]), max(keys[low], keys[high]))
            let pivot = max(ends.0, min(ends.1, keys[(low + high) / 2]))
            var (left, right) = (low, high)
            while left <= right {
                while keys[left] > pivot { left += 1 }
                while keys[right] < pivot { right -= 1 }
                guard left <= right else { break }
                keys.swapAt(left, right)
                left += 1
                right -= 1
            }
            if depth - 1 <= right { high = right } else if depth - 1 >= left { low = left } else { break }
        }
        keys.removeLast(keys.count - depth)
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

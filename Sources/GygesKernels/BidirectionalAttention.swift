/// What attention of an encoder computes in.
public enum AttentionPrecision: Sendable, Equatable {
    /// Scores, weights and sums in f32.
    case float32
    /// Queries, keys, values and softmax weights rounded to bfloat16; sums in f32.
    case bfloat16
}

/// Attention within packed sequences in which every position sees both sides (ModernBERT, Warner et al. 2024, §2.1).
public struct BidirectionalAttention {
    /// The rows of each sequence, end to end and in order.
    public var sequences: [Range<Int>]
    /// The number of heads, of queries and of keys.
    public var headCount: Int
    /// Channels a head; even.
    public var headDimension: Int
    /// Position `i` sees `j` where `|i - j| ≤ reach`; `nil` sees all of its sequence.
    public var reach: Int?
    /// What scores are multiplied by before the softmax.
    public var scale: Float
    /// Cosines `[longest sequence, headDimension / 2]` by position in the sequence: channel `c` turns with `c + headDimension / 2`.
    public var cosines: [Float]
    /// Sines, as ``cosines``.
    public var sines: [Float]
    /// What is computed in.
    public var precision: AttentionPrecision

    /// Describes attention; `scale` is `1/√headDimension`.
    public init(
        sequences: [Range<Int>], headCount: Int, headDimension: Int, reach: Int?, cosines: [Float], sines: [Float],
        precision: AttentionPrecision
    ) {
        self.sequences = sequences
        self.headCount = headCount
        self.headDimension = headDimension
        self.reach = reach
        scale = 1 / Float(headDimension).squareRoot()
        self.cosines = cosines
        self.sines = sines
        self.precision = precision
    }

    /// Computes softmax(Q · Kᵀ · scale) · V for each head, Q and K turned by their positions first.
    ///
    /// A result depends only on its own sequence: neither other sequences nor the number of threads change a bit. Nothing
    /// of a size that grows with length² is stored.
    /// - Parameters:
    ///   - queries: `[queryRows.count, headCount · headDimension]`, not yet turned.
    ///   - queryRows: The rows that the queries belong to, ascending; `nil` for every row.
    ///   - keys: `[rows, headCount · headDimension]`, not yet turned; `values` alike.
    ///   - output: As `queries`, overwritten.
    /// - Complexity: O(rows · min(length, 2 · reach) · headCount · headDimension).
    public func callAsFunction(
        queries: Span<Float>, at queryRows: [Int]?, keys: Span<Float>, values: Span<Float>,
        into output: inout MutableSpan<Float>, team: ThreadTeam
    ) {
        let width = headCount * headDimension
        let half = headDimension / 2
        func turned(_ x: Span<Float>, _ start: Int, _ position: Int) -> [Float] {
            var result = [Float](repeating: 0, count: headDimension)
            for c in 0..<half {
                let (cosine, sine) = (cosines[position * half + c], sines[position * half + c])
                result[c] = x[start + c] * cosine - x[start + half + c] * sine
                result[half + c] = x[start + half + c] * cosine + x[start + c] * sine
            }
            return result
        }
        let rows = queryRows ?? Array(0..<(queries.count / width))
        for (index, row) in rows.enumerated() {
            guard let sequence = sequences.first(where: { $0.contains(row) }) else { continue }
            let visible =
                reach.map { max(sequence.lowerBound, row - $0)..<min(sequence.upperBound, row + $0 + 1) } ?? sequence
            for head in 0..<headCount {
                let query = turned(queries, index * width + head * headDimension, row - sequence.lowerBound)
                var scores: [Float] = []
                for key in visible {
                    let k = turned(keys, key * width + head * headDimension, key - sequence.lowerBound)
                    scores.append(zip(query, k).reduce(0) { $0 + $1.0 * $1.1 } * scale)
                }
                let largest = scores.max() ?? 0
                let weights = scores.map { exponential($0 - largest) }
                let sum = weights.reduce(0, +)
                for c in 0..<headDimension {
                    var total: Float = 0
                    for (weight, key) in zip(weights, visible) {
                        total += weight * values[key * width + head * headDimension + c]
                    }
                    output[index * width + head * headDimension + c] = total / sum
                }
            }
        }
    }
}

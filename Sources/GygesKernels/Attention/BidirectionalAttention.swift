import CGygesKernels

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
    /// How many positions of each sequence are seen, from the first on; `nil` for all. Those behind them see and are not seen;
    /// what is too far from the others to see one gets zeros, as torch's attention gives it.
    public var attendedCounts: [Int]?
    /// The number of heads, of queries and of keys.
    public var headCount: Int
    /// Channels a head; even.
    public var headDimension: Int
    /// Position `i` sees `j` where `|i - j| ≤ windowRadius`; `nil` sees all of its sequence.
    public var windowRadius: Int?
    /// What scores are multiplied by before the softmax.
    public var scale: Float
    /// Cosines `[longest sequence, headDimension / 2]` by position in the sequence: channel `c` is rotated with `c + headDimension / 2`.
    public var cosines: [Float]
    /// Sines, as ``cosines``.
    public var sines: [Float]
    /// What is computed in.
    public var precision: AttentionPrecision

    /// Describes attention; `scale` is `1/√headDimension`.
    public init(
        sequences: [Range<Int>], attendedCounts: [Int]? = nil, headCount: Int, headDimension: Int, windowRadius: Int?,
        cosines: [Float], sines: [Float],
        precision: AttentionPrecision
    ) {
        self.sequences = sequences
        self.attendedCounts = attendedCounts
        self.headCount = headCount
        self.headDimension = headDimension
        self.windowRadius = windowRadius
        scale = 1 / Float(headDimension).squareRoot()
        self.cosines = cosines
        self.sines = sines
        self.precision = precision
    }

    /// Computes softmax(Q · Kᵀ · scale) · V for each head, Q and K rotated by their positions first.
    ///
    /// A result depends only on its own sequence: neither other sequences, nor the number of threads, nor which other queries
    /// are asked change a bit. Results are finite as long as values are and scores stay below 10³⁷. Nothing of a size that
    /// grows with length² is stored: keys and values are packed a few mebibytes at a time, or one head of a long sequence.
    /// - Parameters:
    ///   - queries: `[queryRows.count, headCount · headDimension]`, not yet rotated.
    ///   - queryRows: The rows that the queries belong to, ascending; `nil` for every row.
    ///   - keys: `[rows, headCount · headDimension]`, not yet rotated; `values` alike.
    ///   - output: As `queries`, overwritten.
    /// - Complexity: O(rows · min(length, 2 · windowRadius) · headCount · headDimension).
    public func callAsFunction(
        queries: Span<Float>, at queryRows: [Int]?, keys: Span<Float>, values: Span<Float>,
        into output: inout MutableSpan<Float>, team: ThreadTeam
    ) {
        let width = headCount * headDimension, longest = sequences.reduce(0) { max($0, $1.count) }
        expect(width > 0 && headDimension % 2 == 0, "bidirectional attention: heads need an even number of channels")
        expect(
            queries.count == (queryRows?.count ?? sequences.last?.upperBound ?? 0) * width
                && output.count == queries.count && keys.count == values.count && sequences.first?.lowerBound ?? 0 == 0
                && zip(sequences, sequences.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }
                && keys.count == (sequences.last?.upperBound ?? 0) * width && sines.count == cosines.count
                && cosines.count >= longest * headDimension / 2,
            "bidirectional attention: shapes do not agree")
        expect(
            attendedCounts.map { counts in
                counts.count == sequences.count
                    && zip(counts, sequences).allSatisfy { seen, rows in (1...max(1, rows.count)).contains(seen) }
            } ?? true, "bidirectional attention: counts of seen positions that no sequence has")
        guard queries.count > 0 else { return }
        keys.withUnsafeBufferPointer { keys in
            values.withUnsafeBufferPointer { values in
                cosines.withUnsafeBufferPointer { cosines in
                    sines.withUnsafeBufferPointer { sines in
                        withPointers(queries, &output) { queries, output in
                            let memory = BidirectionalMemory(
                                queries: queries.baseAddress!, keys: keys.baseAddress!, values: values.baseAddress!,
                                cosines: cosines.baseAddress!, sines: sines.baseAddress!, output: output.baseAddress!)
                            BidirectionalWork(self, at: queryRows, memory).run(team: team)
                        }
                    }
                }
            }
        }
    }
}

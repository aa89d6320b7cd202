import CGygesKernels

/// The rows of one sequence in a batch and where its keys and values are.
public struct AttentionSequence {
    /// The sequence's first row in the batch.
    public var firstRow: Int
    /// The number of its rows.
    public var rowCount: Int
    /// The position of the first row in its sequence.
    public var firstPosition: Int
    /// The blocks of one layer, in order; they reach to the last row's position.
    public var blocks: [UnsafeRawPointer]
    /// The chunks of Dual Chunk Attention, whole blocks long; `nil` for ordinary attention.
    public var chunks: DualChunks?
    /// What the scale of scores is multiplied by.
    public var temperature: Float
    /// The blocks that are attended to; `nil` for all up to each row's position.
    public var visibleBlocks: Range<Int>?

    /// Creates a sequence.
    public init(
        firstRow: Int, rowCount: Int, firstPosition: Int, blocks: [UnsafeRawPointer], chunks: DualChunks? = nil,
        temperature: Float = 1, visibleBlocks: Range<Int>? = nil
    ) {
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.firstPosition = firstPosition
        self.blocks = blocks
        self.chunks = chunks
        self.temperature = temperature
        self.visibleBlocks = visibleBlocks
    }
}

/// Causal grouped-query attention over cached keys and values: each row sees its own position and all before.
///
/// Nothing of the size of the score matrix is stored. A row's result depends only on its own sequence up to it: not on
/// the other sequences, on how the sequence was cut into passes, or on the number of threads.
/// - Parameters:
///   - queries: `[variants, rowCount, queryStride]`, each row beginning with `[queryHeadCount · headDimension]`. One
///     variant, or three if a sequence has chunks: rotated for keys of the row's own chunk, of the chunk before it, and of
///     chunks before that (``DualChunks/queryPosition(of:chunksBack:)``). Rows of other sequences have only the first.
///   - queryHeadCount: A multiple of `layout.headCount`; consecutive query heads share a key-value head.
///   - scale: What scores are multiplied by.
///   - y: `[rowCount, queryStride]`; the sequences' rows are overwritten.
///   - logSumExp: If not empty, `[rowCount, queryHeadCount]`: receives log Σ exp(score) of each row and head, which
///     ``mergeAttention(_:logSumExp:into:logSumExp:)`` needs.
/// - Complexity: O(Σ rows · keys · queryHeadCount · headDimension). Blocks that several sequences of
///   a few rows share are read once for all of them. A few rows with many keys are shared out by spans of 1,024 keys;
///   everything else by rows and heads.
public func attention(
    queries: Span<Float>, rowCount: Int, queryStride: Int, queryHeadCount: Int, sequences: [AttentionSequence],
    layout: KeyValueLayout, scale: Float, into y: inout MutableSpan<Float>, logSumExp: inout MutableSpan<Float>,
    team: ThreadTeam
) {
    let group = queryHeadCount / layout.headCount
    expect(
        group * layout.headCount == queryHeadCount && queryHeadCount * layout.headDimension <= queryStride
            && y.count == rowCount * queryStride && [0, rowCount * queryHeadCount].contains(logSumExp.count),
        "attention: shapes do not agree")
    var variants = 1
    for sequence in sequences {
        let last = sequence.firstPosition + sequence.rowCount - 1
        expect(
            sequence.blocks.count * KeyValueLayout.blockLength > last && sequence.firstRow >= 0
                && sequence.firstRow + sequence.rowCount <= rowCount,
            "attention: rows or blocks are missing")
        if let chunks = sequence.chunks {
            expect(chunks.stride % KeyValueLayout.blockLength == 0, "attention: chunks are not whole blocks")
            variants = 3
        }
    }
    expect(queries.count >= variants * rowCount * queryStride, "attention: variants of queries are missing")

    let work = AttentionWork(
        sequences: sequences, headCount: layout.headCount, group: group, threadCount: team.threadCount)
    let record = gyges_attention_record(layout.headDimension)
    let records = UnsafeMutablePointer<Float>.allocate(capacity: max(1, work.recordCount * record))
    defer { records.deallocate() }
    logSumExp.withUnsafeMutableBufferPointer { sums in
        nonisolated(unsafe) let sums = sums
        withPointers(queries, &y) { queries, y in
            let runner = AttentionRunner(
                queries: queries.baseAddress!, variantStride: variants == 3 ? rowCount * queryStride : 0,
                queryStride: queryStride, queryHeadCount: queryHeadCount, layout: layout, scale: scale,
                output: y.baseAddress!, logSumExp: sums.baseAddress, sequences: sequences, records: records,
                kernels: team.instructionSet.kernels.pointee.vector)
            runner.run(work, team: team)
        }
    }
}

/// As above, without the logarithms of the sums.
public func attention(
    queries: Span<Float>, rowCount: Int, queryStride: Int, queryHeadCount: Int, sequences: [AttentionSequence],
    layout: KeyValueLayout, scale: Float, into y: inout MutableSpan<Float>, team: ThreadTeam
) {
    var none = MutableSpan<Float>()
    attention(
        queries: queries, rowCount: rowCount, queryStride: queryStride, queryHeadCount: queryHeadCount,
        sequences: sequences, layout: layout, scale: scale, into: &y, logSumExp: &none, team: team)
}

/// Merges attention over some keys into attention over other keys of the same queries: the result is attention over both
/// (up to rounding).
///
/// - Parameters:
///   - other: `[queries, d]`, the outputs over the other keys; `otherLogSumExp` `[queries]` belongs to it.
///   - output: As `other`, overwritten; `logSumExp` likewise. A query that saw no key has zeros and -infinity.
public func mergeAttention(
    _ other: Span<Float>, logSumExp otherLogSumExp: Span<Float>, into output: inout MutableSpan<Float>,
    logSumExp: inout MutableSpan<Float>
) {
    let queryCount = logSumExp.count
    guard queryCount > 0 else { return }
    let dimension = output.count / queryCount
    expect(
        output.count == queryCount * dimension && other.count == output.count && otherLogSumExp.count == queryCount,
        "mergeAttention: shapes do not agree")
    for query in 0..<queryCount {
        let (a, b) = (logSumExp[query], otherLogSumExp[query])
        let largest = max(a, b)
        guard largest > -.infinity else { continue }
        let (keep, take) = (exponential(a - largest), exponential(b - largest))
        let sum = keep + take
        for channel in query * dimension..<(query + 1) * dimension {
            output[channel] = (output[channel] * keep + other[channel] * take) / sum
        }
        logSumExp[query] = largest + logarithm(sum)
    }
}

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

    /// Creates a sequence.
    public init(firstRow: Int, rowCount: Int, firstPosition: Int, blocks: [UnsafeRawPointer]) {
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.firstPosition = firstPosition
        self.blocks = blocks
    }
}

/// Causal grouped-query attention over cached keys and values: each row sees its own position and all before.
///
/// Nothing of the size of the score matrix is stored. A row's result depends only on its own sequence up to it: not on
/// the other sequences, on how the sequence was cut into passes, or on the number of threads.
/// - Parameters:
///   - queries: Rows `queryStride` floats apart, each `[queryHeadCount · headDimension]`.
///   - queryHeadCount: A multiple of `layout.headCount`; consecutive query heads share a key-value head.
///   - scale: What scores are multiplied by.
///   - y: Shaped as `queries`; the sequences' rows are overwritten.
public func attention(
    queries: Span<Float>, queryStride: Int, queryHeadCount: Int, sequences: [AttentionSequence],
    layout: KeyValueLayout, scale: Float, into y: inout MutableSpan<Float>, team: ThreadTeam
) {
    let group = queryHeadCount / layout.headCount
    let dimension = layout.headDimension
    expect(
        group * layout.headCount == queryHeadCount && queryHeadCount * dimension <= queryStride
            && y.count == queries.count,
        "attention: shapes do not agree")
    let pieces = attentionPieces(sequences, headCount: layout.headCount, group: group)
    for sequence in sequences {
        let last = sequence.firstPosition + sequence.rowCount - 1
        expect(
            sequence.blocks.count * KeyValueLayout.blockLength > last
                && (sequence.firstRow + sequence.rowCount) * queryStride <= queries.count,
            "attention: rows or blocks are missing")
    }
    let kernel = team.instructionSet.kernels.pointee.vector.attention
    withPointers(queries, &y) { queries, y in
        nonisolated(unsafe) let sequences = sequences
        team.run(parts: pieces.count) { index in
            let piece = pieces[index]
            let sequence = sequences[piece.sequence]
            let offset = (sequence.firstRow + piece.positions.lowerBound) * queryStride + piece.head * group * dimension
            let scratchBytes = gyges_attention_scratch(piece.positions.count * group, dimension) * 4
            sequence.blocks.withUnsafeBufferPointer { blocks in
                withUnsafeTemporaryAllocation(byteCount: scratchBytes, alignment: 64) { scratch in
                    var tile = GygesAttentionTile(
                        queries: queries.baseAddress! + offset, query_stride: queryStride,
                        positions: piece.positions.count, group: group, head_dimension: dimension,
                        first_position: sequence.firstPosition + piece.positions.lowerBound,
                        blocks: UnsafeRawPointer(blocks.baseAddress!).assumingMemoryBound(
                            to: UnsafePointer<UInt8>?.self),
                        head_offset: piece.head * layout.headByteCount, format: layout.format.code, scale: scale,
                        output: y.baseAddress! + offset, output_stride: queryStride,
                        scratch: scratch.baseAddress!.assumingMemoryBound(to: Float.self))
                    kernel?(&tile)
                }
            }
        }
    }
}

/// Some positions of one sequence, for one key-value head.
private struct AttentionPiece {
    var sequence: Int
    var head: Int
    var positions: Range<Int>
}

/// Cuts attention into pieces of about 64 queries, which share each converted tile of keys and values. The latest
/// positions, which take longest, come first.
private func attentionPieces(_ sequences: [AttentionSequence], headCount: Int, group: Int) -> [AttentionPiece] {
    let length = max(1, 64 / group)
    var pieces: [AttentionPiece] = []
    for (index, sequence) in sequences.enumerated() {
        let starts = stride(from: 0, to: sequence.rowCount, by: length)
        for start in starts.reversed() {
            for head in 0..<headCount {
                let positions = start..<min(sequence.rowCount, start + length)
                pieces.append(AttentionPiece(sequence: index, head: head, positions: positions))
            }
        }
    }
    return pieces
}

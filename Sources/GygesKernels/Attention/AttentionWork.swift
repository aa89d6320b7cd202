import CGygesKernels

/// Some positions of one sequence, for one key-value head, and the blocks of keys that they attend to.
struct AttentionPart {
    var sequence: Int
    var head: Int
    var positions: Range<Int>
    var blocks: Range<Int>
    /// Where its spans' results go before they are merged; `nil` if it is computed in one go.
    var firstRecord: Int?
}

/// How attention is cut into parts that threads take. Cuts never change a result.
struct AttentionWork {
    /// What is computed first, the longest parts first.
    private(set) var parts: [AttentionPart] = []
    /// What is merged afterwards: the positions whose spans of keys were computed apart.
    private(set) var divided: [AttentionPart] = []
    /// Records that the spans computed apart need.
    private(set) var recordCount = 0

    /// Tiles of about 64 queries share each converted block of keys and values. Of sequences of only a few rows, each
    /// span of keys may be a part by itself.
    init(sequences: [AttentionSequence], headCount: Int, group: Int, threadCount: Int) {
        let whole = sequences.indices.flatMap { index in
            Self.tiles(of: sequences[index], index: index, headCount: headCount, group: group)
        }
        let cost = whole.reduce(0) { $0 + $1.positions.count * $1.blocks.count }
        // With four parts a thread nobody waits long for the last.
        let fair = threadCount == 1 ? Int.max : cost / (4 * threadCount)
        for var part in whole {
            let spans = Self.spans(of: part.blocks)
            let isLong = part.positions.count * part.blocks.count > fair
            guard isLong, spans.count > 1, sequences[part.sequence].rowCount <= Self.fewRows else {
                parts.append(part)
                continue
            }
            part.firstRecord = recordCount
            divided.append(part)
            for span in spans {
                var one = part
                one.blocks = span
                one.firstRecord = recordCount
                parts.append(one)
                recordCount += part.positions.count * group
            }
        }
        parts.sort { $0.positions.count * $0.blocks.count > $1.positions.count * $1.blocks.count }
    }

    /// Decoding, with a few guessed tokens perhaps. Prompts have parts enough.
    private static let fewRows = 16

    private static func tiles(
        of sequence: AttentionSequence, index: Int, headCount: Int, group: Int
    ) -> [AttentionPart] {
        let length = max(1, 64 / group)
        var parts: [AttentionPart] = []
        var start = 0
        while start < sequence.rowCount {
            var end = min(sequence.rowCount, start + length)
            if let stride = sequence.chunks?.stride {  // All queries of a tile are of one chunk.
                end = min(end, start + stride - (sequence.firstPosition + start) % stride)
            }
            var blocks = 0..<(sequence.firstPosition + end - 1) / KeyValueLayout.blockLength + 1
            if let visible = sequence.visibleBlocks { blocks = blocks.clamped(to: visible) }
            for head in 0..<headCount {
                parts.append(AttentionPart(sequence: index, head: head, positions: start..<end, blocks: blocks))
            }
            start = end
        }
        return parts
    }

    /// Cuts blocks at every multiple of a span.
    private static func spans(of blocks: Range<Int>) -> [Range<Int>] {
        let length = Int(GYGES_KEY_SPAN_BLOCKS)
        var spans: [Range<Int>] = []
        var start = blocks.lowerBound
        while start < blocks.upperBound {
            let end = min(blocks.upperBound, (start / length + 1) * length)
            spans.append(start..<end)
            start = end
        }
        return spans
    }
}

/// What all parts of one attention have in common.
struct AttentionRunner: @unchecked Sendable {
    // Invariant: the caller keeps what the pointers point to valid, of the shapes that `attention` checked, until all parts are
    // done; parts write to places of their own: rows of their sequence in their head's channels, and records from
    // `firstRecord` on.
    var queries: UnsafePointer<Float>
    var variantStride: Int
    var queryStride: Int
    var queryHeadCount: Int
    var layout: KeyValueLayout
    var scale: Float
    var output: UnsafeMutablePointer<Float>
    var logSumExp: UnsafeMutablePointer<Float>?
    var sequences: [AttentionSequence]
    var records: UnsafeMutablePointer<Float>

    /// Calls `kernel` for one part.
    func run(_ part: AttentionPart, _ kernel: @convention(c) (UnsafePointer<GygesAttentionTile>) -> Void) {
        let sequence = sequences[part.sequence]
        let group = queryHeadCount / layout.headCount
        let row = sequence.firstRow + part.positions.lowerBound
        let offset = row * queryStride + part.head * group * layout.headDimension
        let first = queries + offset
        let scratchBytes = gyges_attention_scratch(part.positions.count * group, layout.headDimension) * 4
        sequence.blocks.withUnsafeBufferPointer { blocks in
            withUnsafeTemporaryAllocation(byteCount: scratchBytes, alignment: 64) { scratch in
                var tile = GygesAttentionTile(
                    queries: (first, first + variantStride, first + 2 * variantStride), query_stride: queryStride,
                    positions: part.positions.count, group: group, head_dimension: layout.headDimension,
                    first_position: sequence.firstPosition + part.positions.lowerBound,
                    chunk_blocks: (sequence.chunks?.stride ?? 0) / KeyValueLayout.blockLength,
                    blocks: UnsafeRawPointer(blocks.baseAddress!).assumingMemoryBound(
                        to: UnsafePointer<UInt8>.self),
                    head_offset: part.head * layout.headByteCount, block_begin: part.blocks.lowerBound,
                    block_end: part.blocks.upperBound, format: layout.format.code,
                    scale: scale * sequence.temperature, output: output + offset, output_stride: queryStride,
                    log_sum_exp: logSumExp.map { $0 + row * queryHeadCount + part.head * group },
                    log_sum_exp_stride: queryHeadCount,
                    records: records + (part.firstRecord ?? 0) * gyges_attention_record(layout.headDimension),
                    scratch: scratch.baseAddress!.assumingMemoryBound(to: Float.self))
                kernel(&tile)
            }
        }
    }
}

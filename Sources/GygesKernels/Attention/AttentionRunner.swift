import CGygesKernels

/// What all parts of one attention have in common.
struct AttentionRunner: @unchecked Sendable {
    // Invariant: the caller keeps what the pointers point to valid, of the shapes that `attention` checked, until all parts are
    // done; parts write to places of their own: rows of their sequence in their head's channels, and records from
    // `firstRecord` on or of their rows.
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
    var kernels: GygesVectorKernels

    /// Computes all of `work`, shared out to a team.
    func run(_ work: AttentionWork, team: ThreadTeam) {
        let (shared, parts, divided) = (work.shared, work.parts, work.divided)
        team.run(parts: shared.count + parts.count) { index in
            if index < shared.count {
                run(shared[index])
            } else {
                let part = parts[index - shared.count]
                run(part, part.firstRecord == nil ? kernels.attention : kernels.attention_spans)
            }
        }
        team.run(parts: divided.count) { index in
            for part in divided[index].resumed { run(part, kernels.attention_spans) }
            run(divided[index].whole, kernels.attention_merge)
        }
    }

    private func run(_ part: AttentionPart, _ kernel: @convention(c) (UnsafePointer<GygesAttentionTile>) -> Void) {
        let sequence = sequences[part.sequence]
        withTile(
            of: part.sequence, head: part.head, firstRow: sequence.firstRow + part.positions.lowerBound,
            positions: part.positions.count
        ) { tile in
            tile.first_position = sequence.firstPosition + part.positions.lowerBound
            tile.block_begin = part.blocks.lowerBound
            tile.block_end = part.blocks.upperBound
            tile.resumes = part.resumes ? 1 : 0
            tile.records = records + (part.firstRecord ?? 0) * gyges_attention_record(layout.headDimension)
            kernel(&tile)
        }
    }

    private func run(_ part: SharedAttentionPart) {
        withTile(of: part.sequence, head: part.head, firstRow: 0, positions: part.rows.count) { tile in
            part.rows.withUnsafeBufferPointer { rows in
                part.records.withUnsafeBufferPointer { places in
                    tile.rows = rows.baseAddress
                    tile.row_records = places.baseAddress
                    // Every row sees the blocks as wholes: as if they all stood at their last position or beyond.
                    tile.first_position = part.blocks.upperBound * KeyValueLayout.blockLength - 1
                    tile.block_begin = part.blocks.lowerBound
                    tile.block_end = part.blocks.upperBound
                    kernels.attention_shared(&tile)
                }
            }
        }
    }

    /// Calls `body` with a tile of one head of `sequence`, which it completes.
    private func withTile(
        of sequence: Int, head: Int, firstRow row: Int, positions: Int, _ body: (inout GygesAttentionTile) -> Void
    ) {
        let sequence = sequences[sequence]
        let group = queryHeadCount / layout.headCount
        let offset = row * queryStride + head * group * layout.headDimension
        let first = queries + offset
        let scratchBytes = gyges_attention_scratch(positions * group, layout.headDimension) * 4
        sequence.blocks.withUnsafeBufferPointer { blocks in
            withUnsafeTemporaryAllocation(byteCount: scratchBytes, alignment: 64) { scratch in
                var tile = GygesAttentionTile(
                    queries: (first, first + variantStride, first + 2 * variantStride), query_stride: queryStride,
                    rows: nil, row_records: nil, resumes: 0, positions: positions, group: group,
                    head_dimension: layout.headDimension, first_position: 0,
                    chunk_blocks: (sequence.chunks?.stride ?? 0) / KeyValueLayout.blockLength,
                    blocks: UnsafeRawPointer(blocks.baseAddress!).assumingMemoryBound(
                        to: UnsafePointer<UInt8>.self),
                    head_offset: head * layout.headByteCount, block_begin: 0, block_end: 0,
                    format: layout.format.code, scale: scale * sequence.temperature, output: output + offset,
                    output_stride: queryStride,
                    log_sum_exp: logSumExp.map { $0 + row * queryHeadCount + head * group },
                    log_sum_exp_stride: queryHeadCount, records: records,
                    scratch: scratch.baseAddress!.assumingMemoryBound(to: Float.self))
                body(&tile)
            }
        }
    }
}

import CGygesKernels

/// Some positions of one sequence, for one key-value head, and the blocks of keys that they attend to.
struct AttentionPart {
    var sequence: Int
    var head: Int
    var positions: Range<Int>
    var blocks: Range<Int>
    /// Where its spans' results go before they are merged; `nil` if it is computed in one go.
    var firstRecord: Int?
    /// Whether its blocks go on from what shared blocks of the same span left in its records.
    var resumes = false
}

/// Rows of several sequences, for one key-value head, and blocks that all of these share.
struct SharedAttentionPart {
    /// One of the sequences.
    var sequence: Int
    var head: Int
    var blocks: Range<Int>
    /// The rows in the batch.
    var rows: [Int]
    /// Where each row's records go.
    var records: [Int]
}

/// Positions whose spans of keys were computed apart.
struct DividedAttention {
    /// What is merged.
    var whole: AttentionPart
    /// What has to be computed before, after the blocks that it shares.
    var resumed: [AttentionPart] = []
}

/// How attention is cut into parts that threads take. Cuts never change a result.
struct AttentionWork {
    /// What is computed first, beside `shared`, the longest parts first.
    private(set) var parts: [AttentionPart] = []
    /// Blocks that several sequences share, the longest parts first.
    private(set) var shared: [SharedAttentionPart] = []
    /// What is merged afterwards.
    private(set) var divided: [DividedAttention] = []
    /// Records that the spans computed apart need.
    private(set) var recordCount = 0

    /// Tiles of about 64 queries share each converted block of keys and values, and sequences of only a few rows the blocks
    /// that they have in common. Of such sequences, each span of keys may be a part by itself.
    init(sequences: [AttentionSequence], headCount: Int, group: Int, threadCount: Int) {
        let whole = sequences.indices.flatMap { index in
            Self.tiles(of: sequences[index], index: index, headCount: headCount, group: group)
        }
        let cost = whole.reduce(0) { $0 + $1.positions.count * $1.blocks.count }
        // With four parts a thread nobody waits long for the last.
        let fair = threadCount == 1 ? Int.max : cost / (4 * threadCount)
        // All rows of a sequence that shares blocks are one tile.
        let runs = SharedBlocks.runs(in: sequences, rowLimit: min(Self.fewRows, Self.tileLength(group: group)))
        var sharedEnds: [Int: [Int: Int]] = [:]  // Of a sequence and a span.
        for run in runs {
            for sequence in run.sequences {
                sharedEnds[sequence, default: [:]][run.blocks.lowerBound / spanLength] = run.blocks.upperBound
            }
        }
        var firstRecords: [Int: [Int]] = [:]  // Of a sequence and a head.
        for var part in whole {
            let ends = sharedEnds[part.sequence]
            let spans = Self.spans(of: part.blocks)
            let isLong = part.positions.count * part.blocks.count > fair
            guard ends != nil || isLong && spans.count > 1 && sequences[part.sequence].rowCount <= Self.fewRows else {
                parts.append(part)
                continue
            }
            part.firstRecord = recordCount
            firstRecords[part.sequence, default: []].append(recordCount)
            var whole = DividedAttention(whole: part)
            for span in spans {
                var one = part
                let begin = ends?[span.lowerBound / spanLength] ?? span.lowerBound
                one.blocks = begin..<span.upperBound
                one.firstRecord = recordCount
                one.resumes = begin > span.lowerBound
                recordCount += part.positions.count * group
                if one.blocks.isEmpty { continue }
                if one.resumes { whole.resumed.append(one) } else { parts.append(one) }
            }
            divided.append(whole)
        }
        parts.sort { $0.positions.count * $0.blocks.count > $1.positions.count * $1.blocks.count }
        // As many queries as leave their scores and records in the second-level cache, unless threads would have nothing to do.
        let rows = runs.reduce(0) { $0 + $1.sequences.reduce(0) { $0 + sequences[$1].rowCount } } * headCount
        let together = max(2, min(96 / group, rows / (2 * threadCount)))
        for run in runs {
            for head in 0..<headCount {
                addShared(run, head: head, group: group, rowsTogether: together, sequences, firstRecords)
            }
        }
        shared.sort { $0.rows.count * $0.blocks.count > $1.rows.count * $1.blocks.count }
    }

    private mutating func addShared(
        _ run: SharedBlocks, head: Int, group: Int, rowsTogether: Int, _ sequences: [AttentionSequence],
        _ firstRecords: [Int: [Int]]
    ) {
        var rows: [Int] = []
        var records: [Int] = []
        for index in run.sequences {
            guard let first = firstRecords[index]?[head] else { continue }  // Every sequence of a run has records.
            let sequence = sequences[index]
            let ofSpan = first + run.blocks.lowerBound / spanLength * sequence.rowCount * group
            for row in 0..<sequence.rowCount {
                rows.append(sequence.firstRow + row)
                records.append(ofSpan + row * group)
            }
        }
        let count = (rows.count + rowsTogether - 1) / rowsTogether
        for tile in 0..<count {
            let part = tile * rows.count / count..<(tile + 1) * rows.count / count
            shared.append(
                SharedAttentionPart(
                    sequence: run.sequences[0], head: head, blocks: run.blocks, rows: Array(rows[part]),
                    records: Array(records[part])))
        }
    }

    /// Decoding, with a few guessed tokens perhaps. Prompts have parts enough.
    private static let fewRows = 16

    private static func tileLength(group: Int) -> Int { max(1, 64 / group) }

    private static func tiles(
        of sequence: AttentionSequence, index: Int, headCount: Int, group: Int
    ) -> [AttentionPart] {
        let length = tileLength(group: group)
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
        var spans: [Range<Int>] = []
        var start = blocks.lowerBound
        while start < blocks.upperBound {
            let end = min(blocks.upperBound, (start / spanLength + 1) * spanLength)
            spans.append(start..<end)
            start = end
        }
        return spans
    }
}

/// The blocks in a span of keys.
let spanLength = Int(GYGES_KEY_SPAN_BLOCKS)

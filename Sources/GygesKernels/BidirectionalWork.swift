import CGygesKernels

/// What bidirectional attention reads and writes; the caller keeps it valid, and parts write to places of their own.
struct BidirectionalMemory: @unchecked Sendable {
    var queries: UnsafePointer<Float>
    var keys: UnsafePointer<Float>
    var values: UnsafePointer<Float>
    var cosines: UnsafePointer<Float>
    var sines: UnsafePointer<Float>
    var output: UnsafeMutablePointer<Float>
}

/// One head of one sequence, and those of its queries that are asked.
private struct BidirectionalHead {
    var head: GygesBidirectionalHead
    /// The first channel of the head's first query.
    var firstChannel: Int
    /// The sequence's queries, counted through all sequences.
    var queries: Range<Int>
    /// The panels of 16 keys that these see.
    var panels: Range<Int>
}

/// Some panels to pack, or some queries to compute.
private struct BidirectionalPart {
    var head: Int
    var range: Range<Int>
    /// In products of a query with a key, roughly.
    var cost: Int
}

/// How bidirectional attention is shared out: a few heads' keys and values are packed, then met by all their queries. Cuts
/// never change a result.
struct BidirectionalWork {
    private var heads: [BidirectionalHead] = []
    /// Each query's position in its sequence.
    private var positions: [Int32] = []
    private let memory: BidirectionalMemory

    init(_ attention: BidirectionalAttention, at queryRows: [Int]?, _ memory: BidirectionalMemory) {
        self.memory = memory
        let width = attention.headCount * attention.headDimension
        var query = 0
        for sequence in attention.sequences {
            let first = query
            let count = queryRows.map { rows in rows[first...].prefix { $0 < sequence.upperBound }.count }
            query += count ?? sequence.count
            guard query > first else { continue }
            if let queryRows {
                positions += queryRows[first..<query].map { Int32($0 - sequence.lowerBound) }
            } else {
                positions += 0..<Int32(sequence.count)
            }
            let reach = min(attention.reach ?? sequence.count, sequence.count)
            let seen =
                max(0, Int(positions[first]) - reach)..<min(sequence.count, Int(positions[query - 1]) + reach + 1)
            for index in 0..<attention.headCount {
                let channel = sequence.lowerBound * width + index * attention.headDimension
                let head = GygesBidirectionalHead(
                    keys: memory.keys + channel, values: memory.values + channel, stride: width, length: sequence.count,
                    head_dimension: attention.headDimension, cosines: memory.cosines, sines: memory.sines, reach: reach,
                    scale: attention.scale * Self.log2e, bfloat16: attention.precision == .bfloat16 ? 1 : 0, packed: nil
                )
                heads.append(
                    BidirectionalHead(
                        head: head, firstChannel: first * width + index * attention.headDimension,
                        queries: first..<query,
                        panels: seen.lowerBound / panelOutputs..<(seen.upperBound + panelOutputs - 1) / panelOutputs))
            }
        }
    }

    private static let log2e: Float = 1.442695
    /// What is packed before it is used: a cache's worth, so that many short sequences cost few waits of the threads.
    private static let bytesTogether = 4 << 20
    /// Panels in a part, and queries: enough for each span of keys to be used often while it is near.
    private static let (panelsTogether, queriesTogether) = (16, 96)

    func run(team: ThreadTeam) {
        let kernels = team.instructionSet.kernels.pointee.vector
        let sizes = heads.map { withUnsafePointer(to: $0.head) { kernels.bidirectional_bytes($0) } }
        let packed = allocateForStreaming(
            byteCount: max(sizes.max() ?? 0, min(Self.bytesTogether, sizes.reduce(0, +))))
        defer { packed.deallocate() }
        var start = 0
        while start < heads.count {
            var together: [BidirectionalHead] = []
            var end = 0
            while start < heads.count, end + sizes[start] <= packed.count {
                var head = heads[start]
                head.head.packed = packed.baseAddress!.assumingMemoryBound(to: UInt8.self) + end
                together.append(head)
                end += sizes[start]
                start += 1
            }
            run(together, kernels, team: team)
        }
    }

    private func run(_ heads: [BidirectionalHead], _ kernels: GygesVectorKernels, team: ThreadTeam) {
        let scratch = gyges_bidirectional_scratch(heads[0].head.head_dimension)
        let packing = heads.indices.flatMap { index in
            heads[index].panels.cut(Self.panelsTogether).map {
                BidirectionalPart(head: index, range: $0, cost: 256 * $0.count)
            }
        }
        share(packing, scratch: scratch, team: team) { part, scratch in
            withUnsafePointer(to: heads[part.head].head) {
                kernels.pack_bidirectional($0, part.range.lowerBound, part.range.upperBound, scratch)
            }
        }
        let attending = heads.indices.flatMap { index in
            let head = heads[index], seen = min(head.head.length, 2 * head.head.reach + 1)
            return head.queries.cut(Self.queriesTogether).map {
                BidirectionalPart(head: index, range: $0, cost: $0.count * seen)
            }
        }
        positions.withUnsafeBufferPointer { positions in
            nonisolated(unsafe) let positions = positions.baseAddress!
            share(attending, scratch: scratch, team: team) { part, scratch in
                let head = heads[part.head]
                let offset = head.firstChannel + (part.range.lowerBound - head.queries.lowerBound) * head.head.stride
                var queries = GygesBidirectionalQueries(
                    queries: memory.queries + offset, output: memory.output + offset,
                    positions: positions + part.range.lowerBound, count: part.range.count, scratch: scratch)
                withUnsafePointer(to: head.head) { kernels.attend_bidirectional($0, &queries) }
            }
        }
    }

    /// Runs parts on all threads, as many in one go as make the handing over worth while.
    private func share(
        _ parts: [BidirectionalPart], scratch: Int, team: ThreadTeam,
        _ body: (BidirectionalPart, UnsafeMutablePointer<Float>) -> Void
    ) {
        let total = parts.reduce(0) { $0 + $1.cost }, least = max(1 << 12, total / (16 * team.threadCount))
        var runs: [Range<Int>] = []
        var start = 0
        var cost = 0
        for index in parts.indices {
            cost += parts[index].cost
            guard cost >= least || index == parts.count - 1 else { continue }
            runs.append(start..<index + 1)
            (start, cost) = (index + 1, 0)
        }
        team.run(parts: runs.count) { run in
            withUnsafeTemporaryAllocation(byteCount: scratch * 4, alignment: 64) { scratch in
                for index in runs[run] { body(parts[index], scratch.baseAddress!.assumingMemoryBound(to: Float.self)) }
            }
        }
    }
}

extension Range<Int> {
    /// Pieces of `length`, but for the last.
    fileprivate func cut(_ length: Int) -> [Range<Int>] {
        stride(from: lowerBound, to: upperBound, by: length).map { $0..<Swift.min($0 + length, upperBound) }
    }
}

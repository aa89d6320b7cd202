import CGygesKernels

/// What bidirectional attention reads and writes.
///
/// Invariant: the caller keeps it valid, of the shapes that ``BidirectionalAttention`` checked, until all parts are done; a
/// part writes the rows of its queries in the channels of its head and nothing else.
struct BidirectionalMemory: @unchecked Sendable {
    var queries: UnsafePointer<Float>
    var keys: UnsafePointer<Float>
    var values: UnsafePointer<Float>
    var cosines: UnsafePointer<Float>
    var sines: UnsafePointer<Float>
    var output: UnsafeMutablePointer<Float>
}

/// Queries of one head and sequence, and the keys that they see.
private struct BidirectionalUnit {
    var head: GygesBidirectionalHead
    /// The head's first channel in the first of these queries.
    var firstChannel: Int
    /// Counted through all sequences.
    var queries: Range<Int>

    var panels: Range<Int> { head.first_panel..<head.first_panel + head.panel_count }
}

/// Some panels of a unit to pack, some of its queries to compute, or both.
private struct BidirectionalPart {
    var unit: Int
    var panels = 0..<0
    var queries = 0..<0
    /// In products of a query with a key, roughly.
    var cost: Int
}

/// How bidirectional attention is shared out: some units' keys and values are packed, then met by their queries. Cuts never
/// change a result.
struct BidirectionalWork {
    private var units: [BidirectionalUnit] = []
    /// Each query's position in its sequence.
    private var positions: [Int32] = []
    private let memory: BidirectionalMemory

    init(_ attention: BidirectionalAttention, at queryRows: [Int]?, _ memory: BidirectionalMemory) {
        self.memory = memory
        var end = 0
        for (index, sequence) in attention.sequences.enumerated() {
            let attendedCount = attention.attendedCounts?[index] ?? sequence.count
            let start = end
            if let queryRows {
                end += queryRows[start...].prefix { $0 < sequence.upperBound }.count
                positions += queryRows[start..<end].map { Int32($0 - sequence.lowerBound) }
            } else {
                end += sequence.count
                positions += 0..<Int32(sequence.count)
            }
            // All heads of some queries that see few keys share rows that are near; all queries of one head that see many
            // share the packed keys.
            let windowRadius = min(attention.windowRadius ?? sequence.count, sequence.count)
            let seeing = start + positions[start..<end].prefix { Int($0) - windowRadius < attendedCount }.count
            let width = attention.headCount * attention.headDimension
            // Queries behind those see no key, and nothing is the sum of no values.
            (memory.output + seeing * width).update(repeating: 0, count: (end - seeing) * width)
            for queries in (start..<seeing).cut(
                windowRadius < Self.queriesInWindow / 2 ? Self.queriesInWindow : end - start + 1)
            {
                addUnits(of: queries, in: sequence, attendedCount: attendedCount, windowRadius: windowRadius, attention)
            }
        }
    }

    private mutating func addUnits(
        of queries: Range<Int>, in sequence: Range<Int>, attendedCount: Int, windowRadius: Int,
        _ attention: BidirectionalAttention
    ) {
        let width = attention.headCount * attention.headDimension
        // Kernels begin with even panels.
        let first = max(0, Int(positions[queries.lowerBound]) - windowRadius) / (2 * panelOutputs) * 2
        let last = min(attendedCount - 1, Int(positions[queries.upperBound - 1]) + windowRadius) / panelOutputs
        for index in 0..<attention.headCount {
            let channel = index * attention.headDimension
            let head = GygesBidirectionalHead(
                keys: memory.keys + sequence.lowerBound * width + channel,
                values: memory.values + sequence.lowerBound * width + channel, stride: width, length: attendedCount,
                head_dimension: attention.headDimension, cosines: memory.cosines, sines: memory.sines,
                window_radius: windowRadius,
                scale: attention.scale * Self.log2e, bfloat16: attention.precision == .bfloat16 ? 1 : 0,
                first_panel: first, panel_count: last - first + 1, packed: nil)
            units.append(
                BidirectionalUnit(head: head, firstChannel: queries.lowerBound * width + channel, queries: queries))
        }
    }

    private static let log2e: Float = 1.442695
    /// Queries in a part: enough for each span of keys to be used often while it is near. Panels in one.
    private static let (queriesInPart, panelsInPart) = (96, 16)
    private static let queriesInWindow = 10 * queriesInPart
    /// What is packed before it is used: what caches hold, and enough that many short sequences cost few waits of the threads.
    private static let bytesTogether = 4 << 20

    func run(team: ThreadTeam) {
        let kernels = team.instructionSet.kernels.pointee.vector
        let sizes = units.map { withUnsafePointer(to: $0.head) { kernels.bidirectional_bytes($0) } }
        let capacity = max(sizes.max() ?? 0, Self.bytesTogether)
        team.scratch.with(byteCount: capacity) { packed in
            var start = 0
            while start < units.count {
                var together: [BidirectionalUnit] = []
                var end = 0
                while start < units.count, end + sizes[start] <= capacity {
                    together.append(units[start])
                    together[together.count - 1].head.packed = packed.assumingMemoryBound(to: UInt8.self) + end
                    end += sizes[start]
                    start += 1
                }
                run(together, kernels, team: team)
            }
        }
    }

    /// Units whose keys are few are packed by whoever attends to them next; others are packed and attended to by all threads.
    private func run(_ units: [BidirectionalUnit], _ kernels: GygesVectorKernels, team: ThreadTeam) {
        var packing: [BidirectionalPart] = []
        var attending: [BidirectionalPart] = []
        for (index, unit) in units.enumerated() {
            let seen = min(unit.head.length, 2 * unit.head.window_radius + 1)
            let isSmall = unit.panels.count <= Self.panelsInPart && unit.queries.count <= 3 * Self.queriesInPart
            if !isSmall {
                packing += unit.panels.cut(Self.panelsInPart).map {
                    BidirectionalPart(unit: index, panels: $0, cost: 256 * $0.count)
                }
            }
            attending += unit.queries.cut(isSmall ? 3 * Self.queriesInPart : Self.queriesInPart).map {
                let panels = isSmall ? unit.panels : 0..<0
                return BidirectionalPart(
                    unit: index, panels: panels, queries: $0, cost: $0.count * seen + 256 * panels.count)
            }
        }
        share(packing, units, kernels, team: team)
        share(attending, units, kernels, team: team)
    }

    /// Runs parts on all threads, as many in one go as make the handing over worth while.
    private func share(
        _ parts: [BidirectionalPart], _ units: [BidirectionalUnit], _ kernels: GygesVectorKernels, team: ThreadTeam
    ) {
        guard let dimension = units.first?.head.head_dimension, !parts.isEmpty else { return }
        let minimum = max(1 << 11, parts.reduce(0) { $0 + $1.cost } / (16 * team.threadCount))
        var runs: [Range<Int>] = []
        var (start, cost) = (0, 0)
        for index in parts.indices {
            cost += parts[index].cost
            guard cost >= minimum || index == parts.count - 1 else { continue }
            runs.append(start..<index + 1)
            (start, cost) = (index + 1, 0)
        }
        positions.withUnsafeBufferPointer { positions in
            nonisolated(unsafe) let positions = positions.baseAddress!
            nonisolated(unsafe) let units = units
            team.run(parts: runs.count) { run in
                withUnsafeTemporaryAllocation(
                    byteCount: gyges_bidirectional_scratch(dimension) * 4, alignment: 64
                ) { scratch in
                    let scratch = scratch.baseAddress!.assumingMemoryBound(to: Float.self)
                    for part in parts[runs[run]] {
                        compute(part, of: units[part.unit], positions: positions, scratch: scratch, kernels)
                    }
                }
            }
        }
    }

    private func compute(
        _ part: BidirectionalPart, of unit: BidirectionalUnit, positions: UnsafePointer<Int32>,
        scratch: UnsafeMutablePointer<Float>, _ kernels: GygesVectorKernels
    ) {
        withUnsafePointer(to: unit.head) { head in
            if !part.panels.isEmpty {
                kernels.pack_bidirectional(head, part.panels.lowerBound, part.panels.upperBound, scratch)
            }
            guard !part.queries.isEmpty else { return }
            let offset = unit.firstChannel + (part.queries.lowerBound - unit.queries.lowerBound) * unit.head.stride
            var queries = GygesBidirectionalQueries(
                queries: memory.queries + offset, output: memory.output + offset,
                positions: positions + part.queries.lowerBound, count: part.queries.count, scratch: scratch)
            kernels.attend_bidirectional(head, &queries)
        }
    }
}

extension Range<Int> {
    /// Pieces of `length`, but for the last.
    fileprivate func cut(_ length: Int) -> [Range<Int>] {
        stride(from: lowerBound, to: upperBound, by: length).map { $0..<Swift.min($0 + length, upperBound) }
    }
}

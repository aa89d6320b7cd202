import CGygesKernels

/// One key-value head of one sequence, with the query heads that read it.
///
/// Queries meet keys in blocks at fixed positions, and blocks in order.
struct AttentionHead {
    let attention: TrainedAttention
    let sequence: TrainedAttention.Sequence
    let head: Int
    let rows: AttentionRows
    let dense: DenseKernels
    let instructionSet: InstructionSet

    /// Queries of a block: whole left panels.
    private static let queriesTogether = 96
    /// Keys of a block: whole right panels.
    private static let keysTogether = 128

    private var d: Int { attention.headDimension }
    private var group: Int { attention.headCount / attention.keyValueHeadCount }
    private var queryStride: Int { attention.headCount * d }
    private var keyStride: Int { attention.keyValueHeadCount * d }
    /// The channels of a head as right panels hold them.
    private var paddedChannels: Int { (d + denseRight - 1) / denseRight * denseRight }
    private var paddedKeys: Int { (sequence.attendedCount + denseRight - 1) / denseRight * denseRight }

    /// The first of this head's channels of the sequence's keys, values or their gradients.
    private func keyPlace(_ x: UnsafeMutableBufferPointer<Float>) -> UnsafeMutablePointer<Float> {
        x.baseAddress! + sequence.keys.lowerBound * keyStride + head * d  // Not empty: the sequence has rows there.
    }

    /// The channels of query head `index` of the group, of a query of the sequence.
    private func queryPlace(
        _ x: UnsafeMutableBufferPointer<Float>, _ query: Int, _ index: Int
    ) -> UnsafeMutablePointer<Float> {
        x.baseAddress! + (sequence.queries.lowerBound + query) * queryStride + (head * group + index) * d
    }

    /// The keys that a query of the sequence sees.
    private func visible(_ query: Int) -> Range<Int> {
        let position = sequence.positions?[query] ?? query
        let count = sequence.attendedCount
        switch attention.visibility {
        case .causal: return 0..<min(position + 1, count)
        case .window(let radius?):
            let first = min(max(0, position - radius), count)
            return first..<max(first, min(position + radius + 1, count))
        case .window(nil): return 0..<count
        }
    }

    /// Calls `body` with the blocks of keys that some queries see.
    private func forEachKeyBlock(of queries: Range<Int>, _ body: (Range<Int>) -> Void) {
        let (first, last) = (visible(queries.lowerBound).lowerBound, visible(queries.upperBound - 1).upperBound)
        let start = first / Self.keysTogether * Self.keysTogether
        for key in stride(from: start, to: last, by: Self.keysTogether) {
            body(key..<min(key + Self.keysTogether, sequence.attendedCount))
        }
    }

    private func forEachQueryBlock(_ body: (Range<Int>) -> Void) {
        let count = sequence.queries.count
        for query in stride(from: 0, to: count, by: Self.queriesTogether) {
            body(query..<min(query + Self.queriesTogether, count))
        }
    }

    // MARK: Forward

    /// Attends, the running maximum and sum of each query going from block to block.
    func attend() {
        let keyCount = sequence.attendedCount
        withMemory(of: [
            paddedKeys * d, paddedChannels * paddedKeys, Self.queriesTogether * d,
            Self.queriesTogether * Self.keysTogether, Self.queriesTogether * Self.keysTogether,
            2 * Self.queriesTogether,
        ]) { memory in
            let (keys, values, queries, scores, weights) = (memory[0], memory[1], memory[2], memory[3], memory[4])
            let (maxima, sums) = (memory[5], memory[5] + Self.queriesTogether)
            packByKey(rows.keys, into: keys)
            packByChannel(rows.values, keys: 0..<keyCount, into: values)
            for index in 0..<group {
                forEachQueryBlock { block in
                    maxima.update(repeating: -.infinity, count: block.count)
                    sums.update(repeating: 0, count: block.count)
                    packQueries(rows.queries, block, index, into: queries)
                    forEachKeyBlock(of: block) { keyBlock in
                        multiplyByKeys(queries, keys, block, keyBlock, into: scores)
                        for row in 0..<block.count {
                            soften(
                                scores + row * Self.keysTogether, query: block.lowerBound + row, keys: keyBlock,
                                maximum: &maxima[row], sum: &sums[row],
                                output: queryPlace(rows.output, block.lowerBound + row, index))
                        }
                        packLeft(scores, items: block.count, depth: keyBlock.count, into: weights)
                        multiplyByChannels(
                            weights, values, rows: block.count, keys: keyBlock,
                            into: queryPlace(rows.output, block.lowerBound, index))
                    }
                    for row in 0..<block.count {
                        finish(block.lowerBound + row, index, maximum: maxima[row], sum: sums[row])
                    }
                }
            }
        }
    }

    /// Turns a query's scores of a block into weights relative to the largest score so far.
    private func soften(
        _ scores: UnsafeMutablePointer<Float>, query: Int, keys: Range<Int>, maximum: inout Float, sum: inout Float,
        output: UnsafeMutablePointer<Float>
    ) {
        let seen = visible(query).clamped(to: keys)
        let place = seen.lowerBound - keys.lowerBound
        defer { clear(scores, outside: place..<place + seen.count, of: keys.count) }
        guard !seen.isEmpty else { return }
        let kernels = instructionSet.kernels.pointee
        let largest = max(maximum, kernels.vector.maximum(scores + place, seen.count) * sequence.scale)
        if largest > maximum {
            let factor = exponential(maximum - largest)
            for channel in 0..<d { output[channel] *= factor }
            sum *= factor
            maximum = largest
        }
        sum += kernels.gradient.exponentials(scores + place, seen.count, sequence.scale, largest)
    }

    private func finish(_ query: Int, _ index: Int, maximum: Float, sum: Float) {
        guard !visible(query).isEmpty else { return }
        let output = queryPlace(rows.output, query, index)
        let factor = 1 / sum
        for channel in 0..<d { output[channel] *= factor }
        logSumExp(query, index).pointee = maximum + logarithm(sum)
    }

    private func logSumExp(_ query: Int, _ index: Int) -> UnsafeMutablePointer<Float> {
        let row = (sequence.queries.lowerBound + query) * attention.headCount
        return rows.logSumExp.baseAddress! + row + head * group + index
    }

    // MARK: Backward

    /// The gradients of this head's queries, keys and values, added to zeros.
    func differentiate(_ changes: AttentionChanges) {
        let keyCount = sequence.attendedCount
        let (tile, queryTile) = (Self.queriesTogether * Self.keysTogether, Self.queriesTogether * d)
        let channelTile = Self.queriesTogether * paddedChannels
        withMemory(of: [
            paddedKeys * d, paddedKeys * d, paddedChannels * paddedKeys, queryTile, queryTile, channelTile,
            channelTile, tile, tile, tile + denseLeft * Self.queriesTogether,
        ]) { memory in
            let (keys, values, keyChannels) = (memory[0], memory[1], memory[2])
            let (queries, rises, queryChannels, riseChannels) = (memory[3], memory[4], memory[5], memory[6])
            let (weights, dweights, packed) = (memory[7], memory[8], memory[9])
            packByKey(rows.keys, into: keys)
            packByKey(rows.values, into: values)
            packByChannel(rows.keys, keys: 0..<keyCount, into: keyChannels)
            for index in 0..<group {
                forEachQueryBlock { block in
                    packQueries(rows.queries, block, index, into: queries)
                    packQueries(changes.output, block, index, into: rises)
                    packQueriesByChannel(rows.queries, block, index, into: queryChannels)
                    packQueriesByChannel(changes.output, block, index, into: riseChannels)
                    forEachKeyBlock(of: block) { keyBlock in
                        multiplyByKeys(queries, keys, block, keyBlock, into: weights)
                        multiplyByKeys(rises, values, block, keyBlock, into: dweights)
                        for row in 0..<block.count {
                            let place = row * Self.keysTogether
                            weigh(weights + place, block.lowerBound + row, index, keys: keyBlock)
                        }
                        // dV += Pᵀ · dO
                        packLeftTransposed(weights, items: keyBlock.count, depth: block.count, into: packed)
                        multiply(
                            packed, riseChannels, rows: keyBlock.count, depth: block.count,
                            into: keyPlace(changes.values) + keyBlock.lowerBound * keyStride, stride: keyStride)
                        for row in 0..<block.count {
                            let place = row * Self.keysTogether
                            differentiateScores(
                                weights + place, dweights + place, block.lowerBound + row, index, changes,
                                count: keyBlock.count)
                        }
                        // dK += dSᵀ · Q and dQ += dS · K
                        packLeftTransposed(dweights, items: keyBlock.count, depth: block.count, into: packed)
                        multiply(
                            packed, queryChannels, rows: keyBlock.count, depth: block.count,
                            into: keyPlace(changes.keys) + keyBlock.lowerBound * keyStride, stride: keyStride)
                        packLeft(dweights, items: block.count, depth: keyBlock.count, into: packed)
                        multiplyByChannels(
                            packed, keyChannels, rows: block.count, keys: keyBlock,
                            into: queryPlace(changes.queries, block.lowerBound, index))
                    }
                }
            }
        }
    }

    /// Turns a query's scores of a block into its weights.
    private func weigh(_ scores: UnsafeMutablePointer<Float>, _ query: Int, _ index: Int, keys: Range<Int>) {
        let seen = visible(query).clamped(to: keys)
        let place = seen.lowerBound - keys.lowerBound
        if !seen.isEmpty {
            _ = instructionSet.kernels.pointee.gradient.exponentials(
                scores + place, seen.count, sequence.scale, logSumExp(query, index).pointee)
        }
        clear(scores, outside: place..<place + seen.count, of: keys.count)
    }

    /// Turns the gradients of a query's weights into those of its scores.
    private func differentiateScores(
        _ weights: UnsafeMutablePointer<Float>, _ dweights: UnsafeMutablePointer<Float>, _ query: Int, _ index: Int,
        _ changes: AttentionChanges, count: Int
    ) {
        let kernels = instructionSet.kernels.pointee.gradient
        // Σ weights · dweights over all keys, which is the output's product with its gradient.
        let mean = kernels.dot(queryPlace(rows.output, query, index), queryPlace(changes.output, query, index), d)
        kernels.softmax(weights, dweights, count, mean, sequence.scale)
    }

    // MARK: Blocks

    private func clear(_ x: UnsafeMutablePointer<Float>, outside kept: Range<Int>, of count: Int) {
        for index in 0..<kept.lowerBound { x[index] = 0 }
        for index in kept.upperBound..<max(kept.upperBound, count) { x[index] = 0 }
    }

    /// Lays out keys, or values, as the columns of a right operand: for products over channels.
    private func packByKey(_ x: UnsafeMutableBufferPointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        dense.pack(
            keyPlace(x), itemStride: keyStride, depthStride: 1, items: sequence.attendedCount, depth: d,
            width: denseRight, into: packed, panelStride: denseRight * d)
    }

    /// Lays out the channels of keys, or values, as the columns of right operands, one for each block of keys: for products over
    /// keys.
    private func packByChannel(
        _ x: UnsafeMutableBufferPointer<Float>, keys: Range<Int>, into packed: UnsafeMutablePointer<Float>
    ) {
        for key in stride(from: keys.lowerBound, to: keys.upperBound, by: Self.keysTogether) {
            let count = min(Self.keysTogether, keys.upperBound - key)
            dense.pack(
                keyPlace(x) + key * keyStride, itemStride: 1, depthStride: keyStride, items: d, depth: count,
                width: denseRight, into: packed + key * paddedChannels, panelStride: denseRight * count)
        }
    }

    /// Lays out a block of queries, or gradients of outputs, as a left operand.
    private func packQueries(
        _ x: UnsafeMutableBufferPointer<Float>, _ block: Range<Int>, _ index: Int,
        into packed: UnsafeMutablePointer<Float>
    ) {
        dense.pack(
            queryPlace(x, block.lowerBound, index), itemStride: queryStride, depthStride: 1, items: block.count,
            depth: d, width: denseLeft, into: packed, panelStride: denseLeft * d)
    }

    /// Lays out their channels as the columns of a right operand.
    private func packQueriesByChannel(
        _ x: UnsafeMutableBufferPointer<Float>, _ block: Range<Int>, _ index: Int,
        into packed: UnsafeMutablePointer<Float>
    ) {
        dense.pack(
            queryPlace(x, block.lowerBound, index), itemStride: 1, depthStride: queryStride, items: d,
            depth: block.count, width: denseRight, into: packed, panelStride: denseRight * block.count)
    }

    /// Lays out a tile of scores, a row a query, as a left operand.
    private func packLeft(
        _ x: UnsafeMutablePointer<Float>, items: Int, depth: Int, into packed: UnsafeMutablePointer<Float>
    ) {
        dense.pack(
            x, itemStride: Self.keysTogether, depthStride: 1, items: items, depth: depth, width: denseLeft,
            into: packed, panelStride: denseLeft * depth)
    }

    /// The same, a row a key.
    private func packLeftTransposed(
        _ x: UnsafeMutablePointer<Float>, items: Int, depth: Int, into packed: UnsafeMutablePointer<Float>
    ) {
        dense.pack(
            x, itemStride: 1, depthStride: Self.keysTogether, items: items, depth: depth, width: denseLeft,
            into: packed, panelStride: denseLeft * depth)
    }

    /// A tile of products of queries with a block of keys.
    private func multiplyByKeys(
        _ queries: UnsafeMutablePointer<Float>, _ keys: UnsafeMutablePointer<Float>, _ block: Range<Int>,
        _ keyBlock: Range<Int>, into scores: UnsafeMutablePointer<Float>
    ) {
        dense.multiply(
            queries, keys + keyBlock.lowerBound * d, rows: block.count, columns: keyBlock.count, depth: d,
            into: scores, stride: Self.keysTogether, adds: false)
    }

    /// Adds the products of a tile with the channels of a block of keys.
    private func multiplyByChannels(
        _ weights: UnsafeMutablePointer<Float>, _ channels: UnsafeMutablePointer<Float>, rows: Int, keys: Range<Int>,
        into y: UnsafeMutablePointer<Float>
    ) {
        multiply(
            weights, channels + keys.lowerBound * paddedChannels, rows: rows, depth: keys.count, into: y,
            stride: queryStride)
    }

    private func multiply(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, rows: Int, depth: Int,
        into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        dense.multiply(left, right, rows: rows, columns: d, depth: depth, into: y, stride: stride, adds: true)
    }

    /// Calls `body` with memory for so many floats each.
    private func withMemory(of counts: [Int], _ body: ([UnsafeMutablePointer<Float>]) -> Void) {
        let rounded = counts.map { ($0 + 15) / 16 * 16 }
        withUnsafeTemporaryAllocation(byteCount: rounded.reduce(0, +) * 4, alignment: 64) { memory in
            guard var next = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
            body(
                rounded.map { count in
                    defer { next += count }
                    return next
                })
        }
    }
}

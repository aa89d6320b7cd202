import GygesKernels

extension EagerOperations {
    /// Rotates keys in place, stores keys and values in the cache's pages, then attends to all that came before. Without a
    /// cache the pages are this pass's own, in f32.
    public func attention(
        queries: consuming Tensor<Activation>, keys: consuming Tensor<Activation>,
        values: consuming Tensor<Activation>, in batch: PackedBatch, cache: KeyValueBinding.Layer?,
        shape: AttentionShape, encoding: PositionEncoding?
    ) -> Tensor<Activation> {
        let columns = queries.columns
        var rotated = queries.storage
        if let encoding {
            let angles = passAngles.angles(of: batch, native: encoding)
            rotate(keys.storage, headCount: shape.keyValueHeadCount, by: angles, table: encoding.table)
            if angles.variants > 1 { rotated = copies(of: queries.storage, count: angles.variants) }
            rotate(rotated, headCount: shape.headCount, by: angles, table: encoding.table)
        }

        let passMemory = cache == nil ? passMemory(for: batch, shape: shape) : nil
        guard let layer = cache ?? passMemory?.layer else { fatalError("attention: no memory for keys and values") }
        let sequences = store(keys: keys.storage, values: values.storage, of: batch, in: layer, native: encoding)
        let output = makeResult(rows: batch.rowCount, columns: columns)
        var elements = output.elements.mutableSpan
        GygesKernels.attention(
            queries: rotated.elements.span, rowCount: batch.rowCount, queryStride: columns,
            queryHeadCount: shape.headCount, sequences: sequences, layout: layer.layout, scale: shape.scale,
            into: &elements, team: team)
        withExtendedLifetime((passMemory, rotated)) {}
        return output
    }

    /// The same rows several times, to be rotated for keys of their own chunk, of the one before, and of older ones.
    private func copies(of queries: Activation, count: Int) -> Activation {
        let copies = Activation(rows: count * queries.rows, columns: queries.columns, pool: pool)
        for copy in 0..<count {
            let start = copy * queries.elements.count
            _ = UnsafeMutableBufferPointer(rebasing: copies.elements[start...]).update(
                fromContentsOf: queries.elements)
        }
        return copies
    }

    /// Rotates the rows of `x`, one variant of the batch's rows or all, in place.
    private func rotate(_ x: Activation, headCount: Int, by angles: RotaryAngles, table: RotaryTable) {
        let count = x.rows * table.frequencies.count
        var elements = x.elements.mutableSpan
        GygesKernels.rotate(
            &elements, rowStride: x.columns, headOffset: 0, headCount: headCount, headDimension: table.headDimension,
            rotaryDimension: table.rotaryDimension, cosines: angles.cosines.span.extracting(first: count),
            sines: angles.sines.span.extracting(first: count), layout: table.layout, team: team)
    }

    /// Blocks for keys and values of this pass alone.
    private func passMemory(for batch: PackedBatch, shape: AttentionShape) -> PassMemory {
        let layout = KeyValueLayout(
            headCount: shape.keyValueHeadCount, headDimension: shape.headDimension, format: .f32)
        let length = KeyValueLayout.blockLength
        let counts = batch.sequences.map { ($0.rows.count + length - 1) / length }
        guard batch.sequences.allSatisfy({ $0.firstPosition == 0 }) else {
            fatalError("attention: a sequence that goes on needs the cache of what came before")
        }
        let memory = Activation(
            rows: counts.reduce(0, +), columns: layout.blockByteCount / MemoryLayout<Float>.stride, pool: pool)
        var row = 0
        let blocks = counts.map { count in
            defer { row += count }
            return (row..<row + count).compactMap { UnsafeMutableRawPointer(memory.row($0).baseAddress) }
        }
        return PassMemory(
            memory: memory, layer: KeyValueBinding(layout: layout, blocks: blocks).layer(0))
    }

    /// Stores this pass's keys and values and says where each sequence's are.
    private func store(
        keys: Activation, values: Activation, of batch: PackedBatch, in layer: KeyValueBinding.Layer,
        native: PositionEncoding?
    ) -> [AttentionSequence] {
        guard layer.blocks.count == batch.sequences.count else {
            fatalError("attention: \(batch.sequences.count) sequences but blocks for \(layer.blocks.count)")
        }
        let length = KeyValueLayout.blockLength
        var rowBlocks: [UnsafeMutableRawPointer] = []
        var rowOffsets: [Int] = []
        rowBlocks.reserveCapacity(batch.rowCount)
        rowOffsets.reserveCapacity(batch.rowCount)
        var sequences: [AttentionSequence] = []
        for (sequence, blocks) in zip(batch.sequences, layer.blocks) {
            let layerBlocks = blocks.map { $0 + layer.byteOffset }
            for offset in 0..<sequence.rows.count {
                let position = sequence.firstPosition + offset
                rowBlocks.append(layerBlocks[position / length])
                rowOffsets.append(position % length)
            }
            let encoding = native.map { sequence.encoding ?? $0 }
            sequences.append(
                AttentionSequence(
                    firstRow: sequence.rows.lowerBound, rowCount: sequence.rows.count,
                    firstPosition: sequence.firstPosition, blocks: layerBlocks.map { UnsafeRawPointer($0) },
                    chunks: encoding?.chunks, temperature: encoding?.temperature ?? 1))
        }
        storeKeysAndValues(
            keys: keys.elements.span, values: values.elements.span, rowStride: keys.columns, layout: layer.layout,
            blocks: rowBlocks, offsets: rowOffsets, team: team)
        return sequences
    }
}

/// Keys and values that are not kept.
private struct PassMemory {
    let memory: Activation
    let layer: KeyValueBinding.Layer
}

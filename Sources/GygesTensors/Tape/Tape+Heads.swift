import GygesKernels

extension Tape {
    /// A loss: Σ `weights` · measure of the rows of `x` behind a head.
    ///
    /// The gradients of the head's parameters are added, and that of `x` left for ``backward()``, at once, so that logits
    /// are computed a single time. Only rows that a loss is taken of should be given.
    /// - Parameters:
    ///   - x: What the head reads, `[rows, hidden]`.
    ///   - head: A projection to the vocabulary; tied to the embedding, its gradient adds to the embedding's.
    ///   - weights: For each row: one over the supervised tokens of the whole step, say, whatever part of it this pass is.
    /// - Returns: The measure of each row, without its weight.
    /// - Throws: ``HeadMeasureError`` before anything is computed.
    /// - Complexity: Three matmuls with the head; ``TapeOptions/logitByteCount`` of memory.
    public func loss(
        of x: consuming Value, _ measure: HeadMeasure, through head: Projection<TapeMatrix, TapeVector>,
        weights: [Float]
    ) throws(HeadMeasureError) -> [Float] {
        guard weights.count == x.rows else { throw .counts(rows: x.rows, given: weights.count) }
        try measure.check(rows: x.rows, vocabulary: head.weight.value.rows)
        return differentiated(x.storage.value, x.storage.slot, measure, through: head, weights: weights)
    }

    /// Measures of the rows of `x` behind a head, `[rows, 1]`, whose gradients are given later
    /// (``addGradient(_:to:)``): for losses that weigh rows by what all of them are, such as those of preferences.
    ///
    /// - Parameters: As of ``loss(of:_:through:weights:)``.
    /// - Throws: As ``loss(of:_:through:weights:)``.
    /// - Complexity: A matmul with the head, and three more in ``backward()``.
    public func measured(
        _ x: consuming Value, _ measure: HeadMeasure, through head: Projection<TapeMatrix, TapeVector>
    ) throws(HeadMeasureError) -> Value {
        try measure.check(rows: x.rows, vocabulary: head.weight.value.rows)
        let (input, slot) = (x.storage.value, x.storage.slot)
        let output = activation(rows: input.rows, columns: 1)
        withoutRecording {
            forEachBlock(of: input, through: head) { rows, block in
                let logits = linear(Tensor(Recorded(block, slot: nil)), head)
                let values = measure.measure(
                    logits.storage.value, rows: rows, other: other(measure, rows, logits.columns), weights: nil,
                    team: team)
                _ = UnsafeMutableBufferPointer(rebasing: output.elements[rows]).update(fromContentsOf: values)
            }
        }
        let measured = result(output, hasGradient: true)
        record(measured) { [self] dy in
            _ = differentiated(input, slot, measure, through: head, weights: Array(dy.elements))
        }
        return Tensor(measured)
    }

    private func differentiated(
        _ x: Activation, _ slot: GradientSlot?, _ measure: HeadMeasure,
        through head: Projection<TapeMatrix, TapeVector>,
        weights: [Float]
    ) -> [Float] {
        var values: [Float] = []
        let dx = slot.map { _ in activation(rows: x.rows, columns: x.columns) }
        forEachBlock(of: x, through: head) { rows, block in
            let place = dx.map { _ in GradientSlot() }
            recomputing {
                let result = linear(Tensor(Recorded(block, slot: place)), head)
                let logits = result.storage.value
                values += measure.measure(
                    logits, rows: rows, other: other(measure, rows, logits.columns), weights: weights[rows], team: team)
                // By now the logits are their own gradient.
                result.storage.slot?.add(logits, in: pool)
            }
            guard let dx, let part = place?.take() else { return }
            let target = dx.elements[rows.lowerBound * x.columns..<rows.upperBound * x.columns]
            _ = UnsafeMutableBufferPointer(rebasing: target).update(fromContentsOf: part.elements)
        }
        if let slot, let dx, x.rows > 0 { slot.add(dx, in: pool) }
        return values
    }

    /// Calls `body` with a copy of some rows at a time, as many as logits are held of.
    private func forEachBlock(
        of x: Activation, through head: Projection<TapeMatrix, TapeVector>, _ body: (Range<Int>, Activation) -> Void
    ) {
        let most = max(1, options.logitByteCount / (4 * max(1, head.weight.value.rows)))
        // Every block adds to the gradient of the head's weights once more: as few as there can be, of one length.
        let blocks = max(1, (x.rows + most - 1) / most)
        let count = max(1, (x.rows + blocks - 1) / blocks)
        for first in stride(from: 0, to: x.rows, by: count) {
            let rows = first..<min(first + count, x.rows)
            let block = activation(rows: rows.count, columns: x.columns)
            let source = x.elements[rows.lowerBound * x.columns..<rows.upperBound * x.columns]
            _ = block.elements.update(fromContentsOf: UnsafeMutableBufferPointer(rebasing: source))
            body(rows, block)
        }
    }

    private func other(_ measure: HeadMeasure, _ rows: Range<Int>, _ vocabulary: Int) -> Activation? {
        guard case .divergence(let write) = measure else { return nil }
        let logits = activation(rows: rows.count, columns: vocabulary)
        write(rows, logits.elements)
        return logits
    }
}

import GygesKernels

extension EagerOperations {
    /// Attends with the angles of a table that grows with the longest text seen.
    public func bidirectionalAttention(
        queries: consuming Tensor<Activation>, at rows: [Int]?, keys: consuming Tensor<Activation>,
        values: consuming Tensor<Activation>, in batch: PackedBatch, as attention: EncoderAttention
    ) -> Tensor<Activation> {
        let longest = batch.sequences.reduce(0) { max($0, $1.rows.count) }
        let angles = angles(of: attention.table, count: longest)
        let output = makeResult(rows: queries.rows, columns: queries.columns)
        var elements = output.elements.mutableSpan
        let kernel = BidirectionalAttention(
            sequences: batch.sequences.map(\.rows),
            attendedCounts: batch.sequences.map { $0.attendedCount ?? $0.rows.count }, headCount: attention.headCount,
            headDimension: attention.table.headDimension, windowRadius: attention.windowRadius, cosines: angles.cosines,
            sines: angles.sines, precision: attentionPrecision)
        kernel(
            queries: queries.elements.span, at: rows, keys: keys.elements.span, values: values.elements.span,
            into: &elements, team: team)
        return output
    }

    /// The angles of positions `0..<count` at least.
    private func angles(of table: RotaryTable, count: Int) -> EncoderAngles {
        if let known = encoderAngles[table], known.count >= count { return known }
        let angles = EncoderAngles(of: table, count: max(count, 2 * (encoderAngles[table]?.count ?? 64)))
        encoderAngles[table] = angles
        return angles
    }
}

/// The cosines and sines of the first positions of a text.
struct EncoderAngles {
    let count: Int
    /// `[count, pairs]`
    let cosines: [Float]
    let sines: [Float]

    /// Complexity: O(count · pairs) sine evaluations.
    init(of table: RotaryTable, count: Int) {
        self.count = count
        let pairs = table.frequencies.count
        var sines = [Float](repeating: 0, count: count * pairs)
        cosines = [Float](unsafeUninitializedCapacity: count * pairs) { cosines, initializedCount in
            sines.withUnsafeMutableBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                for position in 0..<count {
                    table.write(
                        position: position, cosines: cosines + position * pairs, sines: sines + position * pairs)
                }
            }
            initializedCount = count * pairs
        }
        self.sines = sines
    }
}

import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EagerOperations {
    /// Computes in place.
    public func activated(_ x: Activation, _ function: ElementFunction) -> Activation {
        var elements = x.elements.mutableSpan
        switch function {
        case .gelu: activate(&elements, .gelu, team: team)
        case .silu: activate(&elements, .silu, team: team)
        case .tanh: for index in elements.indices { elements[index] = tanhf(elements[index]) }
        }
        return x
    }

    /// Scales in place; lengths are summed in double.
    public func l2Normalized(_ x: Activation) -> Activation {
        nonisolated(unsafe) let shared = x
        team.run(parts: x.rows) { index in
            let row = shared.row(index)
            let squares = row.reduce(0.0) { $0 + Double($1) * Double($1) }
            // As torch's normalize: a row shorter than this is scaled by it.
            let factor = Float(1 / max(squares.squareRoot(), 1e-12))
            for channel in row.indices { row[channel] *= factor }
        }
        return x
    }

    /// Attends with the angles of a table that grows with the longest text seen.
    public func bidirectionalAttention(
        queries: Activation, at rows: [Int]?, keys: Activation, values: Activation, as attention: EncoderAttention
    ) -> Activation {
        let longest = batch.sequences.reduce(0) { max($0, $1.rows.count) }
        let angles = angles(of: attention.table, count: longest)
        let output = Activation(rows: queries.rows, columns: queries.columns, pool: pool)
        var elements = output.elements.mutableSpan
        let kernel = BidirectionalAttention(
            sequences: batch.sequences.map(\.rows),
            attendedCounts: batch.sequences.map { $0.attendedCount ?? $0.rows.count }, headCount: attention.headCount,
            headDimension: attention.table.headDimension, windowRadius: attention.windowRadius, cosines: angles.cosines,
            sines: angles.sines, precision: attention.precision)
        kernel(
            queries: queries.elements.span, at: rows, keys: keys.elements.span, values: values.elements.span,
            into: &elements, team: team)
        return output
    }

    /// Each run by one thread, so that a run's sum does not depend on others.
    public func pooled(_ x: Activation, over runs: [Range<Int>], by pooling: RowPooling) -> Activation {
        let output = zeros(rows: runs.count, columns: x.columns)
        // Threads read shared rows and write their own run's.
        nonisolated(unsafe) let (source, target) = (x, output)
        team.run(parts: runs.count) { index in
            let run = runs[index]
            guard let first = run.first else { return }
            let result = target.row(index)
            _ = result.update(fromContentsOf: source.row(first))
            for row in run.dropFirst() {
                let row = source.row(row)
                switch pooling {
                case .mean: for channel in 0..<result.count { result[channel] += row[channel] }
                case .maximum: for channel in 0..<result.count { result[channel] = max(result[channel], row[channel]) }
                }
            }
            if pooling == .mean {
                let factor = 1 / Float(run.count)
                for channel in 0..<result.count { result[channel] *= factor }
            }
        }
        return output
    }

    /// The first `count` channels of each row, copied.
    public func firstColumns(_ count: Int, of x: Activation) -> Activation {
        let output = Activation(rows: x.rows, columns: count, pool: pool)
        for row in 0..<x.rows { _ = output.row(row).update(fromContentsOf: x.row(row)[..<count]) }
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

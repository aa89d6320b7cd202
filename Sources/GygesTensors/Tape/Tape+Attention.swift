import GygesKernels

extension Tape {
    /// Rotates, attends, and keeps rotated queries and keys, values, the output and one number for each query and head.
    ///
    /// - Precondition: No sequence brings chunks: they are for texts beyond the length that a model is trained on.
    public func attention(
        queries: consuming Value, keys: consuming Value, values: consuming Value, in batch: PackedBatch,
        cache: NoCache?, shape: AttentionShape, encoding: PositionEncoding?
    ) -> Value {
        guard batch.sequences.allSatisfy({ $0.firstPosition == 0 && ($0.encoding ?? encoding)?.chunks == nil }) else {
            fatalError("a tape attends within whole sequences without chunks")
        }
        let attention = TrainedAttention(
            sequences: batch.sequences.map { sequence in
                let temperature = encoding.map { (sequence.encoding ?? $0).temperature } ?? 1
                return TrainedAttention.Sequence(
                    queries: sequence.rows, keys: sequence.rows, attendedCount: sequence.rows.count,
                    scale: shape.scale * temperature)
            }, headCount: shape.headCount, keyValueHeadCount: shape.keyValueHeadCount,
            headDimension: shape.headDimension, visibility: .causal, precision: options.precision)
        let rotation = encoding.map { encoding in
            let angles = angles.angles(of: batch, native: encoding)
            return Rotation(
                table: encoding.table, cosines: angles.cosines, sines: angles.sines, headCount: shape.headCount)
        }
        let keyRotation = rotation.map { $0.of(headCount: shape.keyValueHeadCount) }
        return attended(
            queries.storage, keys.storage, values.storage, attention, rotating: (rotation, keyRotation))
    }

    /// The same over both sides; the window's edges need no gradient.
    public func bidirectionalAttention(
        queries: consuming Value, at rows: [Int]?, keys: consuming Value, values: consuming Value,
        in batch: PackedBatch, as attention: EncoderAttention
    ) -> Value {
        let table = attention.table
        let angles = angles.angles(of: batch, native: PositionEncoding(table: table))
        let keyRotation = Rotation(
            table: table, cosines: angles.cosines, sines: angles.sines, headCount: attention.headCount)
        let trained = TrainedAttention(
            sequences: sequences(of: batch, at: rows, scale: 1 / Float(table.headDimension).squareRoot()),
            headCount: attention.headCount, keyValueHeadCount: attention.headCount, headDimension: table.headDimension,
            visibility: .window(radius: attention.windowRadius), precision: options.precision)
        return attended(
            queries.storage, keys.storage, values.storage, trained,
            rotating: (rows.map(keyRotation.of(rows:)) ?? keyRotation, keyRotation))
    }

    /// Which of some rows are whose queries.
    private func sequences(of batch: PackedBatch, at rows: [Int]?, scale: Float) -> [TrainedAttention.Sequence] {
        var next = 0
        return batch.sequences.map { sequence in
            var (queries, positions): (Range<Int>, [Int]?) = (sequence.rows, nil)
            if let rows {
                let first = next
                while next < rows.count, rows[next] < sequence.rows.upperBound { next += 1 }
                queries = first..<next
                positions = rows[queries].map { $0 - sequence.rows.lowerBound }
            }
            return TrainedAttention.Sequence(
                queries: queries, positions: positions, keys: sequence.rows,
                attendedCount: sequence.attendedCount ?? sequence.rows.count, scale: scale)
        }
    }

    private func attended(
        _ queries: Recorded, _ keys: Recorded, _ values: Recorded, _ attention: TrainedAttention,
        rotating rotations: (queries: Rotation?, keys: Rotation?)
    ) -> Value {
        let (querySlot, keySlot, valueSlot) = (queries.slot, keys.slot, values.slot)
        let (q, k, v) = (queries.takeOwned(from: pool), keys.takeOwned(from: pool), values.value)
        rotations.queries?.apply(to: q, team: team)
        rotations.keys?.apply(to: k, team: team)
        let output = activation(rows: q.rows, columns: q.columns)
        let sums = activation(rows: q.rows, columns: attention.headCount)
        attention(
            queries: q.elements, keys: k.elements, values: v.elements, into: output.elements,
            logSumExp: sums.elements, team: team)
        let attended = result(output, hasGradient: querySlot != nil || keySlot != nil || valueSlot != nil)
        record(attended) { [team, pool] dy in
            let dq = Activation(rows: q.rows, columns: q.columns, pool: pool)
            let dk = Activation(rows: k.rows, columns: k.columns, pool: pool)
            let dv = Activation(rows: v.rows, columns: v.columns, pool: pool)
            attention.gradient(
                queries: q.elements, keys: k.elements, values: v.elements, output: output.elements,
                logSumExp: sums.elements, doutput: dy.elements, dqueries: dq.elements, dkeys: dk.elements,
                dvalues: dv.elements, team: team)
            rotations.queries?.transposed.apply(to: dq, team: team)
            rotations.keys?.transposed.apply(to: dk, team: team)
            querySlot?.add(dq, in: pool)
            keySlot?.add(dk, in: pool)
            valueSlot?.add(dv, in: pool)
        }
        return Tensor(attended)
    }
}

/// The rotation of all heads of some rows.
private struct Rotation {
    let table: RotaryTable
    /// `[rows, pairs]`
    let cosines: [Float]
    let sines: [Float]
    let headCount: Int

    /// The linear map's transpose: the other way round.
    var transposed: Rotation {
        Rotation(table: table, cosines: cosines, sines: sines.map { -$0 }, headCount: headCount)
    }

    /// The same of another number of heads.
    func of(headCount: Int) -> Rotation {
        Rotation(table: table, cosines: cosines, sines: sines, headCount: headCount)
    }

    /// Of some rows alone.
    func of(rows: [Int]) -> Rotation {
        let pairs = table.frequencies.count
        return Rotation(
            table: table, cosines: rows.flatMap { cosines[$0 * pairs..<($0 + 1) * pairs] },
            sines: rows.flatMap { sines[$0 * pairs..<($0 + 1) * pairs] }, headCount: headCount)
    }

    func apply(to x: Activation, team: ThreadTeam) {
        var elements = x.elements.mutableSpan
        rotate(
            &elements, rowStride: x.columns, headOffset: 0, headCount: headCount, headDimension: table.headDimension,
            rotaryDimension: table.rotaryDimension, cosines: cosines.span, sines: sines.span, layout: table.layout,
            team: team)
    }
}

import GygesKernels

extension Tape {
    /// A matrix without a gradient.
    public func zeros(rows: Int, columns: Int) -> Value {
        let output = activation(rows: rows, columns: columns)
        output.elements.update(repeating: 0)
        return Tensor(result(output, hasGradient: false))
    }

    /// Copies rows of the table; gradients add to them in the order of the tokens.
    public func embedding(_ tokens: [Int32], table: Parameter<TapeMatrix>) -> Value {
        let rows = tokens.map(Int.init)
        let columns = table.value.columns
        let output = activation(rows: rows.count, columns: columns)
        switch table.value {
        case .trained(let buffer): copyRows(buffer.elements, columns: columns, rows: rows, into: output.elements)
        case .frozen(let matrix):
            var elements = output.elements.mutableSpan
            dequantizeRows(
                matrix.bytes, format: matrix.format, columns: columns, rows: rows, into: &elements, team: team)
        }
        let embedded = result(output, hasGradient: table.value.isTrained)
        if let target = gradients.of(table) {
            record(embedded) { [team] dy in addRows(dy.elements, to: target.elements, rows: rows, team: team) }
        }
        return Tensor(embedded)
    }

    /// Copies the rows.
    public func rows(_ x: borrowing Value, at indices: [Int]) -> Value {
        let (source, slot) = (x.storage.value, x.storage.slot)
        let output = activation(rows: indices.count, columns: source.columns)
        copyRows(source.elements, columns: source.columns, rows: indices, into: output.elements)
        let chosen = result(output, hasGradient: slot != nil)
        let (rowCount, columns) = (source.rows, source.columns)
        record(chosen) { [team, pool] dy in
            slot?.add(in: pool, rows: rowCount, columns: columns) { dx, isAdded in
                if !isAdded { dx.elements.update(repeating: 0) }
                addRows(dy.elements, to: dx.elements, rows: indices, team: team)
            }
        }
        return Tensor(chosen)
    }

    private func copyRows(
        _ x: UnsafeMutableBufferPointer<Float>, columns: Int, rows: [Int],
        into y: UnsafeMutableBufferPointer<Float>
    ) {
        guard rows.allSatisfy({ $0 >= 0 && ($0 + 1) * columns <= x.count }) else { fatalError("a row is out of range") }
        for (target, row) in rows.enumerated() {
            let source = UnsafeMutableBufferPointer(rebasing: x[row * columns..<(row + 1) * columns])
            _ = UnsafeMutableBufferPointer(rebasing: y[(target * columns)...]).update(fromContentsOf: source)
        }
    }

    /// Pools as the eager interpreter does; of equal maxima the first row gets the gradient.
    public func pooled(_ x: borrowing Value, over runs: [Range<Int>], by pooling: RowPooling) -> Value {
        let (source, slot) = (x.storage.value, x.storage.slot)
        let columns = source.columns
        let output = activation(rows: runs.count, columns: columns)
        output.elements.update(repeating: 0)
        let weights = runs.enumerated().map { index, run in pooling.weights(of: run, number: index) }
        var largest: [Int] = []  // For each run and channel the row of its maximum.
        if pooling == .maximum {
            largest = [Int](repeating: 0, count: runs.count * columns)
            for (index, run) in runs.enumerated() where !run.isEmpty {
                for channel in 0..<columns {
                    var row = run.lowerBound
                    for other in run where source.row(other)[channel] > source.row(row)[channel] { row = other }
                    largest[index * columns + channel] = row
                    output.row(index)[channel] = source.row(row)[channel]
                }
            }
        } else {
            for (index, run) in runs.enumerated() {
                let target = output.row(index)
                for (weight, row) in zip(weights[index], run) {
                    let values = source.row(row)
                    for channel in 0..<columns { target[channel] += weight * values[channel] }
                }
            }
        }
        let pooled = result(output, hasGradient: slot != nil)
        let rowCount = source.rows
        record(pooled) { [pool] dy in
            slot?.add(in: pool, rows: rowCount, columns: columns) { dx, isAdded in
                if !isAdded { dx.elements.update(repeating: 0) }
                for (index, run) in runs.enumerated() {
                    let change = dy.row(index)
                    if pooling == .maximum {
                        guard !run.isEmpty else { continue }
                        for channel in 0..<columns {
                            dx.row(largest[index * columns + channel])[channel] += change[channel]
                        }
                    }
                    for (weight, row) in zip(weights[index], run) {
                        let target = dx.row(row)
                        for channel in 0..<columns { target[channel] += weight * change[channel] }
                    }
                }
            }
        }
        return Tensor(pooled)
    }
}

extension RowPooling {
    /// What each row of a run counts; nothing for a maximum.
    fileprivate func weights(of run: Range<Int>, number: Int) -> [Float] {
        let count = Float(run.count)
        switch self {
        case .mean: return run.map { _ in 1 / count }
        case .meanOverRoot: return run.map { _ in 1 / count.squareRoot() }
        case .weightedMean(let firsts):
            let weights = run.indices.map { Float(firsts[number] + $0 - run.lowerBound) }
            let total = weights.reduce(0, +)
            return weights.map { $0 / total }
        case .maximum: return []
        }
    }
}

public import GygesKernels

/// Computes each operation at once on the CPU, with reused memory and packed weights.
///
/// What an operation consumes is overwritten by its result where that has the same shape, or its memory goes to the next
/// result; what it borrows is only read. Every result row depends only on its own row and, in attention, on its own sequence:
/// neither the other rows of the batch nor the number of threads can change a bit of it. Not `Sendable`: one interpreter
/// belongs to one thread.
public final class EagerOperations: Operations {
    /// Memory from the interpreter's pool.
    public typealias Storage = Activation
    /// Stored and packed weights.
    public typealias Matrix = WeightMatrix
    /// Gains and biases in f32.
    public typealias Vector = WeightVector
    /// Pages of the caller's.
    public typealias Cache = KeyValueBinding

    let team: ThreadTeam
    let pool = ActivationPool()
    let attentionPrecision: AttentionPrecision
    /// What products read: the input laid out for them.
    var inputs = Activations()
    /// What gates let through, between the two products of a gated unit.
    var gated = Activations()
    /// What an adapter's first matrix makes, laid out for its second.
    var adapted = Activations()
    /// The last pass's angles: all its layers have the same.
    var passAngles = RotaryAngleMemory()
    /// Angles of encoders, up to the longest text seen.
    var encoderAngles: [RotaryTable: EncoderAngles] = [:]

    /// Creates an interpreter that splits its work over `team`.
    ///
    /// - Parameter attentionPrecision: What attention over both sides is computed in; causal attention always sums in f32.
    public init(team: ThreadTeam, attentionPrecision: AttentionPrecision = .float32) {
        self.team = team
        self.attentionPrecision = attentionPrecision
    }

    /// A result of a shape, its elements yet undefined.
    func makeResult(rows: Int, columns: Int) -> Tensor<Activation> {
        Tensor(Activation(rows: rows, columns: columns, pool: pool))
    }

    /// New memory filled with zeros.
    public func zeros(rows: Int, columns: Int) -> Tensor<Activation> {
        let output = makeResult(rows: rows, columns: columns)
        output.elements.update(repeating: 0)
        return output
    }

    /// A fault maps 16 pages of a file, so that a lookup takes 64 KB of a table that is not yet mapped: 8,192 of them take most
    /// of ModernBERT-base's 154 MB, which wide passes give back, and not only at their end.
    private static let (lookupsTogether, lookupsOfWidePass) = (512, 4096)

    /// Copies the rows of the table, dequantised.
    public func embedding(_ tokens: [Int32], table: Parameter<WeightMatrix>) -> Tensor<Activation> {
        let table = table.value
        let output = makeResult(rows: tokens.count, columns: table.columns)
        let isWide = tokens.count >= Self.lookupsOfWidePass
        let step = isWide ? Self.lookupsTogether : max(1, tokens.count)
        for start in stride(from: 0, to: tokens.count, by: step) {
            let some = tokens[start..<min(start + step, tokens.count)]
            let place = output.elements[start * table.columns..<some.endIndex * table.columns]
            var elements = UnsafeMutableBufferPointer(rebasing: place).mutableSpan
            dequantizeRows(
                table.bytes, format: table.format, columns: table.columns, rows: some.map(Int.init), into: &elements,
                team: team)
            if isWide { table.releaseBytes() }
        }
        return output
    }

    /// Copies the rows.
    public func rows(_ x: borrowing Tensor<Activation>, at indices: [Int]) -> Tensor<Activation> {
        let output = makeResult(rows: indices.count, columns: x.columns)
        for (target, source) in indices.enumerated() {
            _ = output.row(target).update(fromContentsOf: x.row(source))
        }
        return output
    }

    /// The first `count` channels of each row, copied.
    public func firstColumns(_ count: Int, of x: borrowing Tensor<Activation>) -> Tensor<Activation> {
        let output = makeResult(rows: x.rows, columns: count)
        for row in 0..<x.rows { _ = output.row(row).update(fromContentsOf: x.row(row)[..<count]) }
        return output
    }

    /// Matrices of as many rows side by side, copied.
    public func joinedColumns(_ parts: consuming TensorList<Activation>) -> Tensor<Activation> {
        var parts = parts
        var x = parts.removeFirst()
        while parts.count > 0 {
            let y = parts.removeFirst()
            let both = makeResult(rows: x.rows, columns: x.columns + y.columns)
            for row in 0..<x.rows {
                _ = both.row(row)[..<x.columns].update(fromContentsOf: x.row(row))
                _ = both.row(row)[x.columns...].update(fromContentsOf: y.row(row))
            }
            x = both
        }
        return x
    }

    /// Each run by one thread, so that a run's sum does not depend on others.
    public func pooled(
        _ x: borrowing Tensor<Activation>, over runs: [Range<Int>], by pooling: RowPooling
    ) -> Tensor<Activation> {
        let output = zeros(rows: runs.count, columns: x.columns)
        // Threads read shared rows and write their own run's.
        nonisolated(unsafe) let (source, target) = (x.storage, output.storage)
        team.run(parts: runs.count) { index in
            let run = runs[index]
            guard let first = run.first else { return }
            let result = target.row(index)
            if case .weightedMean(let firsts) = pooling {
                var total: Float = 0
                for (place, row) in run.enumerated() {
                    let (weight, row) = (Float(firsts[index] + place), source.row(row))
                    total += weight
                    for channel in 0..<result.count { result[channel] += weight * row[channel] }
                }
                for channel in 0..<result.count { result[channel] /= total }
                return
            }
            _ = result.update(fromContentsOf: source.row(first))
            for row in run.dropFirst() {
                let row = source.row(row)
                switch pooling {
                case .weightedMean: break
                case .mean, .meanOverRoot: for channel in 0..<result.count { result[channel] += row[channel] }
                case .maximum: for channel in 0..<result.count { result[channel] = max(result[channel], row[channel]) }
                }
            }
            guard pooling != .maximum else { return }
            let factor = 1 / (pooling == .mean ? Float(run.count) : Float(run.count).squareRoot())
            for channel in 0..<result.count { result[channel] *= factor }
        }
        return output
    }
}

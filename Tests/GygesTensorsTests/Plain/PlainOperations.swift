import Foundation
import GygesKernels
import GygesTensors
import Testing

/// A second interpreter: each operation written out in double precision, always into new memory. What an operation consumes is poisoned
/// when it returns: filled with NaN, and an issue is recorded if anything reads it again.
final class PlainOperations: Operations {
    typealias Storage = PlainMatrix
    typealias Matrix = PlainWeights
    typealias Vector = [Double]
    typealias Cache = PlainCache

    /// Whether layers are computed twice, as recomputation does, and compared.
    let recomputes: Bool

    init(recomputes: Bool = false) { self.recomputes = recomputes }

    func embedding(_ tokens: [Int32], table: Parameter<PlainWeights>) -> Value {
        let rows = tokens.map { table.value.row(Int($0)) }
        return made(rows: rows, columns: table.value.columns)
    }

    func rows(_ x: borrowing Value, at indices: [Int]) -> Value {
        let x = read(x)
        return made(rows: indices.map { x[$0] }, columns: x.columns)
    }

    func pooled(_ x: borrowing Value, over runs: [Range<Int>], by pooling: RowPooling) -> Value {
        let x = read(x)
        let rows = runs.enumerated().map { index, run in
            (0..<x.columns).map { channel -> Double in
                let values = run.map { x[$0][channel] }
                switch pooling {
                case .meanOverRoot: return values.isEmpty ? 0 : values.reduce(0, +) / Double(run.count).squareRoot()
                case .weightedMean(let firsts):
                    let weights = values.indices.map { Double(firsts[index] + $0) }
                    let total = weights.reduce(0, +)
                    return values.isEmpty ? 0 : zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
                case .mean: return values.isEmpty ? 0 : values.reduce(0, +) / Double(run.count)
                case .maximum: return values.max() ?? 0
                }
            }
        }
        return made(rows: rows, columns: x.columns)
    }

    func zeros(rows: Int, columns: Int) -> Value {
        made(rows: .init(repeating: .init(repeating: 0, count: columns), count: rows), columns: columns)
    }

    func linear(
        _ x: borrowing Value, normedBy norm: Normalization<[Double]>?,
        _ projections: [Projection<PlainWeights, [Double]>]
    ) -> TensorList<PlainMatrix> {
        let input = read(x).mapRows { self.normed($0, by: norm) }
        var results = TensorList<PlainMatrix>()
        for projection in projections { results.append(made(projection.applied(to: input))) }
        return results
    }

    func linear(
        _ x: borrowing Value, _ projection: Projection<PlainWeights, [Double]>, addedTo residual: consuming Value
    ) -> Value {
        made(projection.applied(to: read(x)) + take(residual))
    }

    func gatedLinear(
        _ x: borrowing Value, normedBy norm: Normalization<[Double]>?, through unit: GatedUnit<PlainWeights, [Double]>
    ) -> Value {
        made(gated(read(x), normedBy: norm, through: unit))
    }

    func gatedLinear(
        addedTo x: consuming Value, normedBy norm: Normalization<[Double]>?,
        through unit: GatedUnit<PlainWeights, [Double]>
    ) -> Value {
        let x = take(x)
        return made(x + gated(x, normedBy: norm, through: unit))
    }

    func normed(_ x: borrowing Value, by norm: Normalization<[Double]>) -> Value {
        let width =
            switch norm {
            case .rootMeanSquare(let weight, _), .layer(let weight, _, _): weight.value.count
            }
        return made(
            read(x).mapRows { row in
                stride(from: 0, to: row.count, by: width).flatMap { start in
                    self.normed(Array(row[start..<start + width]), by: norm)
                }
            })
    }

    func activated(_ x: consuming Value, _ function: ElementFunction) -> Value {
        made(take(x).mapRows { row in row.map(function.callAsFunction) })
    }

    func l2Normalized(_ x: consuming Value) -> Value {
        made(
            take(x).mapRows { row in
                let norm = row.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
                return row.map { $0 / max(norm, 1e-12) }
            })
    }

    func sigmoidScaled(_ x: consuming Value, by scores: borrowing Value) -> Value {
        let (x, scores) = (take(x), read(scores))
        let rows = x.indices.map { row in x[row].map { $0 / (1 + exp(-scores[row][0])) } }
        return made(rows: rows, columns: x.columns)
    }

    func add(_ x: borrowing Value, to y: consuming Value) -> Value { made(read(x) + take(y)) }

    func route(_ scores: consuming Value, countPerToken: Int, normalises: Bool) -> Routing<PlainMatrix> {
        let probabilities = take(scores).mapRows(softmax)
        var rows = [[Int]](repeating: [], count: probabilities.columns)
        var weights = [[[Double]]](repeating: [], count: probabilities.columns)
        for row in probabilities.indices {
            let values = probabilities[row]
            let chosen = values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }.prefix(countPerToken)
            let sum = normalises ? chosen.reduce(0) { $0 + values[$1] } : 1
            for expert in chosen {
                rows[expert].append(row)
                weights[expert].append([values[expert] / sum])
            }
        }
        return Routing(rows: rows, weights: made(rows: weights.flatMap { $0 }, columns: 1))
    }

    func scatter(
        _ part: borrowing Value, of expert: Int, by routing: borrowing Routing<PlainMatrix>,
        addedTo sum: consuming Value
    ) -> Value {
        let (part, weights) = (read(part), read(routing.weights))
        var sum = take(sum)
        for (place, row) in routing.rows[expert].enumerated() {
            let weight = weights[routing.weightRows(of: expert).lowerBound + place][0]
            sum[row] = zip(sum[row], part[place]).map { $0 + weight * $1 }
        }
        return made(sum)
    }

    func layer(_ index: Int, of x: consuming Value, _ body: @escaping (consuming Value) -> Value) -> Value {
        guard recomputes else { return body(x) }
        let kept = take(x)
        let first = read(body(made(kept)))
        let again = body(made(kept))
        #expect(read(again) == first, "layer \(index) gives something else when it is computed again")
        return again
    }
}

extension PlainOperations {
    /// A tensor of new memory.
    func made(_ rows: PlainRows) -> Value { Tensor(PlainMatrix(rows), rows: rows.count, columns: rows.columns) }
    func made(rows: [[Double]], columns: Int) -> Value { made(PlainRows(rows, columns: columns)) }

    /// The elements of what is borrowed.
    func read(_ x: borrowing Value) -> PlainRows {
        if x.storage.isConsumed { Issue.record("a consumed value is read") }
        return x.storage.rows
    }

    /// The elements of what is consumed, which is poisoned.
    func take(_ x: consuming Value) -> PlainRows {
        let rows = read(x)
        x.storage.poison()
        return rows
    }

    func normed(_ row: [Double], by norm: Normalization<[Double]>?) -> [Double] {
        switch norm {
        case nil: return row
        case .rootMeanSquare(let weight, let epsilon):
            let mean = row.reduce(0) { $0 + $1 * $1 } / Double(row.count)
            let factor = 1 / (mean + Double(epsilon)).squareRoot()
            return zip(row, weight.value).map { $0 * factor * $1 }
        case .layer(let weight, let bias, let epsilon):
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            let factor = 1 / (variance + Double(epsilon)).squareRoot()
            return row.indices.map { (row[$0] - mean) * factor * weight.value[$0] + (bias?.value[$0] ?? 0) }
        }
    }

    private func gated(
        _ x: PlainRows, normedBy norm: Normalization<[Double]>?, through unit: GatedUnit<PlainWeights, [Double]>
    ) -> PlainRows {
        let input = x.mapRows { self.normed($0, by: norm) }
        let function: ElementFunction = unit.activation == .silu ? .silu : .gelu
        let gates = unit.gate.applied(to: input).mapRows { $0.map(function.callAsFunction) }
        let ups = unit.up.applied(to: input)
        let products = gates.indices.map { row in zip(gates[row], ups[row]).map { $0 * $1 } }
        return unit.down.applied(to: PlainRows(products, columns: gates.columns))
    }
}

extension ElementFunction {
    func callAsFunction(_ z: Double) -> Double {
        switch self {
        case .gelu: z * 0.5 * (1 + erf(z / Double(2).squareRoot()))
        case .silu: z / (1 + exp(-z))
        case .tanh: Foundation.tanh(z)
        case .relu: z > 0 ? z : 0
        case .sigmoid: 1 / (1 + exp(-z))
        }
    }
}

func softmax(_ row: [Double]) -> [Double] {
    let maximum = row.max() ?? 0
    let powers = row.map { exp($0 - maximum) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}

import GygesKernels
import GygesTensors
import GygesTestSupport

/// Rows of numbers in double precision.
struct PlainRows: Equatable {
    private var rows: [[Double]]
    let columns: Int

    init(_ rows: [[Double]], columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    var count: Int { rows.count }
    var indices: Range<Int> { rows.indices }
    /// The elements, row after row, rounded.
    var elements: [Float] { rows.flatMap { $0.map { Float($0) } } }

    subscript(row: Int) -> [Double] {
        get { rows[row] }
        set { rows[row] = newValue }
    }

    func mapRows(_ body: ([Double]) -> [Double]) -> PlainRows {
        let mapped = rows.map(body)
        return PlainRows(mapped, columns: mapped.first?.count ?? columns)
    }

    static func + (a: PlainRows, b: PlainRows) -> PlainRows {
        PlainRows(zip(a.rows, b.rows).map { zip($0, $1).map(+) }, columns: a.columns)
    }
}

/// What a plain interpreter keeps an activation in.
final class PlainMatrix {
    private(set) var rows: PlainRows
    private(set) var isConsumed = false

    init(_ rows: PlainRows) { self.rows = rows }

    /// Makes sure that whatever reads this again fails.
    func poison() {
        isConsumed = true
        rows = rows.mapRows { $0.map { _ in .nan } }
    }
}

/// A plain interpreter's weights `[rows, columns]`.
struct PlainWeights {
    let rows: Int
    let columns: Int
    let elements: [Double]

    func row(_ index: Int) -> [Double] { Array(elements[index * columns..<(index + 1) * columns]) }

    /// `x · weightsᵀ`
    func applied(to x: PlainRows) -> PlainRows {
        let weights = (0..<rows).map(row)
        return x.mapRows { x in weights.map { w in zip(x, w).reduce(0) { $0 + $1.0 * $1.1 } } }
    }
}

extension Projection where Matrix == PlainWeights, Vector == [Double] {
    /// `W x + b + s · B (A x)`
    func applied(to x: PlainRows) -> PlainRows {
        var y = weight.value.applied(to: x)
        if let bias { y = y.mapRows { zip($0, bias.value).map(+) } }
        guard let adapter else { return y }
        return y
            + adapter.b.value.applied(to: adapter.a.value.applied(to: x)).mapRows {
                $0.map { Double(adapter.scale) * $0 }
            }
    }
}

/// Random parameters, which depend on their path and shape alone: any model has some.
struct RandomParameters: ParameterSource {
    let seed: Int

    func matrix(_ path: ParameterPath, _ shape: MatrixShape) -> PlainWeights {
        var random = generator(path)
        // Sums of so many products keep the size of one activation.
        let scale = (3 / Float(shape.columns)).squareRoot()
        return PlainWeights(
            rows: shape.rows, columns: shape.columns,
            elements: random.floats(shape.rows * shape.columns, scale: scale).map(Double.init))
    }

    func vector(_ path: ParameterPath, _ shape: VectorShape) -> [Double] {
        var random = generator(path)
        let center: Float = path.components.last == "weight" ? 1 : 0
        return random.floats(shape.count, scale: 0.5).map { Double(center + $0) }
    }

    private func generator(_ path: ParameterPath) -> Randomness {
        Randomness(path.description.utf8.reduce(seed) { ($0 &* 31) &+ Int($1) })
    }
}

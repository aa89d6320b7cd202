import Foundation
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// A model's plain parameters as a tape trains them.
struct TapeForm {
    /// Which parameters are trained.
    var isTrained: (ParameterPath) -> Bool = { _ in true }
    /// How frozen matrices are stored and multiplied by.
    var frozenPrecision = MatmulPrecision.exact
    var team = ThreadTeam(threadCount: 2)

    func callAsFunction(_ parameter: Parameter<PlainWeights>) -> TapeMatrix {
        let weights = parameter.value
        guard isTrained(parameter.path) else {
            return .frozen(
                WeightMatrix(
                    weights.elements.map { Float($0) }, rows: weights.rows, columns: weights.columns,
                    precision: frozenPrecision, team: team))
        }
        return .trained(
            ParameterBuffer(weights.elements.map { Float($0) }, rows: weights.rows, columns: weights.columns))
    }

    func callAsFunction(_ parameter: Parameter<[Double]>) -> TapeVector {
        let elements = parameter.value.map { Float($0) }
        guard isTrained(parameter.path) else { return .frozen(WeightVector(elements)) }
        return .trained(ParameterBuffer(elements, rows: 1, columns: elements.count))
    }
}

/// Compares the gradients of a tape with central differences of a loss in double precision, one parameter after another.
///
/// A parameter's gradient is compared along a random direction and along a few single elements.
struct GradientCheck {
    /// Of the size of the loss's changes. The tape computes in f32: its gradients are sums of products that are off by some
    /// 1e-7 each, and cancel. Central differences of h = 1e-5 in double precision are good to 1e-9.
    var relative = 2e-4
    var absolute = 2e-6

    /// - Parameters:
    ///   - loss: The loss of a model whose parameter of a path has a change added to it.
    func callAsFunction(
        _ name: String, gradients: Gradients, loss: (ParameterPath, [Double]) -> Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var random = Randomness(5)
        for path in gradients.paths {
            guard let gradient = gradients[path]?.elements else { continue }
            var directions = [random.floats(gradient.count).map(Double.init)]
            // What nothing depends on shows in one direction.
            for _ in 0..<(gradient.contains { $0 != 0 } ? 2 : 0) {
                let index = Int.random(in: 0..<gradient.count, using: &random)
                directions.append((0..<gradient.count).map { $0 == index ? 1 : 0 })
            }
            for (number, direction) in directions.enumerated() {
                let step = 1e-5
                let up = loss(path, direction.map { $0 * step }), down = loss(path, direction.map { -$0 * step })
                let expected = (up - down) / (2 * step)
                let products = zip(gradient, direction).map { Double($0) * $1 }
                let actual = products.reduce(0, +)
                // What cancels in a sum over many elements leaves the errors of all.
                let size = products.reduce(0) { $0 + $1 * $1 }.squareRoot()
                let bound = absolute + relative * max(abs(expected), size)
                if !(abs(actual - expected) <= bound) {
                    Issue.record(
                        "\(name): \(path) along direction \(number) is \(actual), expected \(expected)",
                        sourceLocation: sourceLocation)
                }
            }
        }
    }
}

extension ParameterTree<PlainWeights, [Double]> {
    /// The number of parameters, by path.
    var paths: [ParameterPath] {
        var paths: [ParameterPath] = []
        forEachParameter(matrix: { paths.append($0.path) }, vector: { paths.append($0.path) })
        return paths
    }
}

/// A change of one parameter.
struct Change {
    let path: ParameterPath
    let elements: [Double]

    func callAsFunction(_ parameter: Parameter<PlainWeights>) -> PlainWeights {
        let old = parameter.value
        guard parameter.path == path else { return old }
        return PlainWeights(
            rows: old.rows, columns: old.columns, elements: zip(old.elements, elements).map { $0 + $1 })
    }

    func callAsFunction(_ parameter: Parameter<[Double]>) -> [Double] {
        parameter.path == path ? zip(parameter.value, elements).map { $0 + $1 } : parameter.value
    }
}

/// Next-token targets of a batch, without the last token of each sequence, and a weight for each.
struct NextTokens {
    var rows: [Int] = []
    var targets: [Int32] = []
    var weights: [Float] = []

    /// Every `step`-th row is supervised.
    init(of batch: PackedBatch, every step: Int = 1) {
        for sequence in batch.sequences {
            for row in sequence.rows.dropLast() where row % step == 0 {
                rows.append(row)
                targets.append(batch.tokens[row + 1])
            }
        }
        weights = rows.map { _ in 1 / Float(rows.count) }
    }

    /// The weighted cross-entropy of plain logits of these rows.
    func loss(of logits: PlainRows) -> Double {
        logits.indices.reduce(0) { sum, row in
            let logarithms = logSoftmax(logits[row])
            return sum - Double(weights[row]) * logarithms[Int(targets[row])]
        }
    }
}

func logSoftmax(_ row: [Double]) -> [Double] {
    let maximum = row.max() ?? 0
    let sum = row.reduce(0) { $0 + exp($1 - maximum) }
    return row.map { $0 - maximum - log(sum) }
}

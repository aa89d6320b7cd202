import Foundation
import GygesCheckpoints
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// What keys and values cannot exceed, against plain loops over the weights.
@Suite struct KeyValueBoundTests {
    /// The largest key and value that a row of length √hidden gives that is made for it: along its weights times their gains.
    private func worst(_ projection: Projection<WeightMatrix, WeightVector>, _ gains: [Float]) -> Double {
        let matrix = projection.weight.value
        var elements = [Float](repeating: 0, count: matrix.rows * matrix.columns)
        var span = elements.mutableSpan
        dequantizeRows(
            matrix.bytes, format: matrix.format, columns: matrix.columns, rows: Array(0..<matrix.rows), into: &span,
            team: ThreadTeam(threadCount: 1))
        var worst = 0.0
        for row in 0..<matrix.rows {
            let factors = gains.indices.map { Double(elements[row * matrix.columns + $0]) * Double(gains[$0]) }
            let length = factors.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let x = factors.map { $0 / max(length, 1e-30) * Double(gains.count).squareRoot() }
            let output = zip(x, factors).reduce(0) { $0 + $1.0 * $1.1 }
            let bias = Double(projection.bias?.value.elements[row] ?? 0)
            worst = max(worst, abs(output + bias), abs(bias - output))
        }
        return worst
    }

    @Test(arguments: ["qwen2-tied", "qwen2-untied-bf16", "qwen3-tied", "llama-plain-f16", "smollm3"])
    func boundsAreAttained(name: String) throws {
        let team = ThreadTeam(threadCount: 2)
        let path = try #require(Bundle.module.path(forResource: "Fixtures/" + name, ofType: nil))
        let model = try DecoderModel(folder: ModelFolder(path: path), team: team)
        var expected = 0.0
        for layer in model.weights.layers {
            let gains = layer.attentionNorm.value.elements
            let keys =
                layer.keyNorm.map { norm in
                    norm.value.elements.map { abs(Double($0)) }.max()! * Double(norm.value.elements.count).squareRoot()
                } ?? worst(layer.key, gains)
            expected = max(expected, worst(layer.value, gains), 2 * keys)
        }
        let bound = model.keyValueBound(team: team)
        // Sums of squares in f32 and in another order.
        #expect(abs(bound - expected) <= 1e-5 * expected, "\(bound) instead of \(expected)")
        #expect(bound > 0.1 && model.keyValueFormat(team: team) == .f16)
    }
}

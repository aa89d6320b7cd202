import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Gradients of whole encoders with a masked language model's loss against central differences of the plain interpreter's.
@Suite struct EncoderGradientTests {
    @Test(arguments: ["plain", "biases", "bert"])
    func gradientsAreThoseOfCentralDifferences(kind: String) throws {
        let model = kind == "bert" ? try TestEncoder.bert() : try TestEncoder(hasBiases: kind == "biases")
        var batch = model.batch(lengths: [1, 25], seed: 41)
        batch.append([5, 6, 7, 8], attendedCount: 2, firstTextCount: 3)
        let rows = [0, 3, 4, 17, 28]
        let targets: [Int32] = [4, 0, 52, 4, 9]
        let lossWeights: [Float] = [0.2, 0.1, 0.3, 0.25, 0.15]

        let form = TapeForm()
        let weights = model.weights.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: weights)
        // Little memory for logits: a row at a time.
        let options = TapeOptions(recomputesLayers: kind == "biases", logitByteCount: 300)
        let tape = Tape(gradients: gradients, options: options, team: ThreadTeam(threadCount: 2))
        let states = model.encoder.hiddenStates(of: batch, rows: rows, weights: weights, on: tape)
        let head = try #require(weights.head)
        _ = try tape.loss(
            of: model.encoder.scoreInput(of: states, head: head, on: tape), .crossEntropy(targets),
            through: head.scores, weights: lossWeights)
        tape.backward()

        GradientCheck()(kind, gradients: gradients) { path, change in
            let change = Change(path: path, elements: change)
            let changed = model.weights.map(matrix: { change($0) }, vector: { change($0) })
            let scores = model.run(batch, rows: rows, weights: changed, on: PlainOperations()).second.storage.rows
            return scores.indices.reduce(0) { sum, row in
                sum - Double(lossWeights[row]) * logSoftmax(scores[row])[Int(targets[row])]
            }
        }
    }
}

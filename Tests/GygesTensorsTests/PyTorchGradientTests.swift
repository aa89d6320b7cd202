import GygesCheckpoints
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Gradients of whole models beside those of PyTorch (`scripts/fixtures/make_gradients.py`).
@Suite struct PyTorchGradientTests {
    @Test(arguments: ["qwen2-tied", "llama-scaled", "llama-biases", "qwen3-tied", "smollm3", "qwen2-moe", "qwen3-moe"])
    func aDecodersGradientsAreThoseOfPyTorch(name: String) throws {
        let folder = fixturePath(name, of: "GygesModels")
        let team = ThreadTeam(threadCount: 2)
        // Trained weights need no panels.
        let model = try DecoderModel(
            folder: ModelFolder(path: folder), packing: Packing(packs: { _ in false }), team: team)
        #expect(model.weights.projections.allSatisfy { $0.weight.value.packed == nil })
        let expected = try ExpectedGradients(path: folder + "/gradients.safetensors")
        let weights = model.weights.map(
            matrix: { TapeMatrix.training($0.value, team: team) }, vector: { TapeVector.training($0.value) })
        let gradients = Gradients(of: weights)
        let options = TapeOptions(balanceWeight: expected.balanceWeight)
        let tape = Tape(gradients: gradients, options: options, team: team)

        let next = NextTokens(of: expected.batch)
        let states = model.decoder.hiddenStates(of: expected.batch, cache: nil, weights: weights, on: tape)
        let rows = model.decoder.normed(tape.rows(states, at: next.rows), weights: weights, on: tape)
        let losses = try tape.loss(
            of: rows, .crossEntropy(next.targets), through: weights.head, weights: next.weights)
        var loss = zip(losses, next.weights).reduce(0) { $0 + $1.0 * $1.1 }
        if let balance = expected.balance {
            let ours = try #require(tape.balance.loss)
            #expect(abs(Float(ours) - balance) < 1e-5)
            loss += expected.balanceWeight * balance
        }
        tape.backward()
        #expect(abs(loss - expected.loss) < 1e-5)
        expected.check(gradients, name)
    }

    @Test(arguments: ["encoder-biases", "encoder-ettin", "bert-masked"])
    func anEncodersGradientsAreThoseOfPyTorch(name: String) throws {
        let folder = fixturePath(name, of: "GygesModels")
        let team = ThreadTeam(threadCount: 2)
        let model = try EncoderModel(
            folder: ModelFolder(path: folder), packing: Packing(packs: { _ in false }), team: team)
        let expected = try ExpectedGradients(path: folder + "/gradients.safetensors")
        let weights = model.weights.map(
            matrix: { TapeMatrix.training($0.value, team: team) }, vector: { TapeVector.training($0.value) })
        let head = try #require(weights.head)
        // All rows of the last layer, or those alone that the loss is taken of.
        for rows in [nil, expected.rows] {
            let gradients = Gradients(of: weights)
            let tape = Tape(gradients: gradients, team: team)
            var states = model.encoder.hiddenStates(of: expected.batch, rows: rows, weights: weights, on: tape)
            if rows == nil { states = tape.rows(states, at: expected.rows) }
            let losses = try tape.loss(
                of: model.encoder.scoreInput(of: states, head: head, on: tape), .crossEntropy(expected.targets),
                through: head.scores, weights: expected.rows.map { _ in 1 / Float(expected.rows.count) })
            tape.backward()
            #expect(abs(losses.reduce(0, +) / Float(losses.count) - expected.loss) < 1e-5)
            expected.check(gradients, name)
        }
    }
}

/// What PyTorch computed.
struct ExpectedGradients {
    var batch = PackedBatch()
    /// The rows that an encoder's loss is taken of, and their targets.
    let rows: [Int]
    let targets: [Int32]
    let loss: Float
    let balance: Float?
    let balanceWeight: Float
    private var norms: [ParameterPath: Float] = [:]
    private var samples: [ParameterPath: [Float]] = [:]

    init(path: String) throws {
        let file = try SafetensorsFile(path: path)
        func values<T>(_ name: String, as type: T.Type) -> [T] {
            guard let tensor = file.tensors.first(where: { $0.name == name }) else { return [] }
            return Array(file.bytes(of: tensor).bindMemory(to: T.self))
        }
        let tokens = values("tokens", as: Int32.self)
        var start = 0
        for length in values("lengths", as: Int32.self).map(Int.init) {
            batch.append(tokens[start..<start + length])
            start += length
        }
        rows = values("rows", as: Int32.self).map(Int.init)
        targets = values("targets", as: Int32.self)
        loss = try #require(values("loss", as: Float.self).first)
        balance = values("balance", as: Float.self).first
        balanceWeight = values("balance_weight", as: Float.self).first ?? 0
        for tensor in file.tensors {
            let parts = tensor.name.split(separator: "/")
            guard parts.count == 2 else { continue }
            let path = ParameterPath(String(parts[1]))
            let elements = values(tensor.name, as: Float.self)
            if parts[0] == "norm" { norms[path] = elements[0] } else { samples[path] = elements }
        }
    }

    /// Every parameter's gradient within 1e-4 of its norm, element by element: both sides sum in f32, in another order.
    func check(_ gradients: Gradients, _ name: String) {
        #expect(gradients.paths == norms.keys.sorted(), "\(name): parameters")
        for path in gradients.paths {
            guard let gradient = gradients[path]?.elements, let norm = norms[path], let sample = samples[path] else {
                continue
            }
            let ours = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(Float(ours) - norm) <= 1e-4 * norm + 1e-7, "\(name): norm of \(path)")
            let elements = stride(from: 0, to: gradient.count, by: 17).map { gradient[$0] }
            // A gradient of zeros, such as a key's bias under softmax, is what rounding leaves.
            let differences = zip(elements, sample).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            #expect(
                elements.count == sample.count && Float(differences.squareRoot()) <= 1e-4 * norm + 1e-7,
                "\(name): \(path) differs by \(differences.squareRoot()) of \(norm)")
        }
    }
}

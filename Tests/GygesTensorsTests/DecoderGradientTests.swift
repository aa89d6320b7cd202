import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Gradients of whole decoders of random parameters against central differences of the plain interpreter's loss.
@Suite struct DecoderGradientTests {
    @Test(arguments: [
        TestDecoder.dense(ties: true), .dense(ties: false), .headNorms, .unrotated, .mixture(normalises: false),
        .mixture(normalises: true), .plainMixture,
    ])
    func gradientsAreThoseOfCentralDifferences(model: TestDecoder) throws {
        let batch = model.batch(lengths: [7, 1, 13], seed: 21)
        let next = NextTokens(of: batch, every: 2)
        let gradients = try model.gradients(of: batch, next)
        #expect(gradients.paths == model.weights.paths.sorted())
        GradientCheck()(model.description, gradients: gradients) { path, change in
            model.plainLoss(of: batch, next, changed: Change(path: path, elements: change))
        }
    }

    /// The loss that a tape reports is the plain interpreter's.
    @Test func theLossIsThePlainOne() throws {
        let model = TestDecoder.dense(ties: true)
        let batch = model.batch(lengths: [70, 130], seed: 22)
        let next = NextTokens(of: batch)
        var losses: [Float] = []
        _ = try model.gradients(of: batch, next, losses: { losses = $0 })
        let total = zip(losses, next.weights).reduce(0) { $0 + Double($1.0 * $1.1) }
        #expect(abs(total - model.plainLoss(of: batch, next, changed: nil)) < 1e-5)
    }

    /// Keys of more than one block, and queries of several.
    @Test func longSequencesHaveGradientsToo() throws {
        let model = TestDecoder.dense(ties: false)
        let batch = model.batch(lengths: [210], seed: 23)
        let next = NextTokens(of: batch, every: 3)
        let gradients = try model.gradients(of: batch, next)
        GradientCheck()("long", gradients: gradients) { path, change in
            guard path.description.contains("layers.0.attention") else {
                // The directional derivative of other parameters is tested with short sequences.
                return zip(gradients[path]?.elements.map { Double($0) } ?? [], change).reduce(0) { $0 + $1.0 * $1.1 }
            }
            return model.plainLoss(of: batch, next, changed: Change(path: path, elements: change))
        }
    }

    @Test(arguments: [TestDecoder.dense(ties: true), .mixture(normalises: true)])
    func neitherThreadsNorRecomputationChangeABit(model: TestDecoder) throws {
        let batch = model.batch(lengths: [40, 3, 150], seed: 24)
        let next = NextTokens(of: batch)
        let one = try model.gradients(of: batch, next, threads: 1, options: TapeOptions(balanceWeight: 0.1))
        for threads in [2, 3] {
            try expectSame(
                one, model.gradients(of: batch, next, threads: threads, options: TapeOptions(balanceWeight: 0.1)),
                "\(threads) threads")
        }
        let options = TapeOptions(recomputesLayers: true, balanceWeight: 0.1)
        try expectSame(one, model.gradients(of: batch, next, options: options), "recomputed")
    }

    /// Sequences side by side have the gradients of sequences one after another, but for the order of sums.
    @Test func packedSequencesAreSequencesApart() throws {
        let model = TestDecoder.dense(ties: true)
        let together = model.batch(lengths: [9, 33], seed: 25)
        let all = NextTokens(of: together)
        let expected = try model.gradients(of: together, all)
        let form = TapeForm()
        let weights = model.weights.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: weights)
        for sequence in together.sequences {
            var batch = PackedBatch()
            batch.append(together.tokens[sequence.rows])
            var next = NextTokens(of: batch)
            next.weights = next.rows.map { _ in all.weights[0] }
            try model.run(batch, next, weights, on: Tape(gradients: gradients, team: ThreadTeam(threadCount: 1)))
        }
        for path in expected.paths {
            let (a, b) = (gradients[path]?.elements.map { $0 } ?? [], expected[path]?.elements.map { $0 } ?? [])
            let size = b.map(abs).max() ?? 0
            expectClose(a, b, absolute: 1e-6 * max(size, 1), "\(path)")
        }
    }

    /// Frozen parameters get no gradient, and those before them get theirs through them.
    @Test func frozenParametersPassGradientsOn() throws {
        let model = TestDecoder.dense(ties: false)
        let batch = model.batch(lengths: [7, 12], seed: 26)
        let next = NextTokens(of: batch)
        let whole = try model.gradients(of: batch, next)
        let part = try model.gradients(
            of: batch, next, isTrained: { $0.description.contains("layers.0.attention.value") })
        #expect(part.paths.map(\.description) == ["layers.0.attention.value.weight"])
        for path in part.paths {
            let (a, b) = (part[path]?.elements.map { $0 } ?? [], whole[path]?.elements.map { $0 } ?? [])
            expectClose(a, b, absolute: 1e-6 * (b.map(abs).max() ?? 0) * 10, "\(path)")
        }
    }

    /// With operands in bfloat16, good to 2^-9 each, gradients keep their direction: every parameter's is within a few percent of its
    /// own norm, after some dozens of roundings forwards and backwards (at most 2.6 % was seen).
    @Test(arguments: [TestDecoder.dense(ties: true), .headNorms])
    func gradientsInBfloat16AreClose(model: TestDecoder) throws {
        let batch = model.batch(lengths: [30, 80], seed: 27)
        let next = NextTokens(of: batch)
        let expected = try model.gradients(of: batch, next)
        let rounded = try model.gradients(of: batch, next, options: TapeOptions(precision: .bfloat16))
        for path in expected.paths where !path.description.hasSuffix("key.bias") {  // A softmax takes no notice of it.
            let (a, b) = (rounded[path]?.elements.map { $0 } ?? [], expected[path]?.elements.map { $0 } ?? [])
            let size = b.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let distance = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
            #expect(distance < 4e-2 * size && distance > 0, "\(path): \(distance) of \(size)")
        }
    }

    private func expectSame(_ a: Gradients, _ b: Gradients, _ name: String) {
        for path in a.paths {
            let same = a[path]?.elements.elementsEqual(b[path]?.elements ?? .init(start: nil, count: 0)) ?? false
            #expect(same, "\(name): \(path)")
        }
    }
}

extension TestDecoder {
    /// The gradients of the weighted cross-entropy of some rows.
    func gradients(
        of batch: PackedBatch, _ next: NextTokens, threads: Int = 2, options: TapeOptions = .init(),
        isTrained: @escaping (ParameterPath) -> Bool = { _ in true }, losses: ([Float]) -> Void = { _ in }
    ) throws -> Gradients {
        let form = TapeForm(isTrained: isTrained)
        let weights = self.weights.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: weights)
        let tape = Tape(gradients: gradients, options: options, team: ThreadTeam(threadCount: threads))
        try losses(run(batch, next, weights, on: tape))
        return gradients
    }

    @discardableResult func run(
        _ batch: PackedBatch, _ next: NextTokens, _ weights: DecoderWeights<TapeMatrix, TapeVector>, on tape: Tape
    ) throws -> [Float] {
        let states = decoder.hiddenStates(of: batch, cache: nil, weights: weights, on: tape)
        let rows = decoder.normed(tape.rows(states, at: next.rows), weights: weights, on: tape)
        let losses = try tape.loss(of: rows, .crossEntropy(next.targets), through: weights.head, weights: next.weights)
        tape.backward()
        return losses
    }

    func plainLoss(of batch: PackedBatch, _ next: NextTokens, changed change: Change?) -> Double {
        let weights = change.map { change in self.weights.map(matrix: { change($0) }, vector: { change($0) }) }
        let plain = PlainOperations()
        let states = decoder.hiddenStates(of: batch, cache: nil, weights: weights ?? self.weights, on: plain)
        let logits = decoder.logits(of: states, rows: next.rows, weights: weights ?? self.weights, on: plain)
        return next.loss(of: logits.storage.rows)
    }
}

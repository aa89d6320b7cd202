import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// What a pass takes, and what a plan says of it.
@Suite struct MemoryPlanTests {
    @Test(arguments: [TestDecoder.dense(ties: true), .mixture(normalises: true)], [false, true])
    func aPlanHoldsForLargerPasses(model: TestDecoder, recomputes: Bool) throws {
        let run = Run(model)
        let options = TapeOptions(recomputesLayers: recomputes, logitByteCount: 4096)
        let plan = try MemoryPlan(
            options: options, gradients: run.gradients, team: run.team, rows: (20, 40)
        ) { tape, rows in try run.pass(on: tape, rows: rows) }
        for rows in [60, 300] {
            let tape = Tape(gradients: run.gradients, options: options, team: run.team)
            try run.pass(on: tape, rows: rows)
            let (planned, actual) = (plan.byteCount(rows: rows), tape.peakByteCount)
            // Logits are counted in full beside the peak of the rest, whether or not both are there at once; and which
            // experts rows choose is chance.
            #expect(actual <= planned + planned / 50, "\(rows) rows: \(actual) of \(planned)")
            #expect(actual > planned * 3 / 4, "\(rows) rows: \(actual) of \(planned)")
            #expect(abs(plan.mostRows(within: planned) - rows) <= 1)
        }
        #expect(plan.mostRows(within: 100) == 0)
    }

    @Test func recomputationTakesAFractionOfTheMemory() throws {
        let run = Run(TestDecoder.dense(ties: true))
        let peaks = try [false, true].map { recomputes in
            let options = TapeOptions(recomputesLayers: recomputes, logitByteCount: 4096)
            let tape = Tape(gradients: run.gradients, options: options, team: run.team)
            try run.pass(on: tape, rows: 200)
            return tape.peakByteCount
        }
        // Of three layers it keeps one at a time and three inputs.
        #expect(peaks[1] < peaks[0] / 2, "\(peaks)")
    }

    /// After a pass nothing is left, and frozen weights leave nothing on the way.
    @Test func whatIsNotNeededIsLetGoOf() throws {
        let model = TestDecoder.dense(ties: false)
        let run = Run(model)
        let tape = Tape(gradients: run.gradients, team: run.team)
        try run.pass(on: tape, rows: 50)
        tape.resetPeak()
        #expect(tape.peakByteCount == 0)

        // Nor after one that is given up, which leaves no gradient either.
        let gradients = Gradients(of: run.weights)
        let other = Tape(gradients: gradients, team: run.team)
        let given = model.batch(lengths: [30], seed: 2)
        let last = model.decoder.hiddenStates(of: given, cache: nil, weights: run.weights, on: other)
        other.addGradient([Float](repeating: 1, count: last.rows * last.columns), to: last)
        other.discard()
        other.backward()
        #expect(gradients.paths.allSatisfy { gradients[$0]?.elements.allSatisfy { $0 == 0 } ?? false })

        let form = TapeForm(isTrained: { _ in false })
        let frozen = model.weights.map(matrix: { form($0) }, vector: { form($0) })
        let batch = model.batch(lengths: [50], seed: 1)
        let states = model.decoder.hiddenStates(of: batch, cache: nil, weights: frozen, on: tape)
        // At most the residual stream, its normed rows and a few matrices of the gated unit at a time.
        #expect(tape.peakByteCount < 50 * 4 * (3 * 40 + 3 * 44))
        #expect(states.rows == 50)
    }
}

/// A decoder that is trained whole.
private struct Run {
    let model: TestDecoder
    let weights: DecoderWeights<TapeMatrix, TapeVector>
    let gradients: Gradients
    let team = ThreadTeam(threadCount: 2)

    init(_ model: TestDecoder) {
        self.model = model
        let form = TapeForm()
        weights = model.weights.map(matrix: { form($0) }, vector: { form($0) })
        gradients = Gradients(of: weights)
    }

    func pass(on tape: Tape, rows: Int) throws {
        let batch = model.batch(lengths: [rows / 2, rows - rows / 2], seed: rows)
        try model.run(batch, NextTokens(of: batch), weights, on: tape)
    }
}

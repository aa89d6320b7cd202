import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// The eager interpreter beside the plain one, which copies everything and poisons what is consumed: whole models of random
/// parameters.
@Suite struct ModelComparisonTests {
    /// The eager one adds up at most 96 products of size 1 or so in f32, which costs up to a few 1e-6 of a sum, over
    /// at most 4 layers whose norms keep activations at size 1.
    static let tolerance: Float = 3e-5

    @Test(arguments: [
        TestDecoder.dense(ties: true), .dense(ties: false), .mixture(normalises: false), .mixture(normalises: true),
        .headNorms, .plainMixture, .unrotated,
    ])
    func decodersAgree(model: TestDecoder) throws {
        let (plain, eager) = (PlainOperations(), EagerOperations(team: ThreadTeam(threadCount: 2)))
        let batch = model.batch(lengths: [1, 70, 7], seed: 1)
        let ours = model.logits(of: batch, cache: nil, weights: model.eagerWeights, on: eager)
        let theirs = model.logits(of: batch, cache: nil, weights: model.weights, on: plain)
        #expect(ours.rows == theirs.rows && ours.columns == theirs.columns)
        expectClose(Array(ours.elements), theirs.storage.rows.elements, absolute: Self.tolerance, "\(model)")
    }

    /// Several passes with a cache: the plain ones agree with one pass without, and eager ones have its bits.
    @Test(arguments: [TestDecoder.dense(ties: true), .mixture(normalises: false), .headNorms, .unrotated])
    func passesWithACacheAgree(model: TestDecoder) throws {
        let (plain, eager) = (PlainOperations(), EagerOperations(team: ThreadTeam(threadCount: 2)))
        let whole = model.batch(lengths: [71, 9], seed: 2)
        let expected = Array(model.logits(of: whole, cache: nil, weights: model.eagerWeights, on: eager).elements)
        let (memory, plainCache) = (EagerMemory(model, counts: [71, 9]), PlainCache())
        var (ours, theirs) = ([[[Float]]](repeating: [], count: 2), [[[Float]]](repeating: [], count: 2))
        var starts = [0, 0]
        for counts in [[1, 3], [63, 1], [7, 5]] {
            var batch = PackedBatch()
            for (sequence, count) in counts.enumerated() {
                let tokens = whole.tokens[whole.sequences[sequence].rows].dropFirst(starts[sequence]).prefix(count)
                batch.append(tokens, firstPosition: starts[sequence])
                starts[sequence] += count
            }
            let a = model.logits(of: batch, cache: memory.binding, weights: model.eagerWeights, on: eager)
            let b = model.logits(of: batch, cache: plainCache, weights: model.weights, on: plain)
            for (sequence, span) in batch.sequences.enumerated() {
                ours[sequence] += span.rows.map { Array(a.row($0)) }
                theirs[sequence] += span.rows.map { b.storage.rows[$0].map { Float($0) } }
            }
        }
        #expect(ours.joined().flatMap { $0 } == expected)
        expectClose(theirs.joined().flatMap { $0 }, expected, absolute: Self.tolerance, "\(model) with a cache")
    }

    @Test(arguments: ["plain", "biases", "bert"], [nil, [0, 3, 4, 20, 41]])
    func encodersAgree(kind: String, rows: [Int]?) throws {
        let model = kind == "bert" ? try TestEncoder.bert() : try TestEncoder(hasBiases: kind == "biases")
        let (plain, eager) = (PlainOperations(), EagerOperations(team: ThreadTeam(threadCount: 2)))
        var batch = model.batch(lengths: [1, 40], seed: 3)
        batch.append([5, 6, 7, 8], attendedCount: 2, firstTextCount: 3)
        let ours = model.run(batch, rows: rows, weights: model.eagerWeights, on: eager)
        let theirs = model.run(batch, rows: rows, weights: model.weights, on: plain)
        expectClose(Array(ours.first.elements), theirs.first.storage.rows.elements, absolute: Self.tolerance, "states")
        expectClose(
            Array(ours.second.elements), theirs.second.storage.rows.elements, absolute: Self.tolerance, "scores")
    }

    /// A layer gives the same whenever it is called with the same, as recomputation asks of it, and so does its model.
    @Test func layersCanBeComputedAgain() throws {
        let (once, twice) = (PlainOperations(), PlainOperations(recomputes: true))
        for model in [TestDecoder.dense(ties: false), .mixture(normalises: true)] {
            let batch = model.batch(lengths: [3, 12], seed: 4)
            let a = model.logits(of: batch, cache: nil, weights: model.weights, on: once)
            let b = model.logits(of: batch, cache: nil, weights: model.weights, on: twice)
            #expect(a.storage.rows == b.storage.rows)
        }
        let encoder = try TestEncoder(hasBiases: true)
        let batch = encoder.batch(lengths: [12, 3], seed: 5)
        let a = encoder.run(batch, rows: [2, 14], weights: encoder.weights, on: once)
        let b = encoder.run(batch, rows: [2, 14], weights: encoder.weights, on: twice)
        #expect(a.second.storage.rows == b.second.storage.rows)
    }

    /// Adapters on every projection, the head included: applied beside the weights, and merged into them.
    @Test(arguments: [TestDecoder.dense(ties: true), .mixture(normalises: false), .plainMixture])
    func adaptersAgree(model: TestDecoder) throws {
        let adapted = model.weights.withAdapters(rank: 3, scale: 0.5, seed: 6)
        let (plain, eager) = (PlainOperations(), EagerOperations(team: ThreadTeam(threadCount: 2)))
        let batch = model.batch(lengths: [5, 20], seed: 7)
        let ours = model.logits(of: batch, cache: nil, weights: eagerForm(of: adapted), on: eager)
        let theirs = model.logits(of: batch, cache: nil, weights: adapted, on: plain)
        let without = model.logits(of: batch, cache: nil, weights: model.weights, on: plain)
        expectClose(Array(ours.elements), theirs.storage.rows.elements, absolute: Self.tolerance, "adapters")
        let change = zip(theirs.storage.rows.elements, without.storage.rows.elements).map { abs($0 - $1) }.max() ?? 0
        #expect(change > 0.1, "the adapters change nothing")
    }
}

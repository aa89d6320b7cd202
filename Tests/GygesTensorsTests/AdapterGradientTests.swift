import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Gradients of adapters beside frozen weights, quantised ones too.
@Suite struct AdapterGradientTests {
    /// Adapters on every projection, the tied head included, against central differences; everything else is frozen.
    @Test(arguments: [TestDecoder.dense(ties: true), .mixture(normalises: true)])
    func gradientsAreThoseOfCentralDifferences(model: TestDecoder) throws {
        let adapted = model.weights.withAdapters(rank: 3, scale: 0.7, seed: 61)
        let batch = model.batch(lengths: [6, 11], seed: 62)
        let next = NextTokens(of: batch, every: 2)
        let form = TapeForm(isTrained: { $0.description.hasPrefix("adapters") })
        let weights = adapted.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: weights)
        try model.run(batch, next, weights, on: Tape(gradients: gradients, team: ThreadTeam(threadCount: 2)))
        #expect(gradients.paths == adapted.paths.filter { $0.description.hasPrefix("adapters") }.sorted())
        GradientCheck()(model.description, gradients: gradients) { path, change in
            let change = Change(path: path, elements: change)
            let changed = adapted.map(matrix: { change($0) }, vector: { change($0) })
            let plain = PlainOperations()
            let states = model.decoder.hiddenStates(of: batch, cache: nil, weights: changed, on: plain)
            return next.loss(
                of: model.decoder.logits(of: states, rows: next.rows, weights: changed, on: plain).storage.rows)
        }
    }

    /// Over a quantised base as over the floats that it stands for: to rounding, or to that of activations in 8 bits where the
    /// instruction set multiplies these faster than floats.
    @Test(arguments: [WeightFormat.q4_K, .q6_K, .q8_0, .q4_1])
    func aQuantizedBaseIsItsFloats(format: WeightFormat) {
        let base = QuantizedUnit(format)
        let floats = base.gradients { .frozen(base.floats($0)) }
        let exact = base.gradients { $0.frozen(.exact, team: base.team) }
        let fast = base.gradients { $0.frozen(.fast, team: base.team) }
        for path in floats.paths {
            let wanted = floats[path]?.elements.map { $0 } ?? []
            let size = wanted.reduce(0) { $0 + $1 * $1 }.squareRoot()
            func distance(_ gradients: Gradients) -> Float {
                let given = gradients[path]?.elements.map { $0 } ?? []
                return zip(given, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() / size
            }
            #expect(size > 0 && distance(exact) < 1e-5, "\(format) exact: \(path) \(distance(exact))")
            // Activations in 8 bits are good to half a percent of the largest of a block.
            let hasBytes = base.team.instructionSet.hasFastByteProducts
            #expect(distance(fast) < (hasBytes ? 2e-2 : 1e-5), "\(format) fast: \(path) \(distance(fast))")
            #expect(hasBytes == (distance(fast) > 1e-5), "\(format) fast: \(path) \(distance(fast))")
        }
    }

    @Test func neitherThreadsNorRecomputationChangeABit() throws {
        let model = TestDecoder.dense(ties: true)
        let adapted = model.weights.withAdapters(rank: 3, scale: 0.7, seed: 63)
        let batch = model.batch(lengths: [36, 5], seed: 64)
        let next = NextTokens(of: batch)
        let form = TapeForm(isTrained: { $0.description.hasPrefix("adapters") })
        let weights = adapted.map(matrix: { form($0) }, vector: { form($0) })
        func gradients(_ threads: Int, recomputes: Bool, seed: UInt64) throws -> [Float] {
            let gradients = Gradients(of: weights)
            let options = TapeOptions(recomputesLayers: recomputes, adapterDropout: 0.3)
            let tape = Tape(gradients: gradients, options: options, team: ThreadTeam(threadCount: threads))
            tape.dropoutSeeds = DropoutSeeds(seed)
            try model.run(batch, next, weights, on: tape)
            return gradients.paths.flatMap { gradients[$0]?.elements.map { $0 } ?? [] }
        }
        let one = try gradients(1, recomputes: false, seed: 1)
        #expect(try gradients(3, recomputes: false, seed: 1) == one)
        #expect(try gradients(2, recomputes: true, seed: 1) == one)
        #expect(try gradients(1, recomputes: false, seed: 2) != one)
    }

    /// An adapter with dropout is the adapter of an input with zeros: each share of them is as asked for, the others are
    /// scaled, and the gradient goes where the input went.
    @Test func dropoutLeavesOutItsShare() throws {
        let share: Float = 0.25
        let (rows, inputs) = (50, 40)
        var random = Randomness(65)
        let table = ParameterBuffer([Float](repeating: 1, count: rows * inputs), rows: rows, columns: inputs)
        let x = Parameter(ParameterPath("x"), TapeMatrix.trained(table))
        // The adapter is the identity, beside weights of zero.
        let identity = ParameterBuffer(
            (0..<inputs * inputs).map { $0 % (inputs + 1) == 0 ? 1 : 0 }, rows: inputs, columns: inputs)
        let zero = ParameterBuffer(rows: inputs, columns: inputs)
        let projection = Projection<TapeMatrix, TapeVector>(
            weight: Parameter(ParameterPath("weight"), .trained(zero)),
            adapter: LowRankAdapter(
                a: Parameter(ParameterPath("a"), .trained(identity)),
                b: Parameter(ParameterPath("b"), .trained(identity)),
                scale: 1))
        let gradients = Gradients(of: Projection<TapeMatrix, TapeVector>(weight: x), projection)
        let tape = Tape(
            gradients: gradients, options: TapeOptions(adapterDropout: share), team: ThreadTeam(threadCount: 2))
        tape.dropoutSeeds = DropoutSeeds(7)
        let y = tape.linear(tape.embedding((0..<Int32(rows)).map { $0 }, table: x), projection)
        let results = Array(y.elements)
        let left = results.count { $0 == 0 }
        #expect(results.allSatisfy { $0 == 0 || abs($0 - 1 / (1 - share)) < 1e-6 })
        // 2,000 draws: five standard deviations.
        #expect(abs(Double(left) - 500) < 5 * (2000 * 0.25 * 0.75).squareRoot())
        tape.addGradient(random.floats(rows * inputs).map { abs($0) + 0.1 }, to: y)
        tape.backward()
        let dx = try #require(gradients[ParameterPath("x")]?.elements)
        #expect(zip(dx, results).allSatisfy { ($0 == 0) == ($1 == 0) })
    }
}

/// Two gated units one behind the other, whose weights are quantised and have adapters.
private struct QuantizedUnit {
    let team = ThreadTeam(threadCount: 2)
    private var bases: [QuantizedWeights] = []
    private let batch = (0..<Int32(9)).map { $0 }

    init(_ format: WeightFormat) {
        var random = Randomness(71)
        for _ in 0..<2 {
            for (rows, columns) in [(512, 256), (512, 256), (256, 512)] {
                bases.append(QuantizedWeights(format, rows: rows, columns: columns, random: &random))
            }
        }
    }

    func floats(_ weights: QuantizedWeights) -> WeightMatrix {
        WeightMatrix(
            weights.floats(team: team), rows: weights.rows, columns: weights.columns, precision: .exact, team: team)
    }

    /// The adapters' gradients over a base in some form.
    func gradients(_ form: (QuantizedWeights) -> TapeMatrix) -> Gradients {
        let random = RandomParameters(seed: 72)
        let trained = TapeForm()
        var tree = UnitTree(
            x: Parameter(ParameterPath("x"), trained(random.parameter("x", 9, 256))), units: [])
        for unit in 0..<2 {
            func projection(_ index: Int) -> Projection<TapeMatrix, TapeVector> {
                let base = bases[unit * 3 + index], path = "\(unit).\(index)"
                return Projection(
                    weight: Parameter(ParameterPath(path + ".weight"), form(base)),
                    adapter: LowRankAdapter(
                        a: Parameter(
                            ParameterPath(path + ".a"), trained(random.parameter(path + ".a", 4, base.columns))),
                        b: Parameter(ParameterPath(path + ".b"), trained(random.parameter(path + ".b", base.rows, 4))),
                        scale: 0.1))
            }
            tree.units.append(
                GatedUnit(gate: projection(0), up: projection(1), down: projection(2), activation: .silu))
        }
        let gradients = Gradients(of: tree)
        let tape = Tape(gradients: gradients, team: team)
        var x = tape.embedding(batch, table: tree.x)
        for unit in tree.units { x = tape.gatedLinear(addedTo: x, normedBy: nil, through: unit) }
        var direction = Randomness(73)
        tape.addGradient(direction.floats(x.rows * x.columns), to: x)
        tape.backward()
        return gradients
    }
}

extension RandomParameters {
    fileprivate func parameter(_ name: String, _ rows: Int, _ columns: Int) -> Parameter<PlainWeights> {
        let path = ParameterPath(name)
        return Parameter(path, matrix(path, MatrixShape(rows: rows, columns: columns)))
    }
}

private struct UnitTree: ParameterTree {
    let x: Parameter<TapeMatrix>
    var units: [GatedUnit<TapeMatrix, TapeVector>]

    func forEachParameter<Failure: Error>(
        matrix: @escaping (Parameter<TapeMatrix>) throws(Failure) -> Void,
        vector: @escaping (Parameter<TapeVector>) throws(Failure) -> Void
    ) throws(Failure) {
        try matrix(x)
        for unit in units {
            for projection in [unit.gate, unit.up, unit.down] {
                try matrix(projection.weight)
                if let adapter = projection.adapter {
                    try matrix(adapter.a)
                    try matrix(adapter.b)
                }
            }
        }
    }

    mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<TapeMatrix, TapeVector>) throws(Failure) -> Void
    ) throws(Failure) {
        for index in units.indices { try units[index].modifyProjections(body) }
    }
}

import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

/// Each operation of the eager interpreter beside the plain one at odd shapes. What it borrows keeps its bits.
@Suite struct OperationTests {
    private let cases = OperationCases()

    @Test func linearMapsAgree() {
        for projection in [cases.map(13, 30), cases.map(13, 30, hasBias: true), cases.map(13, 30, hasAdapter: true)] {
            for norm in [nil, cases.rootMeanSquare, cases.layerNorm] {
                cases.check(
                    "linear",
                    plain: { o, x in o.linear(x, normedBy: norm, projection) },
                    eager: { o, x in o.linear(x, normedBy: norm.map(cases.eager), cases.eager(projection)) })
            }
            let back = cases.map(30, 30, hasBias: projection.bias != nil, hasAdapter: projection.adapter != nil)
            cases.check(
                "linear added",
                plain: { o, x in o.linear(x, back, addedTo: cases.plain(1)) },
                eager: { o, x in o.linear(x, cases.eager(back), addedTo: cases.eager(1, on: o)) })
        }
    }

    @Test func gatedUnitsAgree() {
        for (hasBias, hasAdapter) in [(false, false), (true, false), (false, true), (true, true)] {
            let unit = cases.unit(30, 17, hasBias: hasBias, hasAdapter: hasAdapter)
            cases.check(
                "gated linear",
                plain: { o, x in o.gatedLinear(x, normedBy: cases.layerNorm, through: unit) },
                eager: { o, x in o.gatedLinear(x, normedBy: cases.eager(cases.layerNorm), through: cases.eager(unit)) })
            cases.check(
                "gated linear, added",
                plain: { o, x in o.gatedLinear(addedTo: cases.plain(0), normedBy: cases.rootMeanSquare, through: unit)
                },
                eager: { o, x in
                    o.gatedLinear(
                        addedTo: cases.eager(0, on: o), normedBy: cases.eager(cases.rootMeanSquare),
                        through: cases.eager(unit))
                })
        }
    }

    @Test func elementsAgree() {
        for norm in [cases.rootMeanSquare, cases.layerNorm, cases.headNorm] {
            cases.check(
                "norm", plain: { o, x in o.normed(x, by: norm) },
                eager: { o, x in o.normed(x, by: cases.eager(norm)) })
        }
        for function in [ElementFunction.gelu, .silu, .tanh, .relu, .sigmoid] {
            cases.check(
                "\(function)", plain: { o, x in o.activated(cases.plain(0), function) },
                eager: { o, x in o.activated(cases.eager(0, on: o), function) })
        }
        cases.check(
            "L2 norm", plain: { o, x in o.l2Normalized(cases.plain(0)) },
            eager: { o, x in o.l2Normalized(cases.eager(0, on: o)) })
        cases.check(
            "sum", plain: { o, x in o.add(x, to: cases.plain(1)) },
            eager: { o, x in o.add(x, to: cases.eager(1, on: o)) })
        cases.check(
            "sigmoid", plain: { o, x in o.sigmoidScaled(cases.plain(1), by: x) },
            eager: { o, x in o.sigmoidScaled(cases.eager(1, on: o), by: x) })
    }

    @Test func rowsAgree() {
        cases.check(
            "rows", plain: { o, x in o.rows(x, at: [6, 0, 6]) }, eager: { o, x in o.rows(x, at: [6, 0, 6]) })
        for pooling in [RowPooling.mean, .maximum, .meanOverRoot, .weightedMean(from: [1, 4, 3])] {
            cases.check(
                "\(pooling)", plain: { o, x in o.pooled(x, over: [0..<3, 3..<3, 4..<7], by: pooling) },
                eager: { o, x in o.pooled(x, over: [0..<3, 3..<3, 4..<7], by: pooling) })
        }
    }

    @Test(arguments: [false, true]) func mixturesAgree(normalises: Bool) {
        cases.check(
            "weights",
            plain: { o, x in
                o.rows(o.route(cases.plain(0), countPerToken: 3, normalises: normalises).weights, at: [0, 20])
            },
            eager: { o, x in
                o.rows(o.route(cases.eager(0, on: o), countPerToken: 3, normalises: normalises).weights, at: [0, 20])
            })
        cases.check(
            "scatter",
            plain: { o, x in
                let routing = o.route(cases.plain(1), countPerToken: 2, normalises: normalises)
                let expert = routing.chosenExperts[0]
                return o.scatter(
                    o.gather(x, for: expert, by: routing), of: expert, by: routing, addedTo: cases.plain(2))
            },
            eager: { o, x in
                let routing = o.route(cases.eager(1, on: o), countPerToken: 2, normalises: normalises)
                let expert = routing.chosenExperts[0]
                return o.scatter(
                    o.gather(x, for: expert, by: routing), of: expert, by: routing,
                    addedTo: cases.eager(2, on: o))
            })
    }

    /// Of equal probabilities the first expert is taken.
    @Test func tiesGoToTheFirst() {
        let eager = EagerOperations(team: ThreadTeam(threadCount: 1))
        let routing = eager.route(eager.zeros(rows: 2, columns: 4), countPerToken: 2, normalises: true)
        #expect(routing.rows == [[0, 1], [0, 1], [], []])
        #expect(routing.chosenExperts == [0, 1] && routing.weightRows(of: 1) == 2..<4)
        #expect(Array(routing.weights.elements) == [0.5, 0.5, 0.5, 0.5])
    }
}

/// Random arguments `[7, 30]` and parameters, in the forms of both interpreters.
struct OperationCases {
    /// Sums of at most 30 products of size 1 in f32 cost up to 1e-6 or so, and a gated unit has two of them.
    private static let tolerance: Float = 1e-5

    private let arguments: [PlainRows]
    private let team = ThreadTeam(threadCount: 2)
    private let parameters = RandomParameters(seed: 3)

    init() {
        var random = Randomness(8)
        arguments = (0..<3).map { _ in
            PlainRows((0..<7).map { _ in random.floats(30, scale: 2).map(Double.init) }, columns: 30)
        }
    }

    /// Compares the results, and the first argument, which the eager interpreter may only borrow, with what it was.
    func check(
        _ name: String, plain: (PlainOperations, borrowing Tensor<PlainMatrix>) -> Tensor<PlainMatrix>,
        eager: (EagerOperations, borrowing Tensor<Activation>) -> Tensor<Activation>
    ) {
        let operations = EagerOperations(team: team)
        let expected = plain(PlainOperations(), self.plain(0))
        let borrowed = self.eager(0, on: operations)
        let result = eager(operations, borrowed)
        #expect(result.rows == expected.rows && result.columns == expected.columns, "\(name): shapes")
        expectClose(
            Array(result.elements), expected.storage.rows.elements, absolute: Self.tolerance, "\(name)")
        #expect(Array(borrowed.elements) == arguments[0].elements, "\(name) changed what it borrowed")
    }

    /// An argument to be consumed.
    func plain(_ index: Int) -> Tensor<PlainMatrix> { PlainOperations().made(arguments[index]) }

    /// An argument to be consumed.
    func eager(_ index: Int, on operations: EagerOperations) -> Tensor<Activation> {
        let rows = arguments[index]
        let tensor = operations.zeros(rows: rows.count, columns: rows.columns)
        _ = tensor.elements.update(fromContentsOf: rows.elements)
        return tensor
    }

    func map(_ outputs: Int, _ inputs: Int, hasBias: Bool = false, hasAdapter: Bool = false)
        -> Projection<PlainWeights, [Double]>
    {
        let path = ParameterPath("map") / outputs
        func matrix(_ name: String, _ rows: Int, _ columns: Int) -> Parameter<PlainWeights> {
            Parameter(path / name, parameters.matrix(path / name, MatrixShape(rows: rows, columns: columns)))
        }
        return Projection(
            weight: matrix("weight", outputs, inputs),
            bias: hasBias
                ? Parameter(path / "bias", parameters.vector(path / "bias", VectorShape(count: outputs))) : nil,
            adapter: hasAdapter
                ? LowRankAdapter(a: matrix("a", 3, inputs), b: matrix("b", outputs, 3), scale: 1.5) : nil)
    }

    func unit(_ hidden: Int, _ intermediate: Int, hasBias: Bool, hasAdapter: Bool) -> GatedUnit<PlainWeights, [Double]>
    {
        GatedUnit(
            gate: map(intermediate, hidden, hasBias: hasBias), up: map(intermediate, hidden, hasAdapter: hasAdapter),
            down: map(hidden, intermediate, hasBias: hasBias, hasAdapter: hasAdapter), activation: .silu)
    }

    private func vector(_ name: String, count: Int = 30) -> Parameter<[Double]> {
        let path = ParameterPath(name)
        return Parameter(path, parameters.vector(path, VectorShape(count: count)))
    }

    /// Of each of three heads.
    var headNorm: Normalization<[Double]> {
        .rootMeanSquare(weight: vector("head.weight", count: 10), epsilon: 1e-5)
    }

    var rootMeanSquare: Normalization<[Double]> { .rootMeanSquare(weight: vector("norm.weight"), epsilon: 1e-5) }
    var layerNorm: Normalization<[Double]> {
        .layer(weight: vector("norm.weight"), bias: vector("norm.bias"), epsilon: 1e-5)
    }

    func eager(_ norm: Normalization<[Double]>) -> Normalization<WeightVector> {
        func vector(_ parameter: Parameter<[Double]>) -> Parameter<WeightVector> {
            Parameter(parameter.path, WeightVector(parameter.value.map { Float($0) }))
        }
        switch norm {
        case .rootMeanSquare(let weight, let epsilon): return .rootMeanSquare(weight: vector(weight), epsilon: epsilon)
        case .layer(let weight, let bias, let epsilon):
            return .layer(weight: vector(weight), bias: bias.map(vector), epsilon: epsilon)
        }
    }

    private var mapping: ParameterMapping<PlainWeights, [Double], WeightMatrix, WeightVector, Never> {
        ParameterMapping(matrix: { $0.value.packed(team: team) }, vector: { WeightVector($0.value.map { Float($0) }) })
    }

    func eager(_ map: Projection<PlainWeights, [Double]>) -> Projection<WeightMatrix, WeightVector> {
        mapping.projection(map)
    }

    func eager(_ unit: GatedUnit<PlainWeights, [Double]>) -> GatedUnit<WeightMatrix, WeightVector> {
        mapping.unit(unit)
    }
}

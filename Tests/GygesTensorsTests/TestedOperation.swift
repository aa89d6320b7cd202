import GygesKernels
import GygesTensors

/// Every operation in a formula of one or few, at odd shapes, for any interpreter.
///
/// Activations come from a table of embeddings, so that their gradients are a parameter's.
enum TestedOperation: CaseIterable {
    case embedding, rows, mean, meanOverRoot, weightedMean, maximum
    case linear, linearAfterLayerNorm, linearAdded, linearWithAdapter, linearTwice
    case gatedLinear, gatedLinearAdded, gatedLinearOfBoth
    case rootMeanSquare, layerNorm, headNorm
    case gelu, silu, tanh, relu, sigmoid, l2Norm, sigmoidScaled, sum, sumWithItself
    case attention, unrotatedAttention, bidirectionalAttention, windowedAttention, someQueries
    case routed, routedNormalised

    /// The result of the operation, which depends on all that it has parameters for.
    func run<O: Operations>(on o: O, _ p: TestParameters<O.Matrix, O.Vector>) -> O.Value {
        switch self {
        case .embedding: return o.embedding([3, 0, 3, 6, 3], table: p.tables[0])
        case .rows: return o.rows(p.x(0, on: o), at: [6, 0, 6])
        case .mean: return pooled(.mean, o, p)
        case .meanOverRoot: return pooled(.meanOverRoot, o, p)
        case .weightedMean: return pooled(.weightedMean(from: [1, 4, 3]), o, p)
        case .maximum: return pooled(.maximum, o, p)
        case .linear: return o.linear(p.x(0, on: o), p.map)
        case .linearAfterLayerNorm: return o.linear(p.x(0, on: o), normedBy: p.layerNorm, p.map)
        case .linearAdded: return o.linear(p.x(0, on: o), p.back, addedTo: p.x(1, on: o))
        case .linearWithAdapter: return o.linear(p.x(0, on: o), normedBy: p.rootMeanSquare, p.adapted)
        case .linearTwice:
            let x = p.x(0, on: o)
            let results = o.linear(x, normedBy: p.rootMeanSquare, p.back, p.adapted)
            return o.add(o.add(x, to: results.first), to: results.second)
        case .gatedLinear: return o.gatedLinear(p.x(0, on: o), normedBy: nil, through: p.unit)
        case .gatedLinearAdded:
            return o.gatedLinear(addedTo: p.x(0, on: o), normedBy: p.rootMeanSquare, through: p.unit)
        case .gatedLinearOfBoth:
            var unit = p.unit
            unit.activation = .gelu
            let x = p.x(0, on: o)
            return o.add(x, to: o.gatedLinear(x, normedBy: p.layerNorm, through: unit))
        case .rootMeanSquare: return o.normed(p.x(0, on: o), by: p.rootMeanSquare)
        case .layerNorm: return o.normed(p.x(0, on: o), by: p.layerNorm)
        case .headNorm: return o.normed(p.x(0, on: o), by: p.headNorm)
        case .gelu: return activated(.gelu, o, p)
        case .silu: return activated(.silu, o, p)
        case .tanh: return activated(.tanh, o, p)
        case .relu: return activated(.relu, o, p)
        case .sigmoid: return activated(.sigmoid, o, p)
        case .l2Norm: return o.l2Normalized(p.x(0, on: o))
        case .sigmoidScaled: return o.sigmoidScaled(p.x(0, on: o), by: o.linear(p.x(1, on: o), p.score))
        case .sum: return o.add(p.x(0, on: o), to: p.x(1, on: o))
        case .sumWithItself:
            let x = p.x(0, on: o)
            return o.add(x, to: o.add(x, to: o.normed(x, by: p.layerNorm)))
        case .attention: return attended(o, p, encoding: PositionEncoding(table: Self.table, temperature: 1.3))
        case .unrotatedAttention: return attended(o, p, encoding: nil)
        case .bidirectionalAttention: return attended(o, p, windowRadius: nil, rows: nil)
        case .windowedAttention: return attended(o, p, windowRadius: 1, rows: nil)
        case .someQueries: return attended(o, p, windowRadius: 2, rows: [1, 4, 6])
        case .routed: return mixture(o, p, normalises: false)
        case .routedNormalised: return mixture(o, p, normalises: true)
        }
    }

    /// Two pairs of a head of ten channels stay as they are.
    private static let table = RotaryTable(frequencies: [1, 0.3, 0.01], headDimension: 10, layout: .halves)
    private static let wholeTable = RotaryTable(
        frequencies: [1, 0.3, 0.1, 0.03, 0.01], magnitude: 1.1, headDimension: 10, layout: .halves)

    private static var batch: PackedBatch {
        var batch = PackedBatch()
        batch.append([0, 1])
        batch.append([2, 3, 4, 5, 6], attendedCount: 4)
        return batch
    }

    private func pooled<O: Operations>(
        _ pooling: RowPooling, _ o: O, _ p: TestParameters<O.Matrix, O.Vector>
    ) -> O.Value {
        o.pooled(p.x(0, on: o), over: [0..<3, 3..<3, 4..<7], by: pooling)
    }

    private func activated<O: Operations>(
        _ function: ElementFunction, _ o: O, _ p: TestParameters<O.Matrix, O.Vector>
    ) -> O.Value {
        // The argument is borrowed before it is consumed.
        let x = p.x(0, on: o)
        let y = o.linear(x, p.back)
        return o.add(y, to: o.activated(x, function))
    }

    private func attended<O: Operations>(
        _ o: O, _ p: TestParameters<O.Matrix, O.Vector>, encoding: PositionEncoding?
    ) -> O.Value {
        let keys = o.linear(p.x(1, on: o), p.narrow), values = o.linear(p.x(2, on: o), p.narrow)
        var batch = PackedBatch()
        batch.append([0, 1])
        batch.append([2, 3, 4, 5, 6])
        return o.attention(
            queries: p.x(0, on: o), keys: keys, values: values, in: batch, cache: nil,
            shape: AttentionShape(headCount: 3, keyValueHeadCount: 1, headDimension: 10), encoding: encoding)
    }

    private func attended<O: Operations>(
        _ o: O, _ p: TestParameters<O.Matrix, O.Vector>, windowRadius: Int?, rows: [Int]?
    ) -> O.Value {
        let queries = rows.map { o.rows(p.x(0, on: o), at: $0) } ?? p.x(0, on: o)
        return o.bidirectionalAttention(
            queries: queries, at: rows, keys: p.x(1, on: o), values: p.x(2, on: o), in: Self.batch,
            as: EncoderAttention(headCount: 3, windowRadius: windowRadius, table: Self.wholeTable))
    }

    private func mixture<O: Operations>(
        _ o: O, _ p: TestParameters<O.Matrix, O.Vector>, normalises: Bool
    ) -> O.Value {
        let x = p.x(0, on: o)
        let routing = o.route(o.linear(x, p.router), countPerToken: 2, normalises: normalises)
        var sum = p.x(1, on: o)
        for expert in routing.chosenExperts {
            let part = o.linear(o.gather(x, for: expert, by: routing), expert.isMultiple(of: 2) ? p.back : p.square)
            sum = o.scatter(part, of: expert, by: routing, addedTo: sum)
        }
        return sum
    }
}

/// Parameters for activations `[7, 30]` of three tables.
struct TestParameters<Matrix, Vector> {
    var tables: [Parameter<Matrix>]
    /// 30 to 13, with a bias.
    var map: Projection<Matrix, Vector>
    /// 30 to 30, with a bias.
    var back: Projection<Matrix, Vector>
    var square: Projection<Matrix, Vector>
    /// 30 to 30, with an adapter.
    var adapted: Projection<Matrix, Vector>
    var narrow: Projection<Matrix, Vector>
    var score: Projection<Matrix, Vector>
    var router: Projection<Matrix, Vector>
    var unit: GatedUnit<Matrix, Vector>
    var gain: Parameter<Vector>
    var bias: Parameter<Vector>
    var headGain: Parameter<Vector>

    func x<O: Operations>(_ index: Int, on operations: O) -> O.Value where O.Matrix == Matrix, O.Vector == Vector {
        operations.embedding([0, 1, 2, 3, 4, 5, 6], table: tables[index])
    }

    var rootMeanSquare: Normalization<Vector> { .rootMeanSquare(weight: gain, epsilon: 1e-3) }
    var layerNorm: Normalization<Vector> { .layer(weight: gain, bias: bias, epsilon: 1e-3) }
    var headNorm: Normalization<Vector> { .rootMeanSquare(weight: headGain, epsilon: 1e-3) }

    func map<NewMatrix, NewVector>(
        matrix: @escaping (Parameter<Matrix>) -> NewMatrix, vector: @escaping (Parameter<Vector>) -> NewVector
    ) -> TestParameters<NewMatrix, NewVector> {
        let mapping = ParameterMapping(matrix: matrix, vector: vector)
        return TestParameters<NewMatrix, NewVector>(
            tables: tables.map { mapping.matrix($0) }, map: mapping.projection(map), back: mapping.projection(back),
            square: mapping.projection(square), adapted: mapping.projection(adapted),
            narrow: mapping.projection(narrow), score: mapping.projection(score), router: mapping.projection(router),
            unit: mapping.unit(unit), gain: mapping.vector(gain), bias: mapping.vector(bias),
            headGain: mapping.vector(headGain))
    }
}

extension TestParameters: ParameterTree {
    func forEachParameter<Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> Void,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        var matrices: [Parameter<Matrix>] = [], vectors: [Parameter<Vector>] = []
        _ = map(matrix: { matrices.append($0) }, vector: { vectors.append($0) })
        for parameter in matrices { try matrix(parameter) }
        for parameter in vectors { try vector(parameter) }
    }

    mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        try body(&map)
        try body(&back)
        try body(&square)
        try body(&adapted)
        try body(&narrow)
        try body(&score)
        try body(&router)
        try unit.modifyProjections(body)
    }
}

extension TestParameters where Matrix == PlainWeights, Vector == [Double] {
    init(seed: Int) {
        let random = RandomParameters(seed: seed)
        func matrix(_ name: String, _ rows: Int, _ columns: Int) -> Parameter<PlainWeights> {
            let path = ParameterPath(name)
            return Parameter(path, random.matrix(path, MatrixShape(rows: rows, columns: columns)))
        }
        func vector(_ name: String, _ count: Int) -> Parameter<[Double]> {
            let path = ParameterPath(name)
            return Parameter(path, random.vector(path, VectorShape(count: count)))
        }
        func projection(_ name: String, _ outputs: Int, _ inputs: Int, hasBias: Bool = false, hasAdapter: Bool = false)
            -> Projection<PlainWeights, [Double]>
        {
            Projection(
                weight: matrix(name + ".weight", outputs, inputs),
                bias: hasBias ? vector(name + ".bias", outputs) : nil,
                adapter: hasAdapter
                    ? LowRankAdapter(
                        a: matrix(name + ".a", 3, inputs), b: matrix(name + ".b", outputs, 3), scale: 1.5) : nil)
        }
        self.init(
            tables: (0..<3).map { matrix("table.\($0)", 7, 30) }, map: projection("map", 13, 30, hasBias: true),
            back: projection("back", 30, 30, hasBias: true), square: projection("square", 30, 30),
            adapted: projection("adapted", 30, 30, hasBias: true, hasAdapter: true),
            narrow: projection("narrow", 10, 30),
            score: projection("score", 1, 30, hasBias: true), router: projection("router", 4, 30),
            unit: GatedUnit(
                gate: projection("gate", 17, 30, hasBias: true), up: projection("up", 17, 30, hasAdapter: true),
                down: projection("down", 30, 17, hasBias: true, hasAdapter: true), activation: .silu),
            gain: vector("gain.weight", 30), bias: vector("gain.bias", 30), headGain: vector("head.weight", 10))
    }
}

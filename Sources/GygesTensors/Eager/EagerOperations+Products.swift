import GygesKernels

private typealias Map = Projection<WeightMatrix, WeightVector>

extension EagerOperations {
    /// Norms and quantises a tile at a time, once for all matrices of the same input, then multiplies.
    public func linear(
        _ x: borrowing Tensor<Activation>, normedBy norm: Normalization<WeightVector>?,
        _ projections: [Projection<WeightMatrix, WeightVector>]
    ) -> TensorList<Activation> {
        var outputs = TensorList<Activation>()
        for output in products(of: x, normedBy: norm, projections) { outputs.append(Tensor(output)) }
        return outputs
    }

    /// Adds to `residual` in place.
    public func linear(
        _ x: borrowing Tensor<Activation>, _ projection: Projection<WeightMatrix, WeightVector>,
        addedTo residual: consuming Tensor<Activation>
    ) -> Tensor<Activation> {
        load(x, normedBy: nil, for: [projection])
        multiply(inputs, by: projection, into: residual.storage, isAdded: true)
        return residual
    }

    /// Multiplies, gates and quantises a piece at a time: neither half goes through memory, unless it has a bias or an
    /// adapter.
    public func gatedLinear(
        _ x: borrowing Tensor<Activation>, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Tensor<Activation> {
        loadGated(x, normedBy: norm, through: unit)
        let output = makeResult(rows: x.rows, columns: unit.down.weight.value.rows)
        multiply(gated, by: unit.down, into: output.storage, isAdded: false)
        return output
    }

    /// As without a residual, but the last product is added to `x` in place: nothing reads `x` any more by then.
    public func gatedLinear(
        addedTo x: consuming Tensor<Activation>, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Tensor<Activation> {
        loadGated(x, normedBy: norm, through: unit)
        multiply(gated, by: unit.down, into: x.storage, isAdded: true)
        return x
    }

    /// Lays out `activation(gate(x)) · up(x)` for the unit's last product.
    private func loadGated(
        _ x: borrowing Tensor<Activation>, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) {
        if unit.isPlain {
            load(x, normedBy: norm, for: [unit.gate, unit.up])
            gatedMatmul(
                inputs, gate: unit.gate.products, up: unit.up.products, activation: unit.activation, into: &gated,
                for: unit.down.products, team: team)
        } else {
            let halves = products(of: x, normedBy: norm, [unit.gate, unit.up])
            var product = halves[1].elements.mutableSpan
            gate(halves[0].elements.span, with: unit.activation, times: &product, team: team)
            gated.load(
                halves[1].elements.span, rows: x.rows, columns: halves[1].columns, for: [unit.down].matricesOfInput,
                team: team)
        }
    }

    /// What each projection makes of the same input.
    private func products(
        of x: borrowing Tensor<Activation>, normedBy norm: Normalization<WeightVector>?, _ projections: [Map]
    ) -> [Activation] {
        load(x, normedBy: norm, for: projections)
        let rows = x.rows
        let outputs = projections.map { Activation(rows: rows, columns: $0.weight.value.rows, pool: pool) }
        GygesKernels.matmul(
            inputs, zip(projections, outputs).map { Matmul($0.products, into: $1.elements) }, team: team)
        for (projection, output) in zip(projections, outputs) { addRest(of: projection, inputs, to: output) }
        return outputs
    }

    /// Lays out the input of some projections.
    private func load(
        _ x: borrowing Tensor<Activation>, normedBy norm: Normalization<WeightVector>?, for projections: [Map]
    ) {
        inputs.load(
            x.elements.span, rows: x.rows, columns: x.columns, normalizedBy: norm.map(RowNorm.init),
            for: projections.matricesOfInput, team: team)
    }

    /// The whole projection of what was laid out for it.
    private func multiply(
        _ x: borrowing Activations, by projection: Map, into output: Activation, isAdded: Bool
    ) {
        GygesKernels.matmul(
            x, [Matmul(projection.products, into: output.elements, isAdded: isAdded)], team: team)
        addRest(of: projection, x, to: output)
    }

    /// Adds bias and adapter of a projection to its product.
    private func addRest(of projection: Map, _ x: borrowing Activations, to output: Activation) {
        if let bias = projection.bias {
            var elements = output.elements.mutableSpan
            addBias(bias.value.elements.span, into: &elements, team: team)
        }
        if let adapter = projection.adapter { add(adapter, of: x, to: output) }
    }

    /// Adds `scale · B (A x)`.
    private func add(_ adapter: LowRankAdapter<WeightMatrix>, of x: borrowing Activations, to output: Activation) {
        let (a, b) = (adapter.a.value.products, adapter.b.value.products)
        let reduced = Activation(rows: output.rows, columns: a.rows, pool: pool)
        GygesKernels.matmul(x, [Matmul(a, into: reduced.elements)], team: team)
        adapted.load(reduced.elements.span, rows: output.rows, columns: a.rows, for: [b], team: team)
        let addend = Activation(rows: output.rows, columns: output.columns, pool: pool)
        GygesKernels.matmul(adapted, [Matmul(b, into: addend.elements)], team: team)
        let scale = adapter.scale
        nonisolated(unsafe) let (source, target) = (addend, output)
        team.run(parts: output.rows) { row in
            let (result, addend) = (target.row(row), source.row(row))
            for channel in result.indices { result[channel] += scale * addend[channel] }
        }
    }
}

extension Projection where Matrix == WeightMatrix, Vector == WeightVector {
    /// The weights as products read them.
    fileprivate var products: PackedMatrix { weight.value.products }
}

extension [Projection<WeightMatrix, WeightVector>] {
    /// Every matrix that reads the projections' common input.
    fileprivate var matricesOfInput: [PackedMatrix] {
        var matrices = map(\.products)
        for projection in self { if let adapter = projection.adapter { matrices.append(adapter.a.value.products) } }
        return matrices
    }
}

extension GatedUnit {
    /// Whether nothing comes between its matrices but the gate.
    fileprivate var isPlain: Bool {
        gate.bias == nil && up.bias == nil && gate.adapter == nil && up.adapter == nil && down.adapter == nil
    }
}

extension WeightMatrix {
    /// The form that products read, which a table that is only looked up lacks: to multiply by one is a mistake of the model's.
    var products: PackedMatrix {
        guard let packed else { fatalError("the weight [\(rows), \(columns)] is not packed for products") }
        return packed
    }
}

extension RowNorm {
    fileprivate init(_ norm: Normalization<WeightVector>) {
        switch norm {
        case .rootMeanSquare(let weight, let epsilon):
            self = .rootMeanSquare(weight: weight.value.elements, epsilon: epsilon)
        case .layer(let weight, let bias, let epsilon):
            self = .layer(weight: weight.value.elements, bias: bias?.value.elements, epsilon: epsilon)
        }
    }
}

import GygesKernels

private typealias Map = Projection<TapeMatrix, TapeVector>

extension Tape {
    /// Keeps the input, normed if there is a norm, for the gradients of trained weights.
    public func linear(
        _ x: borrowing Value, normedBy norm: Normalization<TapeVector>?,
        _ projections: [Projection<TapeMatrix, TapeVector>]
    ) -> TensorList<Recorded> {
        var results = TensorList<Recorded>()
        for output in linear(x.storage, normedBy: norm, projections) { results.append(Tensor(output)) }
        return results
    }

    /// Adds to the residual's memory, unless something keeps that.
    public func linear(
        _ x: borrowing Value, _ projection: Projection<TapeMatrix, TapeVector>, addedTo residual: consuming Value
    ) -> Value {
        Tensor(linear(x.storage, projection, addedTo: residual.storage))
    }

    /// The unit's three products and its gate, one after another.
    public func gatedLinear(
        _ x: borrowing Value, normedBy norm: Normalization<TapeVector>?, through unit: GatedUnit<TapeMatrix, TapeVector>
    ) -> Value {
        Tensor(linear(gated(x.storage, normedBy: norm, through: unit), normedBy: nil, [unit.down])[0])
    }

    /// The same; `x` is kept where its norm's gradient needs it.
    public func gatedLinear(
        addedTo x: consuming Value, normedBy norm: Normalization<TapeVector>?,
        through unit: GatedUnit<TapeMatrix, TapeVector>
    ) -> Value {
        let product = gated(x.storage, normedBy: norm, through: unit)
        return Tensor(linear(product, unit.down, addedTo: x.storage))
    }

    private func linear(_ x: Recorded, normedBy norm: Normalization<TapeVector>?, _ projections: [Map]) -> [Recorded] {
        let input = norm.map { normed(x, by: $0) } ?? x
        load(input.value, for: projections)
        return projections.map { projection in
            let output = activation(rows: input.value.rows, columns: projection.weight.value.rows)
            return project(input, by: projection, into: output, isAdded: false, residual: nil)
        }
    }

    private func linear(_ x: Recorded, _ projection: Map, addedTo residual: Recorded) -> Recorded {
        load(x.value, for: [projection])
        return project(
            x, by: projection, into: residual.takeOwned(from: pool), isAdded: true, residual: residual.slot)
    }

    /// `activation(gate(x)) · up(x)`
    private func gated(
        _ x: Recorded, normedBy norm: Normalization<TapeVector>?, through unit: GatedUnit<TapeMatrix, TapeVector>
    ) -> Recorded {
        let halves = linear(x, normedBy: norm, [unit.gate, unit.up])
        let (gateSlot, upSlot) = (halves[0].slot, halves[1].slot)
        let hasGradient = gateSlot != nil || upSlot != nil
        let gates = halves[0].takeOwned(from: pool)
        let ups = halves[1].takeOwned(from: pool)
        let output = activation(rows: ups.rows, columns: ups.columns)
        var elements = output.elements.mutableSpan
        gate(
            gates.elements.span, with: unit.activation, times: ups.elements.span, into: &elements, team: team)
        let product = result(output, hasGradient: hasGradient)
        record(product) { [team, pool] dy in
            // Both halves are this pullback's own, and become their gradients.
            gateGradient(
                gates.elements, up: ups.elements, with: unit.activation, dy: dy.elements, into: gates.elements,
                and: ups.elements, team: team)
            gateSlot?.add(gates, in: pool)
            upSlot?.add(ups, in: pool)
        }
        return product
    }

    // MARK: One projection

    /// `W x + b + s · B (A x)`, stored in `output` or added to it.
    ///
    /// - Parameters:
    ///   - x: The input, which `load` has prepared for frozen weights.
    ///   - residual: The place of the gradient of what `output` held.
    private func project(
        _ x: Recorded, by projection: Map, into output: Activation, isAdded: Bool, residual: GradientSlot?
    ) -> Recorded {
        let (input, slot) = (x.value, x.slot)
        multiply(input, by: projection.weight.value, into: output, isAdded: isAdded)
        if let bias = projection.bias {
            bias.value.withElements { bias in
                var elements = output.elements.mutableSpan
                addBias(bias.span, into: &elements, team: team)
            }
        }
        let adapted = projection.adapter.map { AdaptedProjection($0, of: self) }
        adapted?.add(to: output, input: input)
        let hasGradient = slot != nil || residual != nil || projection.isTrained
        let projected = result(output, hasGradient: hasGradient)
        // Only the gradient of trained weights reads the input.
        let kept = projection.weight.value.isTrained ? input : nil
        let (rows, columns) = (input.rows, input.columns)
        record(projected) { [self] dy in
            residual?.add(dy, in: pool)
            if let bias = projection.bias, let target = gradients.of(bias) {
                addColumnSums(dy.elements, to: target.elements, team: team)
            }
            addWeightGradient(of: projection.weight, input: kept, dy: dy)
            slot?.add(in: pool, rows: rows, columns: columns) { dx, isAdded in
                multiplyBack(dy, by: projection.weight.value, into: dx, isAdded: isAdded)
            }
            adapted?.differentiate(dy, into: slot)
        }
        return projected
    }

    // MARK: The three matmuls

    private func load(_ x: Activation, for projections: [Map]) {
        load(x, for: projections.map(\.weight.value))
    }

    /// Lays out the input of those matrices that are frozen, where it is not multiplied as it is.
    func load(_ x: Activation, for matrices: [TapeMatrix]) {
        guard team.instructionSet.hasFastByteProducts else { return }
        let packed = matrices.compactMap(\.packed)
        guard !packed.isEmpty else { return }
        inputs.load(x.elements.span, rows: x.rows, columns: x.columns, for: packed, team: team)
    }

    /// `y = x · Wᵀ`; the input of a frozen matrix has been loaded.
    func multiply(_ x: Activation, by matrix: TapeMatrix, into y: Activation, isAdded: Bool) {
        guard x.rows > 0 else { return }
        switch matrix {
        case .trained(let weights):
            denseMatmul(
                x.dense, .floats(weights.dense.transposed), into: y.elements, isAdded: isAdded,
                precision: options.precision, team: team)
        case .frozen:
            guard let packed = matrix.packed else { return }
            guard team.instructionSet.hasFastByteProducts else {
                return denseMatmul(
                    x.dense, .packed(packed, isTransposed: true), into: y.elements, isAdded: isAdded, team: team)
            }
            matmul(inputs, [Matmul(packed, into: y.elements, isAdded: isAdded)], team: team)
        }
    }

    /// `dx = dy · W`
    func multiplyBack(_ dy: Activation, by matrix: TapeMatrix, into dx: Activation, isAdded: Bool) {
        guard dy.rows > 0 else { return }
        let right: DenseOperand
        switch matrix {
        case .trained(let weights): right = .floats(weights.dense)
        case .frozen:
            guard let packed = matrix.packed else { return }
            right = .packed(packed)
        }
        denseMatmul(dy.dense, right, into: dx.elements, isAdded: isAdded, precision: options.precision, team: team)
    }

    /// `dW += dyᵀ · x`, if the matrix is trained.
    func addWeightGradient(of parameter: Parameter<TapeMatrix>, input x: Activation?, dy: Activation) {
        guard let target = gradients.of(parameter), let x, x.rows > 0 else { return }
        denseMatmul(
            dy.dense.transposed, .floats(x.dense), into: target.elements, isAdded: true, precision: options.precision,
            team: team)
    }
}

extension TapeMatrix {
    /// The form that products with a frozen matrix read.
    fileprivate var packed: PackedMatrix? { if case .frozen(let matrix) = self { matrix.products } else { nil } }
}

extension Projection where Matrix == TapeMatrix, Vector == TapeVector {
    /// Whether any of its parameters gets a gradient.
    fileprivate var isTrained: Bool {
        weight.value.isTrained || bias?.value.isTrained ?? false || adapter?.a.value.isTrained ?? false
            || adapter?.b.value.isTrained ?? false
    }
}

extension Activation {
    fileprivate var dense: DenseMatrix { DenseMatrix(elements, rows: rows, columns: columns) }
}

extension ParameterBuffer {
    fileprivate var dense: DenseMatrix { DenseMatrix(elements, rows: rows, columns: columns) }
}

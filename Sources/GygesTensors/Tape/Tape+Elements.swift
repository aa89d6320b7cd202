import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Tape {
    /// Keeps what was normed, and computes its mean and variance again.
    public func normed(_ x: borrowing Value, by norm: Normalization<TapeVector>) -> Value {
        Tensor(normed(x.storage, by: norm))
    }

    func normed(_ x: Recorded, by norm: Normalization<TapeVector>) -> Recorded {
        let (source, slot) = (x.value, x.slot)
        let output = activation(rows: source.rows, columns: source.columns)
        switch norm {
        case .rootMeanSquare(let weight, let epsilon):
            weight.value.withElements { weight in
                var elements = output.elements.mutableSpan
                rmsNorm(source.elements.span, weight: weight.span, epsilon: epsilon, into: &elements, team: team)
            }
        case .layer(let weight, let bias, let epsilon):
            func run(_ bias: Span<Float>?) {
                weight.value.withElements { weight in
                    var elements = output.elements.mutableSpan
                    layerNorm(
                        source.elements.span, weight: weight.span, bias: bias, epsilon: epsilon, into: &elements,
                        team: team)
                }
            }
            if let bias { bias.value.withElements { run($0.span) } } else { run(nil) }
        }
        let normed = result(output, hasGradient: slot != nil || norm.isTrained)
        record(normed) { [self] dy in differentiate(norm, of: source, dy: dy, into: slot) }
        return normed
    }

    private func differentiate(
        _ norm: Normalization<TapeVector>, of x: Activation, dy: Activation, into slot: GradientSlot?
    ) {
        func run(_ dx: Activation, _ isAdded: Bool) {
            switch norm {
            case .rootMeanSquare(let weight, let epsilon):
                weight.value.withElements {
                    rmsNormGradient(
                        x.elements, weight: $0, dy: dy.elements, epsilon: epsilon, into: dx.elements, isAdded: isAdded,
                        dweight: gradients.of(weight)?.elements, team: team)
                }
            case .layer(let weight, let bias, let epsilon):
                weight.value.withElements {
                    layerNormGradient(
                        x.elements, weight: $0, dy: dy.elements, epsilon: epsilon, into: dx.elements, isAdded: isAdded,
                        dweight: gradients.of(weight)?.elements, dbias: bias.flatMap(gradients.of)?.elements, team: team
                    )
                }
            }
        }
        if let slot {
            slot.add(in: pool, rows: x.rows, columns: x.columns, run)
        } else {
            run(activation(rows: x.rows, columns: x.columns), false)
        }
    }

    /// Keeps what went through the function.
    public func activated(_ x: consuming Value, _ function: ElementFunction) -> Value {
        let slot = x.storage.slot
        // Without a gradient, nothing else needs the argument.
        let output = slot == nil ? x.storage.takeOwned(from: pool) : x.storage.value.copied(to: pool)
        let source = slot == nil ? output : x.storage.value
        function.apply(to: output.elements, team: team)
        let activated = result(output, hasGradient: slot != nil)
        record(activated) { [team, pool] dy in
            let (dx, scratch) = (source.copied(to: pool), source.copied(to: pool))
            function.differentiate(dx.elements, output: output, dy: dy, scratch: scratch, team: team)
            slot?.add(dx, in: pool)
        }
        return Tensor(activated)
    }

    /// Keeps what was scaled; squares are summed in double.
    public func l2Normalized(_ x: consuming Value) -> Value {
        let slot = x.storage.slot
        let output = slot == nil ? x.storage.takeOwned(from: pool) : x.storage.value.copied(to: pool)
        var factors: [Double] = []  // One over the norm, or over what is taken in its place.
        for index in 0..<output.rows {
            let row = output.row(index)
            let norm = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            factors.append(1 / max(norm, smallestNorm))
            let factor = Float(factors[index])
            for channel in row.indices { row[channel] *= factor }
        }
        let scaled = result(output, hasGradient: slot != nil)
        record(scaled) { [pool] dy in
            slot?.add(in: pool, rows: output.rows, columns: output.columns) { dx, isAdded in
                for index in 0..<output.rows {
                    let (y, change, target) = (output.row(index), dy.row(index), dx.row(index))
                    let factor = factors[index]
                    // What the floor scales does not depend on its norm.
                    let isFloored = factor >= 1 / smallestNorm
                    let along = isFloored ? 0 : zip(y, change).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                    for channel in target.indices {
                        let part = Float((Double(change[channel]) - Double(y[channel]) * along) * factor)
                        target[channel] = isAdded ? target[channel] + part : part
                    }
                }
            }
        }
        return Tensor(scaled)
    }

    /// Keeps both.
    public func sigmoidScaled(_ x: consuming Value, by scores: borrowing Value) -> Value {
        let (slot, scoreSlot) = (x.storage.slot, scores.storage.slot)
        let source = x.storage.value
        let output = source.copied(to: pool)
        let weights = scores.storage.value.elements.map { 1 / (1 + exp(-$0)) }
        for row in 0..<output.rows {
            let target = output.row(row)
            for channel in target.indices { target[channel] *= weights[row] }
        }
        let scaled = result(output, hasGradient: slot != nil || scoreSlot != nil)
        record(scaled) { [pool] dy in
            slot?.add(in: pool, rows: dy.rows, columns: dy.columns) { dx, isAdded in
                for row in 0..<dy.rows {
                    let (change, target) = (dy.row(row), dx.row(row))
                    for channel in target.indices {
                        let part = change[channel] * weights[row]
                        target[channel] = isAdded ? target[channel] + part : part
                    }
                }
            }
            scoreSlot?.add(in: pool, rows: dy.rows, columns: 1) { dscores, isAdded in
                for row in 0..<dy.rows {
                    let product = zip(source.row(row), dy.row(row)).reduce(0) { $0 + $1.0 * $1.1 }
                    let part = product * weights[row] * (1 - weights[row])
                    dscores.elements[row] = isAdded ? dscores.elements[row] + part : part
                }
            }
        }
        return Tensor(scaled)
    }

    /// Both terms get the gradient of the sum.
    public func add(_ x: borrowing Value, to y: consuming Value) -> Value {
        let (first, second) = (x.storage.slot, y.storage.slot)
        let output = y.storage.takeOwned(from: pool)
        var elements = output.elements.mutableSpan
        GygesKernels.add(x.storage.value.elements.span, into: &elements, team: team)
        let sum = result(output, hasGradient: first != nil || second != nil)
        record(sum) { [pool] dy in
            first?.add(dy, in: pool)
            second?.add(dy, in: pool)
        }
        return Tensor(sum)
    }
}

/// As torch's normalize: a row shorter than this is scaled by it.
private let smallestNorm = 1e-12

extension Normalization<TapeVector> {
    /// Whether any of its parameters gets a gradient.
    fileprivate var isTrained: Bool {
        switch self {
        case .rootMeanSquare(let weight, _): weight.value.isTrained
        case .layer(let weight, let bias, _): weight.value.isTrained || bias?.value.isTrained ?? false
        }
    }
}

extension ElementFunction {
    /// Applies the function in place.
    fileprivate func apply(to x: UnsafeMutableBufferPointer<Float>, team: ThreadTeam) {
        switch self {
        case .gelu, .silu:
            var elements = x.mutableSpan
            activate(&elements, self == .gelu ? .gelu : .silu, team: team)
        case .tanh: for index in x.indices { x[index] = tanhf(x[index]) }
        case .relu: for index in x.indices { x[index] = max(x[index], 0) }
        case .sigmoid: for index in x.indices { x[index] = 1 / (1 + expf(-x[index])) }
        }
    }

    /// Turns an argument into its gradient.
    ///
    /// - Parameter output: What the function made of it.
    fileprivate func differentiate(
        _ x: UnsafeMutableBufferPointer<Float>, output: Activation, dy: Activation, scratch: Activation,
        team: ThreadTeam
    ) {
        let (y, dy) = (output.elements, dy.elements)
        switch self {
        case .gelu, .silu:
            // A gate of ones, whose own gradient nobody wants.
            scratch.elements.update(repeating: 1)
            gateGradient(
                x, up: scratch.elements, with: self == .gelu ? .gelu : .silu, dy: dy, into: x, and: scratch.elements,
                team: team)
        case .tanh: for index in x.indices { x[index] = dy[index] * (1 - y[index] * y[index]) }
        case .relu: for index in x.indices { x[index] = x[index] > 0 ? dy[index] : 0 }
        case .sigmoid: for index in x.indices { x[index] = dy[index] * y[index] * (1 - y[index]) }
        }
    }
}

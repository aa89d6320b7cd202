import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EagerOperations {
    /// Normalises to new memory.
    public func normed(
        _ x: borrowing Tensor<Activation>, by norm: Normalization<WeightVector>
    ) -> Tensor<Activation> {
        let output = makeResult(rows: x.rows, columns: x.columns)
        var elements = output.elements.mutableSpan
        switch norm {
        case .rootMeanSquare(let weight, let epsilon):
            rmsNorm(x.elements.span, weight: weight.value.elements.span, epsilon: epsilon, into: &elements, team: team)
        case .layer(let weight, let bias, let epsilon):
            layerNorm(
                x.elements.span, weight: weight.value.elements.span, bias: bias?.value.elements.span, epsilon: epsilon,
                into: &elements, team: team)
        }
        return output
    }

    /// Computes in place.
    public func activated(_ x: consuming Tensor<Activation>, _ function: ElementFunction) -> Tensor<Activation> {
        var elements = x.elements.mutableSpan
        switch function {
        case .gelu: activate(&elements, .gelu, team: team)
        case .silu: activate(&elements, .silu, team: team)
        case .tanh: for index in elements.indices { elements[index] = tanhf(elements[index]) }
        case .relu: for index in elements.indices { elements[index] = max(elements[index], 0) }
        case .sigmoid: for index in elements.indices { elements[index] = 1 / (1 + expf(-elements[index])) }
        }
        return x
    }

    /// Scales in place; squares are summed in double.
    public func l2Normalized(_ x: consuming Tensor<Activation>) -> Tensor<Activation> {
        nonisolated(unsafe) let shared = x.storage
        team.run(parts: x.rows) { index in
            let row = shared.row(index)
            let squares = row.reduce(0.0) { $0 + Double($1) * Double($1) }
            // As torch's normalize: a row shorter than this is scaled by it.
            let factor = Float(1 / max(squares.squareRoot(), 1e-12))
            for channel in row.indices { row[channel] *= factor }
        }
        return x
    }

    /// Scales in place.
    public func sigmoidScaled(
        _ x: consuming Tensor<Activation>, by scores: borrowing Tensor<Activation>
    ) -> Tensor<Activation> {
        for row in 0..<x.rows {
            let (target, scale) = (x.row(row), 1 / (1 + exp(-scores.row(row)[0])))
            for channel in 0..<x.columns { target[channel] *= scale }
        }
        return x
    }

    /// Adds to `y` in place.
    public func add(_ x: borrowing Tensor<Activation>, to y: consuming Tensor<Activation>) -> Tensor<Activation> {
        var elements = y.elements.mutableSpan
        GygesKernels.add(x.elements.span, into: &elements, team: team)
        return y
    }
}

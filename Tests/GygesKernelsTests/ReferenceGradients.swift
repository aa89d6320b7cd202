import Foundation

/// The vector-Jacobian products that the gradient kernels compute, in double precision: each the sum over outputs of the output's gradient
/// times the derivative that a book gives.
extension Reference {
    /// `∂yⱼ/∂xᵢ = wⱼ · (δᵢⱼ · f - xᵢ · xⱼ · f³ / n)` for `y = x · f · w`, `f = (mean(x²) + ε)^-½`.
    static func rmsNormGradient(_ x: [Double], weight: [Double], dy: [Double], epsilon: Double) -> (
        dx: [Double], dweight: [Double]
    ) {
        let n = Double(x.count)
        let f = 1 / (x.reduce(0) { $0 + $1 * $1 } / n + epsilon).squareRoot()
        let dx = x.indices.map { i in
            x.indices.reduce(0.0) { sum, j in
                sum + dy[j] * weight[j] * ((i == j ? f : 0) - x[i] * x[j] * f * f * f / n)
            }
        }
        return (dx, x.indices.map { dy[$0] * x[$0] * f })
    }

    /// The same after the mean was subtracted, whose derivative is `δᵢⱼ - 1/n`.
    static func layerNormGradient(_ x: [Double], weight: [Double], dy: [Double], epsilon: Double) -> (
        dx: [Double], dweight: [Double]
    ) {
        let mean = x.reduce(0, +) / Double(x.count)
        let (centred, dweight) = rmsNormGradient(x.map { $0 - mean }, weight: weight, dy: dy, epsilon: epsilon)
        let average = centred.reduce(0, +) / Double(x.count)
        return (centred.map { $0 - average }, dweight)
    }

    static func siluDerivative(_ z: Float) -> Double {
        let sigmoid = 1 / (1 + exp(-Double(z)))
        return sigmoid + Double(z) * sigmoid * (1 - sigmoid)
    }

    static func geluDerivative(_ z: Float) -> Double {
        let z = Double(z)
        return 0.5 * erfc(-z / 2.0.squareRoot()) + z * exp(-z * z / 2) / (2 * Double.pi).squareRoot()
    }

    /// Attention of one head and its gradients with every weight written down.
    ///
    /// - Parameter isSeen: Whether a query sees a key.
    static func attentionGradient(
        queries: [[Double]], keys: [[Double]], values: [[Double]], doutput: [[Double]], scale: Double,
        isSeen: (Int, Int) -> Bool
    ) -> (output: [[Double]], dqueries: [[Double]], dkeys: [[Double]], dvalues: [[Double]]) {
        let d = keys.first?.count ?? 0
        var output = queries.map { $0.map { _ in 0.0 } }
        var (dqueries, dkeys, dvalues) = (output, keys.map { $0.map { _ in 0.0 } }, keys.map { $0.map { _ in 0.0 } })
        for i in queries.indices {
            let seen = keys.indices.filter { isSeen(i, $0) }
            guard !seen.isEmpty else { continue }
            let weights = softmax(seen.map { j in zip(queries[i], keys[j]).reduce(0) { $0 + $1.0 * $1.1 } * scale })
            let dweights = seen.map { j in zip(doutput[i], values[j]).reduce(0) { $0 + $1.0 * $1.1 } }
            let mean = zip(weights, dweights).reduce(0) { $0 + $1.0 * $1.1 }
            for (place, j) in seen.enumerated() {
                let dscore = weights[place] * (dweights[place] - mean) * scale
                for channel in 0..<d {
                    output[i][channel] += weights[place] * values[j][channel]
                    dvalues[j][channel] += weights[place] * doutput[i][channel]
                    dqueries[i][channel] += dscore * keys[j][channel]
                    dkeys[j][channel] += dscore * queries[i][channel]
                }
            }
        }
        return (output, dqueries, dkeys, dvalues)
    }
}

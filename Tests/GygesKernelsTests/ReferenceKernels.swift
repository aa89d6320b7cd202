import Foundation

/// What the kernels compute, in double precision and as one would write it on a board.
enum Reference {
    /// `y[m, n] = Σ_k x[m, k] · w[n, k]`, and for each the sum of magnitudes that rounding errors are proportional to.
    static func product(_ x: [Double], _ w: [Double], rows: Int, outputs: Int, columns: Int)
        -> (y: [Double], magnitudes: [Double])
    {
        var y: [Double] = []
        var magnitudes: [Double] = []
        for m in 0..<rows {
            for n in 0..<outputs {
                let terms = (0..<columns).map { x[m * columns + $0] * w[n * columns + $0] }
                y.append(terms.reduce(0, +))
                magnitudes.append(terms.reduce(0) { $0 + abs($1) })
            }
        }
        return (y, magnitudes)
    }

    /// Numbers rounded to 8 bits in blocks with one f32 scale each: of 32, as the fast products take activations, or of any
    /// other length.
    static func quantized(_ x: [Float], blockLength: Int = 32) -> [Double] {
        stride(from: 0, to: x.count, by: blockLength).flatMap { start in
            let block = x[start..<start + blockLength]
            let largest = block.map(abs).max() ?? 0
            guard largest > 4e-37 else { return [Double](repeating: 0, count: blockLength) }
            let scale = largest / 127
            return block.map { Double(scale) * Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) }
        }
    }

    /// To bfloat16, ties to even.
    static func roundedToBfloat16(_ x: Double) -> Double {
        let bits = Float(x).bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000))
    }

    static func rmsNorm(_ x: [Float], weight: [Float], epsilon: Float) -> [Float] {
        stride(from: 0, to: x.count, by: weight.count).flatMap { start in
            let row = x[start..<start + weight.count].map(Double.init)
            let factor = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(row.count) + Double(epsilon)).squareRoot()
            return zip(row, weight).map { Float($0 * factor * Double($1)) }
        }
    }

    static func layerNorm(_ x: [Float], weight: [Float], bias: [Float], epsilon: Float) -> [Float] {
        stride(from: 0, to: x.count, by: weight.count).flatMap { start in
            let row = x[start..<start + weight.count].map(Double.init)
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            let factor = 1 / (variance + Double(epsilon)).squareRoot()
            return row.indices.map { Float((row[$0] - mean) * factor * Double(weight[$0]) + Double(bias[$0])) }
        }
    }

    static func silu(_ z: Float) -> Double { Double(z) / (1 + exp(-Double(z))) }

    static func gelu(_ z: Float) -> Double { Double(z) * 0.5 * erfc(-Double(z) / 2.0.squareRoot()) }

    static func softmax(_ x: [Double]) -> [Double] {
        let largest = x.max() ?? 0
        let weights = x.map { exp($0 - largest) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// Causal attention of one head: queries `[positions.count][d]` at `positions`, keys and values `[…][d]` from 0 on.
    static func attention(
        queries: [[Double]], positions: [Int], keys: [[Double]], values: [[Double]], scale: Double
    ) -> [[Double]] {
        zip(queries, positions).map { query, position in
            let scores = keys[...position].map { key in zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } * scale }
            let weights = softmax(scores)
            return query.indices.map { channel in
                zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[channel] }
            }
        }
    }

    /// Attention of one head in which position i sees j where |i - j| ≤ windowRadius, of queries whose products with keys are
    /// exponents of 2; and for each result the mean of magnitudes that rounding errors are proportional to.
    ///
    /// Weights are rounded relative to a power of two, the first that none exceeds.
    static func bidirectionalAttention(
        queries: [[Double]], keys: [[Double]], values: [[Double]], windowRadius: Int?, rounding: (Double) -> Double
    ) -> (y: [[Double]], magnitudes: [[Double]]) {
        var y: [[Double]] = []
        var magnitudes: [[Double]] = []
        for (position, query) in queries.enumerated() {
            let seen = keys.indices.filter { abs($0 - position) <= windowRadius ?? .max }
            let scores = seen.map { key in zip(query, keys[key]).reduce(0) { $0 + $1.0 * $1.1 } }
            let largest = (scores.max() ?? 0).rounded(.up)
            let weights = scores.map { rounding(exp2($0 - largest)) }
            let sum = weights.reduce(0, +)
            y.append(
                query.indices.map { channel in
                    zip(weights, seen).reduce(0) { $0 + $1.0 * values[$1.1][channel] } / sum
                })
            magnitudes.append(
                query.indices.map { channel in
                    zip(weights, seen).reduce(0) { $0 + $1.0 * abs(values[$1.1][channel]) } / sum
                })
        }
        return (y, magnitudes)
    }
}

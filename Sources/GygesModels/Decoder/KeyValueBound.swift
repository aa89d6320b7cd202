import GygesCheckpoints
public import GygesKernels
import GygesTensors

extension DecoderModel {
    /// The format in which keys and values are cached if nobody chooses one: f16, or f32 where they may exceed what f16 holds.
    ///
    /// - Complexity: As ``keyValueBound(team:)``.
    public func keyValueFormat(team: ThreadTeam) -> KeyValueFormat {
        let bound = keyValueBound(team: team)
        // Weights that are not finite are told of when they are met, whatever the format.
        return bound > Double(Float16.greatestFiniteMagnitude) && bound.isFinite ? .f32 : .f16
    }

    /// What no element of a key or value exceeds, whatever the text.
    ///
    /// A normed row has the length √hidden before its gain, so that by Cauchy and Schwarz an output is at most that times the length of its
    /// weights, each times its gain, and its bias. A key whose heads are normed is at most √d times its gain. Rotation mixes two
    /// elements, and YaRN stretches them by less than √2.
    ///
    /// - Complexity: O(size of the weights of keys and values), which are read from their files once.
    public func keyValueBound(team: ThreadTeam) -> Double {
        let configuration = decoder.configuration
        var bound = 0.0
        for layer in weights.layers {
            let gains = layer.attentionNorm.value.elements
            bound = max(bound, layer.value.bound(ofRowsWithGains: gains, team: team))
            let keys =
                layer.keyNorm.map { norm in
                    Double(configuration.headDimension).squareRoot()
                        * norm.value.elements.reduce(0) { max($0, Double(abs($1))) }
                } ?? layer.key.bound(ofRowsWithGains: gains, team: team)
            bound = max(bound, 2 * keys)
        }
        return bound
    }
}

extension Projection<WeightMatrix, WeightVector> {
    /// What no output exceeds of a row that was normed and multiplied by `gains`.
    fileprivate func bound(ofRowsWithGains gains: [Float], team: ThreadTeam) -> Double {
        let matrix = weight.value
        let step = max(1, (1 << 18) / max(1, matrix.columns))
        var bound = 0.0
        for start in stride(from: 0, to: matrix.rows, by: step) {
            let rows = Array(start..<min(start + step, matrix.rows))
            var elements = [Float](repeating: 0, count: rows.count * matrix.columns)
            var span = elements.mutableSpan
            dequantizeRows(
                matrix.bytes, format: matrix.format, columns: matrix.columns, rows: rows, into: &span, team: team)
            for (index, row) in rows.enumerated() {
                let square = squaredLength(
                    elements[index * matrix.columns..<(index + 1) * matrix.columns], times: gains)
                let length = (Double(square) * Double(matrix.columns)).squareRoot()
                bound = max(bound, length + Double(abs(bias?.value.elements[row] ?? 0)))
            }
        }
        matrix.releaseBytes()
        return bound
    }
}

/// The sum of the squares of elements, each times its gain; eight sums that are added at the end.
private func squaredLength(_ elements: ArraySlice<Float>, times gains: [Float]) -> Float {
    elements.withUnsafeBufferPointer { elements in
        gains.withUnsafeBufferPointer { gains in
            var sums = SIMD8<Float>.zero
            let count = min(elements.count, gains.count)
            let whole = count - count % 8
            for index in stride(from: 0, to: whole, by: 8) {
                var (a, b) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
                for lane in 0..<8 { (a[lane], b[lane]) = (elements[index + lane], gains[index + lane]) }
                sums += (a * b) * (a * b)
            }
            var sum = sums.sum()
            for index in whole..<count {
                let product = elements[index] * gains[index]
                sum += product * product
            }
            return sum
        }
    }
}

public import GygesKernels
public import GygesTensors

extension ParameterTree<WeightMatrix, WeightVector> {
    /// The first parameter, in the order of a pass, that holds infinities or what is no number; `nil` if all are finite.
    ///
    /// - Complexity: O(size of the weights), which are read from their files once.
    public func firstNonFinite(team: ThreadTeam) -> ParameterPath? {
        var found: ParameterPath?
        forEachParameter(
            matrix: { parameter in
                if found == nil, parameter.value.holdsNonFinite(team: team) { found = parameter.path }
            },
            vector: { parameter in
                if found == nil, !parameter.value.elements.allSatisfy(\.isFinite) { found = parameter.path }
            })
        return found
    }
}

extension WeightMatrix {
    fileprivate func holdsNonFinite(team: ThreadTeam) -> Bool {
        let step = max(1, (1 << 20) / max(1, columns))
        defer { releaseBytes() }
        for start in stride(from: 0, to: rows, by: step) {
            let some = Array(start..<min(start + step, rows))
            var elements = [Float](repeating: 0, count: some.count * columns)
            var span = elements.mutableSpan
            dequantizeRows(bytes, format: format, columns: columns, rows: some, into: &span, team: team)
            // Infinity and NaN times 0 are NaN, which stays in a sum.
            var sum: Float = 0
            for element in elements { sum += element * 0 }
            if sum.isNaN { return true }
        }
        return false
    }
}

import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EagerOperations {
    /// Chooses experts in f32, then gathers, computes and adds up one expert's rows after another.
    ///
    /// Of equally probable experts the first is taken. A row's sum runs over its experts in their order.
    public func mixture(
        _ x: Activation, scores: Activation, countPerToken: Int, normalises: Bool,
        expert: (_ index: Int, _ rows: Activation) -> Activation
    ) -> Activation {
        var probabilities = scores.elements.mutableSpan
        softmax(&probabilities, columns: scores.columns, team: team)
        var choices = [[(row: Int, weight: Float)]](repeating: [], count: scores.columns)
        var order = Array(0..<scores.columns)
        for row in 0..<scores.rows {
            let probabilities = scores.row(row)
            order.sort { (-probabilities[$0], $0) < (-probabilities[$1], $1) }
            let chosen = order.prefix(countPerToken)
            let sum = normalises ? chosen.reduce(0) { $0 + probabilities[$1] } : 1
            for index in chosen { choices[index].append((row, probabilities[index] / sum)) }
        }

        let output = zeros(rows: x.rows, columns: x.columns)
        for (index, entries) in choices.enumerated() where !entries.isEmpty {
            let part = expert(index, rows(x, at: entries.map(\.row)))
            for (source, entry) in entries.enumerated() {
                let (target, addend) = (output.row(entry.row), part.row(source))
                for channel in 0..<x.columns { target[channel] += entry.weight * addend[channel] }
            }
        }
        return output
    }

    /// Scales in place.
    public func sigmoidScaled(_ x: Activation, by scores: Activation) -> Activation {
        for row in 0..<x.rows {
            let (target, scale) = (x.row(row), 1 / (1 + exp(-scores.row(row)[0])))
            for channel in 0..<x.columns { target[channel] *= scale }
        }
        return x
    }
}

import GygesKernels

extension EagerOperations {
    /// Chooses in f32; the scores' memory holds the probabilities.
    public func route(
        _ scores: consuming Tensor<Activation>, countPerToken: Int, normalises: Bool
    ) -> Routing<Activation> {
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
        let weights = makeResult(rows: choices.reduce(0) { $0 + $1.count }, columns: 1)
        for (place, choice) in choices.joined().enumerated() { weights.elements[place] = choice.weight }
        return Routing(rows: choices.map { $0.map(\.row) }, weights: weights)
    }

    /// Adds to `sum` in place.
    public func scatter(
        _ part: borrowing Tensor<Activation>, of expert: Int, by routing: borrowing Routing<Activation>,
        addedTo sum: consuming Tensor<Activation>
    ) -> Tensor<Activation> {
        let weights = routing.weights.elements[routing.weightRows(of: expert)]
        for (source, (row, weight)) in zip(routing.rows[expert], weights).enumerated() {
            let (target, addend) = (sum.row(row), part.row(source))
            for channel in 0..<sum.columns { target[channel] += weight * addend[channel] }
        }
        return sum
    }
}

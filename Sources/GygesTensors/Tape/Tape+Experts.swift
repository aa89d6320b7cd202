import GygesKernels

extension Tape {
    /// Keeps the probabilities; the choice itself has no gradient. Where a loss of balance is asked for, its gradient joins
    /// here.
    public func route(_ scores: consuming Value, countPerToken: Int, normalises: Bool) -> Routing<Recorded> {
        let slot = scores.storage.slot
        let probabilities = scores.storage.takeOwned(from: pool)
        var elements = probabilities.elements.mutableSpan
        softmax(&elements, columns: probabilities.columns, team: team)
        let choices = ExpertChoices(probabilities, countPerToken: countPerToken, normalises: normalises)
        let weights = activation(rows: choices.weights.count, columns: 1)
        _ = weights.elements.update(fromContentsOf: choices.weights)
        let chosen = result(weights, hasGradient: slot != nil)
        // A layer that is computed again has been counted before.
        if !isRecomputing { balance.add(choices.rows.map(\.count), probabilities) }
        if let slot {
            record { [self] in
                let dweights = chosen.slot?.take()
                guard dweights != nil || options.balanceWeight != 0 else { return }
                let drift = balance.gradient(weight: options.balanceWeight)
                slot.add(in: pool, rows: probabilities.rows, columns: probabilities.columns) { dscores, isAdded in
                    choices.differentiate(
                        probabilities, dweights: dweights, drift: drift, into: dscores, isAdded: isAdded)
                }
            }
        }
        return Routing(rows: choices.rows, weights: Tensor(chosen))
    }

    /// Keeps the part and its weights.
    public func scatter(
        _ part: borrowing Value, of expert: Int, by routing: borrowing Routing<Recorded>, addedTo sum: consuming Value
    ) -> Value {
        let (rows, places) = (routing.rows[expert], routing.weightRows(of: expert))
        let (weights, weightSlot) = (routing.weights.storage.value, routing.weights.storage.slot)
        let (addend, partSlot, sumSlot) = (part.storage.value, part.storage.slot, sum.storage.slot)
        let output = sum.storage.takeOwned(from: pool)
        for (source, row) in rows.enumerated() {
            let (target, values) = (output.row(row), addend.row(source))
            let weight = weights.elements[places.lowerBound + source]
            for channel in target.indices { target[channel] += weight * values[channel] }
        }
        let scattered = result(output, hasGradient: partSlot != nil || sumSlot != nil || weightSlot != nil)
        record(scattered) { [pool] dy in
            partSlot?.add(in: pool, rows: addend.rows, columns: addend.columns) { dpart, isAdded in
                for (source, row) in rows.enumerated() {
                    let (target, change) = (dpart.row(source), dy.row(row))
                    let weight = weights.elements[places.lowerBound + source]
                    for channel in target.indices {
                        target[channel] = weight * change[channel] + (isAdded ? target[channel] : 0)
                    }
                }
            }
            weightSlot?.add(in: pool, rows: weights.rows, columns: 1) { dweights, isAdded in
                if !isAdded { dweights.elements.update(repeating: 0) }
                for (source, row) in rows.enumerated() {
                    dweights.elements[places.lowerBound + source] +=
                        zip(addend.row(source), dy.row(row)).reduce(0) { $0 + $1.0 * $1.1 }
                }
            }
            sumSlot?.add(dy, in: pool)
        }
        return Tensor(scattered)
    }
}

/// The choice of experts of a layer.
private struct ExpertChoices {
    /// For each expert the rows that chose it, ascending.
    let rows: [[Int]]
    /// One expert after another.
    let weights: [Float]
    /// For each choice the sum that its probability was divided by.
    private let sums: [Float]
    private let normalises: Bool

    init(_ probabilities: Activation, countPerToken: Int, normalises: Bool) {
        var choices = [[(row: Int, weight: Float, sum: Float)]](repeating: [], count: probabilities.columns)
        var order = Array(0..<probabilities.columns)
        for row in 0..<probabilities.rows {
            let values = probabilities.row(row)
            order.sort { (-values[$0], $0) < (-values[$1], $1) }
            let chosen = order.prefix(countPerToken)
            let sum = normalises ? chosen.reduce(0) { $0 + values[$1] } : 1
            for expert in chosen { choices[expert].append((row, values[expert] / sum, sum)) }
        }
        rows = choices.map { $0.map(\.row) }
        weights = choices.flatMap { $0.map(\.weight) }
        sums = choices.flatMap { $0.map(\.sum) }
        self.normalises = normalises
    }

    /// The gradient of the scores.
    ///
    /// - Parameters:
    ///   - dweights: The gradient of the weights, if there is any.
    ///   - drift: For each expert the gradient that every one of its probabilities has besides.
    func differentiate(
        _ probabilities: Activation, dweights: Activation?, drift: [Float], into dscores: Activation, isAdded: Bool
    ) {
        var changes = [[(expert: Int, change: Float, weight: Float, sum: Float)]](
            repeating: [], count: probabilities.rows)
        var place = 0
        for (expert, rows) in rows.enumerated() {
            for row in rows {
                changes[row].append((expert, dweights?.elements[place] ?? 0, weights[place], sums[place]))
                place += 1
            }
        }
        for row in 0..<probabilities.rows {
            let (values, target) = (probabilities.row(row), dscores.row(row))
            var dvalues = drift.isEmpty ? [Float](repeating: 0, count: values.count) : drift
            // w = p / Σ p: each weight pulls at all that were chosen.
            let pull = normalises ? changes[row].reduce(0) { $0 + $1.change * $1.weight } : 0
            for choice in changes[row] { dvalues[choice.expert] += (choice.change - pull) / choice.sum }
            let mean = zip(values, dvalues).reduce(0) { $0 + $1.0 * $1.1 }
            for expert in values.indices {
                let part = values[expert] * (dvalues[expert] - mean)
                target[expert] = isAdded ? target[expert] + part : part
            }
        }
    }
}

/// How evenly experts are chosen, over all layers of a pass alike.
///
/// The loss of balance (Fedus et al. 2021, §2.2, as transformers computes it) is E · Σₑ fₑ · pₑ over all rows of all layers: f the mean
/// number of times that a row chooses an expert, p the mean of its probability. Evenly chosen experts give it the smallest value, the number of
/// experts of a row.
public struct ExpertBalance: Sendable {
    /// How often each expert was chosen.
    public private(set) var counts: [Int] = []
    private var probabilities: [Double] = []
    private var rows = 0

    mutating func add(_ counts: [Int], _ probabilities: Activation) {
        if self.counts.isEmpty {
            self.counts = [Int](repeating: 0, count: counts.count)
            self.probabilities = [Double](repeating: 0, count: counts.count)
        }
        guard self.counts.count == counts.count else {
            fatalError("layers of \(counts.count) and of \(self.counts.count) experts have no common balance")
        }
        for expert in counts.indices { self.counts[expert] += counts[expert] }
        rows += probabilities.rows
        for row in 0..<probabilities.rows {
            let values = probabilities.row(row)
            for expert in values.indices { self.probabilities[expert] += Double(values[expert]) }
        }
    }

    /// The loss of balance; `nil` without mixtures.
    public var loss: Double? {
        guard rows > 0 else { return nil }
        let products = zip(counts, probabilities).reduce(0) { $0 + Double($1.0) * $1.1 }
        return Double(counts.count) * products / (Double(rows) * Double(rows))
    }

    /// The gradient of `weight` times the loss with respect to every probability of each expert; empty without a weight.
    func gradient(weight: Float) -> [Float] {
        guard weight != 0, rows > 0 else { return [] }
        let factor = Double(weight) * Double(counts.count) / (Double(rows) * Double(rows))
        return counts.map { Float(factor * Double($0)) }
    }
}

import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What is asked of each row of a head's logits.
///
/// A row's logits are computed, measured and dropped, some rows at a time: the logits of all rows are never held.
public enum HeadMeasure {
    /// `-log p(target)`, a target for each row.
    case crossEntropy([Int32])
    /// `log p(target)`, a target for each row; summed over a sequence's rows it is the sequence's log-probability.
    case logProbability([Int32])
    /// `-Σ p · log p`.
    case entropy
    /// `Σ q · (log q - log p)`: the Kullback-Leibler divergence of the head's distribution p from another, q, whose logits the
    /// closure writes for some rows, `[rows.count, vocabulary]`. It gives the same whenever it is called.
    case divergence(from: (_ rows: Range<Int>, _ logits: UnsafeMutableBufferPointer<Float>) -> Void)
}

/// Why rows cannot be measured.
public enum HeadMeasureError: Error, Equatable, CustomStringConvertible {
    /// There are not as many targets, or weights, as rows.
    case counts(rows: Int, given: Int)
    /// A row's target is no token of the vocabulary.
    case targetOutOfRange(row: Int, target: Int32, vocabulary: Int)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .counts(let rows, let given):
            "\(rows) rows have \(given) targets or weights; give one for each row that the loss is taken of"
        case .targetOutOfRange(let row, let target, let vocabulary):
            "row \(row) has the target \(target), which is no token of a vocabulary of \(vocabulary); "
                + "tokenise the data with the model's own tokenizer"
        }
    }
}

extension HeadMeasure {
    private var targets: [Int32]? {
        switch self {
        case .crossEntropy(let targets), .logProbability(let targets): targets
        case .entropy, .divergence: nil
        }
    }

    func check(rows: Int, vocabulary: Int) throws(HeadMeasureError) {
        guard let targets else { return }
        guard targets.count == rows else { throw .counts(rows: rows, given: targets.count) }
        if let row = targets.firstIndex(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw .targetOutOfRange(row: row, target: targets[row], vocabulary: vocabulary)
        }
    }

    /// Measures some rows and, where their weights are given, turns their logits into the gradient of Σ weight · measure.
    ///
    /// Logits of -infinity are no part of a distribution: they count nothing and get no gradient.
    /// - Parameters:
    ///   - logits: Of the rows, one after another.
    ///   - rows: The rows' numbers.
    ///   - other: What ``divergence(from:)`` wrote for them.
    /// - Returns: What was asked of each.
    func measure(
        _ logits: Activation, rows: Range<Int>, other: Activation?, weights: ArraySlice<Float>?, team: ThreadTeam
    ) -> [Float] {
        var values = [Float](repeating: 0, count: rows.count)
        values.withUnsafeMutableBufferPointer { values in
            nonisolated(unsafe) let (values, logits, other, measure) = (values, logits, other, self)
            let instructionSet = team.instructionSet
            team.run(parts: rows.count) { place in
                let row = rows.lowerBound + place
                let sum = GygesKernels.logSumExp(logits.row(place).span, instructionSet: instructionSet)
                values[place] = measure.value(of: logits.row(place), row: row, other: other?.row(place), logSumExp: sum)
                guard let weights else { return }
                measure.differentiate(
                    logits.row(place), row: row, other: other?.row(place), logSumExp: sum, value: values[place],
                    weight: weights[row], instructionSet: instructionSet)
            }
        }
        return values
    }

    private func value(
        of logits: UnsafeMutableBufferPointer<Float>, row: Int, other: UnsafeMutableBufferPointer<Float>?,
        logSumExp sum: Float
    ) -> Float {
        switch self {
        case .crossEntropy(let targets): return sum - logits[Int(targets[row])]
        case .logProbability(let targets): return logits[Int(targets[row])] - sum
        case .entropy:
            let mean = logits.reduce(0.0) { total, logit in
                logit == -.infinity ? total : total + Double(expf(logit - sum)) * Double(logit)
            }
            return Float(Double(sum) - mean)
        case .divergence:
            guard let other else { return 0 }
            let otherSum = logSumExp(of: other)
            var total = 0.0
            for (logit, otherLogit) in zip(logits, other) where otherLogit > -.infinity {
                let logarithm = otherLogit - otherSum
                total += Double(expf(logarithm)) * Double(logarithm - (logit - sum))
            }
            return Float(total)
        }
    }

    private func differentiate(
        _ logits: UnsafeMutableBufferPointer<Float>, row: Int, other: UnsafeMutableBufferPointer<Float>?,
        logSumExp sum: Float, value: Float, weight: Float, instructionSet: InstructionSet
    ) {
        switch self {
        case .crossEntropy(let targets):
            scaleToSoftmax(logits, logSumExp: sum, weight: weight, instructionSet: instructionSet)
            logits[Int(targets[row])] -= weight
        case .logProbability(let targets):
            scaleToSoftmax(logits, logSumExp: sum, weight: -weight, instructionSet: instructionSet)
            logits[Int(targets[row])] += weight
        case .entropy:
            for index in logits.indices {
                let logarithm = logits[index] - sum
                logits[index] =
                    logarithm == -.infinity ? 0 : -weight * expf(logarithm) * (logarithm + value)
            }
        case .divergence:
            guard let other else { return }
            let otherSum = logSumExp(of: other)
            scaleToSoftmax(logits, logSumExp: sum, weight: weight, instructionSet: instructionSet)
            for index in logits.indices { logits[index] -= weight * expf(other[index] - otherSum) }
        }
    }

    private func logSumExp(of row: UnsafeMutableBufferPointer<Float>) -> Float { GygesKernels.logSumExp(row.span) }
}

import GygesCheckpoints

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The loss of scores of labels, as transformers' classifiers have it, and its gradient.
enum LabelLoss {
    /// The losses of rows, and their gradients by the scores.
    ///
    /// * one label of several: `-log softmax(scores)[label]`;
    /// * several that may be right: the mean over labels of `-y · log σ(s) - (1 - y) · log(1 - σ(s))`;
    /// * values: the mean of `(s - y)²`.
    ///
    /// - Parameters:
    ///   - scores: `[rows, columns]`, row after row.
    ///   - labels: A class for each row, or a number for each score.
    /// - Returns: A loss for each row, and `[rows, columns]` of gradients.
    static func measure(
        _ scores: UnsafeBufferPointer<Float>, columns: Int, labels: [Float], _ problem: ClassificationProblem
    ) -> (losses: [Float], gradients: [Float]) {
        let rows = columns == 0 ? 0 : scores.count / columns
        var losses = [Float](repeating: 0, count: rows)
        var gradients = [Float](repeating: 0, count: scores.count)
        for row in 0..<rows {
            let places = row * columns..<(row + 1) * columns
            switch problem {
            case .singleLabel:
                let label = row * columns + Int(labels[row])
                let largest = Double(scores[places].max() ?? 0)
                let total = places.reduce(0.0) { $0 + exp(Double(scores[$1]) - largest) }
                for place in places { gradients[place] = Float(exp(Double(scores[place]) - largest) / total) }
                gradients[label] -= 1
                losses[row] = Float(largest + log(total) - Double(scores[label]))
            case .multipleLabels:
                var sum = 0.0
                for place in places {
                    let (score, label) = (Double(scores[place]), Double(labels[place]))
                    // log(1 + exp(-|s|)) + max(s, 0) - s · y, which does not overflow.
                    sum += max(score, 0) - score * label + log1p(exp(-abs(score)))
                    gradients[place] = Float((1 / (1 + exp(-score)) - label) / Double(columns))
                }
                losses[row] = Float(sum / Double(columns))
            case .regression:
                var sum = 0.0
                for place in places {
                    let distance = Double(scores[place]) - Double(labels[place])
                    sum += distance * distance
                    gradients[place] = Float(2 * distance / Double(columns))
                }
                losses[row] = Float(sum / Double(columns))
            }
        }
        return (losses, gradients)
    }
}

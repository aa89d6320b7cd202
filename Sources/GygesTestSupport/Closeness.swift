public import Testing

/// Records an issue unless `|actual - expected| ≤ absolute + relative · |expected|` for every element, and names the
/// worst one.
public func expectClose(
    _ actual: [Float], _ expected: [Float], relative: Float = 0, absolute: Float, _ label: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual.count == expected.count else {
        Issue.record("\(label): \(actual.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    var worst: (index: Int, excess: Float)?
    for index in actual.indices where actual[index] != expected[index] {
        let excess = abs(actual[index] - expected[index]) / (absolute + relative * abs(expected[index]))
        // NaN is worst.
        if !(excess <= worst?.excess ?? 1) { worst = (index, excess) }
        if excess.isNaN { break }
    }
    guard let worst else { return }
    Issue.record(
        "\(label): element \(worst.index) is \(actual[worst.index]), expected \(expected[worst.index]), \(worst.excess) tolerances away",
        sourceLocation: sourceLocation)
}

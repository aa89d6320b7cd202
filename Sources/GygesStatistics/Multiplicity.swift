/// P-values adjusted by Holm's step-down method (1979, https://www.jstor.org/stable/4615733), in the order given: rejecting those
/// below a level keeps the chance of any false rejection below it, whatever the dependence between tests.
///
/// The i-th smallest of m is multiplied by m − i + 1, and none is smaller than the one before it or greater than 1.
///
/// - Complexity: O(m log m).
public func holmAdjusted(_ pValues: [Double]) -> [Double] {
    var adjusted = pValues
    var greatest = 0.0
    for (rank, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
        greatest = max(greatest, min(1, pValues[index] * Double(pValues.count - rank)))
        adjusted[index] = greatest
    }
    return adjusted
}

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

/// P-values adjusted by Benjamini's and Hochberg's step-up method (1995, doi:10.1111/j.2517-6161.1995.tb02031.x), in the order given:
/// rejecting those below a level keeps the expected share of false rejections among all below it, for independent tests or
/// positively dependent ones.
///
/// The i-th smallest of m is multiplied by m / i, and none is greater than the one after it or than 1.
///
/// - Complexity: O(m log m).
public func benjaminiHochbergAdjusted(_ pValues: [Double]) -> [Double] {
    var adjusted = pValues
    var smallest = 1.0
    for (rank, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated().reversed() {
        smallest = min(smallest, pValues[index] * Double(pValues.count) / Double(rank + 1))
        adjusted[index] = smallest
    }
    return adjusted
}

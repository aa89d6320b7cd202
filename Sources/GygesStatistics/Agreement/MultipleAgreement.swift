/// Cohen's κ of two judges over any number of categories, given as numbers (1960, doi:10.1177/001316446002000104); `nil` without
/// items or where chance alone gives full agreement.
///
/// - Precondition: Both arrays have the same length.
/// - Complexity: O(n + categories).
public func cohensKappa(_ first: [Int], _ second: [Int]) -> Double? {
    guard first.count == second.count, !first.isEmpty else { return nil }
    let n = Double(first.count)
    let (a, b) = (counts(first), counts(second))
    let observed = Double(zip(first, second).count { $0 == $1 }) / n
    let expected = a.keys.sorted().reduce(0) { $0 + Double(a[$1] ?? 0) * Double(b[$1] ?? 0) } / (n * n)
    return expected < 1 ? (observed - expected) / (1 - expected) : nil
}

/// Fleiss' κ (1971, doi:10.1037/h0031619) of items that the same number of judges put into categories.
///
/// - Parameter items: for each item, how many judges chose each category.
/// - Returns: The coefficient; `nil` without items, for fewer than two judges, if items have different numbers of judges, or where
///   chance alone gives full agreement.
public func fleissKappa(_ items: [[Int]]) -> Double? {
    guard let judges = items.first?.reduce(0, +), judges > 1, let categories = items.first?.count,
        items.allSatisfy({ $0.reduce(0, +) == judges && $0.count == categories })
    else { return nil }
    let (n, m) = (Double(items.count), Double(judges))
    let observed =
        items.reduce(0) { sum, item in
            sum + (item.reduce(0) { $0 + Double($1) * Double($1) } - m) / (m * (m - 1))
        } / n
    let expected = (0..<categories).reduce(0) { sum, category in
        let share = items.reduce(0) { $0 + Double($1[category]) } / (n * m)
        return sum + share * share
    }
    return expected < 1 ? (observed - expected) / (1 - expected) : nil
}

/// How far apart two values are for Krippendorff's α.
public enum KrippendorffDistance: Sendable {
    /// Equal or not.
    case nominal
    /// The squared difference.
    case interval
}

/// Krippendorff's α (2011, https://repository.upenn.edu/asc_papers/43), which allows for missing values and any number of judges.
///
/// - Parameters:
///   - items: for each item, the values that judges gave it; those with fewer than two say nothing.
///   - distance: how far apart two values are.
/// - Returns: The coefficient; `nil` where there is no pair of values, or all are equal.
/// - Complexity: O(values + items · distinct² + distinct²) in the distinct values.
public func krippendorffAlpha(_ items: [[Double]], distance: KrippendorffDistance = .nominal) -> Double? {
    let items = items.filter { $0.count > 1 }
    let total = items.reduce(0) { $0 + $1.count }
    guard total > 1 else { return nil }
    func difference(_ a: Double, _ b: Double) -> Double {
        switch distance {
        case .nominal: a == b ? 0 : 1
        case .interval: (a - b) * (a - b)
        }
    }
    /// The sum of differences over all ordered pairs of values.
    func disagreement(_ values: [Double: Int]) -> Double {
        let keys = values.keys.sorted()
        return keys.reduce(0) { sum, a in
            keys.reduce(sum) { $0 + difference(a, $1) * Double(values[a] ?? 0) * Double(values[$1] ?? 0) }
        }
    }
    let observed = items.reduce(0) { $0 + disagreement(counts($1)) / Double($1.count - 1) } / Double(total)
    let expected = disagreement(counts(items.flatMap { $0 })) / (Double(total) * Double(total - 1))
    return expected > 0 ? 1 - observed / expected : nil
}

private func counts<Value: Hashable>(_ values: [Value]) -> [Value: Int] {
    values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
}

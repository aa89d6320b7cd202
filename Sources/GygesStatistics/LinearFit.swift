/// The least-squares line through points.
public struct LinearFit: Sendable, Hashable, Codable {
    /// How much `y` grows with `x`.
    public let slope: Double
    /// The `y` at `x` = 0.
    public let intercept: Double

    /// Fits a line; `nil` for fewer than three points, or where one coordinate does not vary.
    ///
    /// - Precondition: Both arrays have the same length.
    /// - Complexity: O(n).
    public init?(_ x: [Double], _ y: [Double]) {
        let n = Double(x.count)
        guard x.count == y.count, x.count >= 3 else { return nil }
        let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (x, y) in zip(x, y) {
            xx += (x - mx) * (x - mx)
            yy += (y - my) * (y - my)
            xy += (x - mx) * (y - my)
        }
        guard xx > 0, yy > 0 else { return nil }
        slope = xy / xx
        intercept = my - slope * mx
    }
}

/// The least-squares line through points, with Pearson's correlation.
struct LinearFit: Equatable {
    let slope: Double
    let intercept: Double
    let correlation: Double

    /// Fits a line; `nil` for fewer than three points, or where one coordinate does not vary.
    init?(_ points: [(x: Double, y: Double)]) {
        let n = Double(points.count)
        guard points.count >= 3 else { return nil }
        let (mx, my) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for point in points {
            xx += (point.x - mx) * (point.x - mx)
            yy += (point.y - my) * (point.y - my)
            xy += (point.x - mx) * (point.y - my)
        }
        guard xx > 0, yy > 0 else { return nil }
        slope = xy / xx
        intercept = my - slope * mx
        correlation = xy / (xx * yy).squareRoot()
    }
}

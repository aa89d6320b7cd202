/// A value of a curve.
struct CurvePoint: Sendable, Equatable {
    /// Where it stands on the axis.
    var x: Double
    /// The value; it may be infinite or none.
    var y: Double
    /// The step that it belongs to.
    var step: Int
}

/// A curve in no more points than a picture can show.
///
/// The axis is cut into columns. The raw curve keeps the first, the last, the minimum and the maximum value of each, by which it looks as if
/// all were drawn (M4: Jugel et al. 2014, https://doi.org/10.14778/2732951.2732953); the smooth one is at each column the mean of all values
/// in it and in some columns to either side, fewer near the ends.
struct ThinnedCurve {
    /// The raw curve in pieces: it breaks where a value is no number, and where steps are missing.
    private(set) var raw: [[CurvePoint]] = []
    /// The smooth curve in pieces: it breaks where steps are missing.
    private(set) var smooth: [[CurvePoint]] = []
    /// Values that are no numbers, the first of each column.
    private(set) var nonFinite: [CurvePoint] = []

    /// How many columns to either side the smooth curve takes in, of ``standardColumnCount``: 1 % of the axis.
    private static let reach = 3
    /// How many columns an axis has.
    static let standardColumnCount = 300
    /// Steps are missing where a distance is so many times the median one.
    private static let gapFactor = 8.0

    private struct Column {
        var first: CurvePoint?
        var minimum: CurvePoint?
        var maximum: CurvePoint?
        var last: CurvePoint?
        var sum = CurvePoint(x: 0, y: 0, step: 0)
        var count = 0.0
        /// Whether the raw, or every, curve breaks before the column's first value.
        var breaks = false
        var hasGap = false
        /// Whether any of its values is no number.
        var hasNonFinite = false

        mutating func append(_ point: CurvePoint) {
            if first == nil { first = point }
            if point.y < minimum?.y ?? .infinity { minimum = point }
            if point.y > maximum?.y ?? -.infinity { maximum = point }
            last = point
            sum.x += point.x
            sum.y += point.y
            count += 1
        }

        /// The values that are drawn, in their order.
        var kept: [CurvePoint] {
            [first, minimum, maximum, last].compactMap { $0 }.sorted { ($0.x, $0.step) < ($1.x, $1.step) }
                .reduce(into: []) { if $0.last != $1 { $0.append($1) } }
        }
    }

    /// Thins values that stand in the order of their places.
    ///
    /// - Parameter axis: From where to where the picture reaches.
    /// - Complexity: O(values).
    init(_ points: [CurvePoint], axis: ClosedRange<Double>, columnCount: Int = Self.standardColumnCount) {
        var columns = Array(repeating: Column(), count: columnCount)
        let width = axis.upperBound - axis.lowerBound
        let gap = Self.gapLength(points)
        var before: CurvePoint?
        var breaks = false, hasGap = false
        for point in points where axis.contains(point.x) {
            let share = width > 0 ? (point.x - axis.lowerBound) / width : 0
            let column = min(columnCount - 1, Int(share * Double(columnCount)))
            if let before, point.x - before.x > gap { hasGap = true }
            before = point
            guard point.y.isFinite else {
                if !columns[column].hasNonFinite { nonFinite.append(point) }
                columns[column].hasNonFinite = true
                breaks = true
                continue
            }
            if columns[column].first == nil {
                columns[column].breaks = breaks
                columns[column].hasGap = hasGap
            }
            (breaks, hasGap) = (false, false)
            columns[column].append(point)
        }
        connect(columns)
    }

    private mutating func connect(_ columns: [Column]) {
        let filled = columns.indices.filter { columns[$0].count > 0 }
        guard let first = filled.first, let last = filled.last else { return }
        for index in filled {
            let column = columns[index]
            if raw.isEmpty || column.breaks || column.hasGap { raw.append([]) }
            raw[raw.count - 1] += column.kept
            if smooth.isEmpty || column.hasGap { smooth.append([]) }
            let reach = min(Self.reach * columns.count / Self.standardColumnCount, index - first, last - index)
            let window = columns[index - reach...index + reach]
            let mean = window.reduce(0) { $0 + $1.sum.y } / window.reduce(0) { $0 + $1.count }
            smooth[smooth.count - 1].append(
                CurvePoint(x: column.sum.x / column.count, y: mean, step: column.first?.step ?? 0))
        }
    }

    private static func gapLength(_ points: [CurvePoint]) -> Double {
        // Some of very many say as much as all.
        let step = 1 + points.count / 1024
        let distances = stride(from: 1, to: points.count, by: step).map { points[$0].x - points[$0 - 1].x }
            .filter { $0 > 0 }.sorted()
        // Of a few, none is usual.
        guard distances.count >= 8 else { return .infinity }
        return gapFactor * distances[distances.count / 2]
    }
}

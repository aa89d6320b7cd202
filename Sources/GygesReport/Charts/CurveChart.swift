public import GygesStatistics

/// A measure by length of context, one line a setting, with intervals: a picture in a file of its own.
public struct CurveChart: Sendable, Hashable {
    /// What a panel's values are.
    public enum Unit: Sendable, Hashable {
        /// Shares of 1, on an axis from 0 to 100 %.
        case share
        /// Positive numbers, on an axis of their own, by powers of ten where they differ much.
        case number
    }

    /// A value at a length.
    public struct Point: Sendable, Hashable {
        /// The length, above 0.
        public var length: Int
        /// The value.
        public var value: Double
        /// How far the value is known.
        public var interval: Interval?

        /// Creates a point.
        public init(length: Int, value: Double, interval: Interval?) {
            self.length = length
            self.value = value
            self.interval = interval
        }
    }

    /// The values of one setting.
    public struct Line: Sendable, Hashable {
        /// The setting's name; lines of one name look alike in all panels.
        public var label: String
        /// The values in any order.
        public var points: [Point]

        /// Creates a line.
        public init(label: String, points: [Point]) {
            self.label = label
            self.points = points
        }
    }

    /// The lines of one measure.
    public struct Panel: Sendable, Hashable {
        /// What is measured.
        public var title: String
        /// What the values are.
        public var unit: Unit
        /// The lines.
        public var lines: [Line]

        /// Creates a panel.
        public init(title: String, unit: Unit, lines: [Line]) {
            self.title = title
            self.unit = unit
            self.lines = lines
        }
    }

    /// What stands above the picture.
    public var title: String
    /// The panels, side by side in pairs.
    public var panels: [Panel]
    /// The length up to which the model was trained, marked by a line.
    public var trainedLength: Int?

    /// Creates a chart.
    public init(title: String, panels: [Panel], trainedLength: Int? = nil) {
        self.title = title
        self.panels = panels
        self.trainedLength = trainedLength
    }

    private static let panelSize = (width: 560.0, height: 340.0)
    private static let headerHeight = 64.0
    /// How many looks a line can have.
    private static let lookCount = 6

    /// The names of all settings in the order of their first appearance.
    private var labels: [String] {
        panels.flatMap(\.lines).map(\.label).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The picture as an SVG file: light or dark as its reader prefers, and with a description in words.
    public func file() -> String {
        let labels = labels
        let columns = panels.count > 1 ? 2 : 1
        let rows = (panels.count + columns - 1) / columns
        let size = (
            width: Double(columns) * Self.panelSize.width,
            height: Self.headerHeight + Double(max(1, rows)) * Self.panelSize.height + 8
        )
        var drawing = Drawing(width: size.width, height: size.height)
        drawing.rectangle(0, 0, size.width, size.height, "paper")
        drawing.text(20, 28, Drawing.shortened(title, to: columns * 64), "title")
        drawLegend(labels, in: &drawing)
        for (index, panel) in panels.enumerated() {
            let plot = PanelPlot(
                panel: panel, labels: labels, trainedLength: trainedLength,
                left: Double(index % columns) * Self.panelSize.width + 64,
                top: Self.headerHeight + Double(index / columns) * Self.panelSize.height + 42,
                width: Self.panelSize.width - 84, height: Self.panelSize.height - 96, lookCount: Self.lookCount)
            plot.draw(in: &drawing)
        }
        return drawing.svgFile(title: title, description: description, style: PackageResources.curve_css)
    }

    private func drawLegend(_ labels: [String], in drawing: inout Drawing) {
        var x = 20.0
        for (index, label) in labels.enumerated() {
            let look = index % Self.lookCount
            drawing.line(x, 46, x + 28, 46, "curve s\(look)")
            drawing.mark(x + 14, 46, look: look)
            let text = Drawing.shortened(label, to: 32)
            drawing.text(x + 35, 50, text)
            x += 56 + 7.2 * Double(text.count)
        }
    }

    private var description: String {
        panels.map { panel in
            "\(panel.title): "
                + panel.lines.map { line in
                    "\(line.label) "
                        + line.points.sorted { $0.length < $1.length }.map {
                            "\(panel.unit.text($0.value)) at \($0.length)"
                        }.joined(separator: ", ")
                }.joined(separator: "; ") + "."
        }.joined(separator: " ")
    }
}

extension CurveChart.Unit {
    /// A value as texts print it.
    func text(_ value: Double) -> String {
        switch self {
        case .share: Numbers.percent(value)
        case .number: Numbers.fixed(value, value < 100 ? 2 : 0)
        }
    }
}

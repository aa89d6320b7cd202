import Foundation
import GygesStatistics

/// One panel of a ``CurveChart`` at its place in the picture.
struct PanelPlot {
    let panel: CurveChart.Panel
    /// All settings of the chart, which decide how a line looks.
    let labels: [String]
    let trainedLength: Int?
    let left: Double
    let top: Double
    let width: Double
    let height: Double
    let lookCount: Int

    private var points: [CurveChart.Point] {
        panel.lines.flatMap(\.points).filter { $0.length > 0 && $0.value.isFinite }
    }

    func draw(in drawing: inout Drawing) {
        drawing.text(left, top - 24, panel.title, "heading")
        guard !points.isEmpty else {
            drawing.text(left, top + 20, "nothing was measured", "note")
            return
        }
        let lengths = Set(points.map(\.length)).sorted()
        let x = horizontal(lengths)
        let y = axis
        for tick in y.ticks {
            drawing.line(left, y(tick), left + width, y(tick), "grid")
            drawing.text(left - 8, y(tick) + 4, tickText(tick), "tick", anchor: .end)
        }
        drawing.line(left, top + height, left + width, top + height, "axis")
        var labelled = -Double.infinity
        for length in lengths {
            let place = x(log2(Double(length)))
            drawing.line(place, top + height, place, top + height + 5, "axis")
            guard place - labelled >= 38 else { continue }
            drawing.text(place, top + height + 19, Self.lengthText(length), "tick", anchor: .middle)
            labelled = place
        }
        drawing.text(left + width / 2, top + height + 38, "tokens of context", "note", anchor: .middle)
        if let trainedLength, let first = lengths.first, let last = lengths.last, first...last ~= trainedLength {
            let place = x(log2(Double(trainedLength)))
            // Named above the plot, where no interval reaches.
            drawing.line(place, top - 14, place, top + height, "bound")
            drawing.text(place + 5, top - 5, "trained to here", "note")
        }
        for line in panel.lines { draw(line, x, y, in: &drawing) }
    }

    private func draw(
        _ line: CurveChart.Line, _ x: Scale, _ y: ValueAxis, in drawing: inout Drawing
    ) {
        let index = labels.firstIndex(of: line.label) ?? 0
        let look = index % lookCount
        // Lines step aside a little, so that intervals of one length do not hide each other.
        let shift = (Double(index) - Double(labels.count - 1) / 2) * min(7, 40 / Double(max(1, labels.count)))
        let points = line.points.filter { $0.length > 0 && $0.value.isFinite }.sorted { $0.length < $1.length }
        let places = points.map { (x: x(log2(Double($0.length))) + shift, y: y($0.value)) }
        for (from, to) in zip(places, places.dropFirst()) {
            drawing.line(from.x, from.y, to.x, to.y, "curve s\(look)")
        }
        for (point, place) in zip(points, places) {
            var sentence = "\(line.label), \(point.length) tokens: \(panel.unit.text(point.value))"
            if let interval = point.interval {
                sentence += ", interval \(panel.unit.text(interval.lower)) to \(panel.unit.text(interval.upper))"
            }
            drawing.group(title: sentence) { drawing in
                if let interval = point.interval {
                    drawing.whisker(
                        from: y(interval.lower), to: y(interval.upper), x: place.x, "whisker s\(look)")
                }
                drawing.mark(place.x, place.y, look: look)
            }
        }
    }

    /// Lengths by powers of two, with room at both ends.
    private func horizontal(_ lengths: [Int]) -> Scale {
        let (first, last) = (log2(Double(lengths.first ?? 1)), log2(Double(lengths.last ?? 1)))
        let margin = max(0.3, 0.07 * (last - first))
        return Scale(values: (first - margin)...(last + margin), places: left...(left + width))
    }

    /// Where values lie.
    private var axis: ValueAxis {
        let places = top...(top + height)
        if panel.unit == .share { return ValueAxis(ofSharesIn: places) }
        return ValueAxis(
            of: points.flatMap { [$0.value, $0.interval?.lower, $0.interval?.upper] }.compactMap { $0 }, places: places)
    }

    private func tickText(_ value: Double) -> String {
        switch panel.unit {
        case .share: Numbers.fixed(100 * value, 0) + " %"
        case .number: ValueAxis.text(value)
        }
    }

    /// `8k` for 8,192, as lengths of context are called; the number itself where it is no multiple of 1,024.
    static func lengthText(_ length: Int) -> String { length % 1024 == 0 ? "\(length / 1024)k" : "\(length)" }
}

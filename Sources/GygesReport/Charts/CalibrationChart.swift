import GygesAnalysis
import GygesStatistics

/// A judge against labels: its curve of all thresholds, and how many answers of either label got each score.
struct CalibrationChart: Chart {
    let accuracy: JudgeAccuracy

    /// The thresholds by ascending score, with how many answers of either label got it.
    private var scores: [(score: Double, positives: Int, negatives: Int)] {
        (accuracy.discrimination?.points ?? []).reversed().compactMap { point in
            point.threshold.map { ($0, point.positives, point.negatives) }
        }
    }

    var headings: [String] { ["Score", "Labelled yes", "Labelled no"] }
    var rows: [[ChartValue]] {
        scores.map { [.number($0.score, decimals: 2), .count($0.positives), .count($0.negatives)] }
    }

    /// What the picture says in words.
    var sentence: String {
        var text =
            "Sensitivity \(Self.text(accuracy.positives)), specificity \(Self.text(accuracy.negatives))"
        if let curve = accuracy.discrimination {
            text += ", area under the curve \(Numbers.fixed(curve.area, 3))"
            if let interval = accuracy.areaInterval {
                text += " (\(Numbers.fixed(interval.lower, 3)) to \(Numbers.fixed(interval.upper, 3)))"
            }
        }
        return text
    }

    private static func text(_ share: WeightedShare) -> String {
        "\(Numbers.percent(share.estimate)) (\(Numbers.percent(share.interval)), \(share.count) labels)"
    }

    var description: String { "\(sentence). \(rowsInWords)" }

    var picture: Drawing {
        var drawing = Drawing(width: Drawing.standardWidth, height: 290)
        let x = Scale(values: 0...1, places: 44...214)
        let y = Scale(values: 0...1, places: 30...200, isReversed: true)
        drawing.text(44, 18, "Thresholds (ROC)", "heading")
        for tick in [0, 0.5, 1] {
            drawing.line(44, y(tick), 214, y(tick), "grid")
            drawing.line(x(tick), 30, x(tick), 200, "grid")
            drawing.text(38, y(tick) + 4, Numbers.fixed(100 * tick, 0), "tick", anchor: .end)
            drawing.text(x(tick), 217, Numbers.fixed(100 * tick, 0), "tick", anchor: .middle)
        }
        drawing.line(x(0), y(0), x(1), y(1), "zero")
        let curve = accuracy.discrimination?.points ?? []
        for (from, to) in zip(curve, curve.dropFirst()) {
            drawing.line(
                x(from.falsePositiveRate), y(from.truePositiveRate), x(to.falsePositiveRate), y(to.truePositiveRate),
                "fit")
        }
        if let sensitivity = accuracy.sensitivity, let specificity = accuracy.specificity {
            let (tall, wide) = (accuracy.positives.interval, accuracy.negatives.interval)
            drawing.whisker(from: y(tall.lower), to: y(tall.upper), x: x(1 - specificity), "whisker")
            drawing.whisker(from: x(1 - wide.upper), to: x(1 - wide.lower), y: y(sensitivity), "whisker")
            drawing.circle(x(1 - specificity), y(sensitivity), radius: 5, "dot")
        }
        drawing.text(129, 240, "labelled no, called yes, %", "note", anchor: .middle)
        drawing.text(12, 115, "labelled yes, called yes, %", "note", anchor: .middle, rotation: -90)
        histogram(in: &drawing)
        return drawing
    }

    private func histogram(in drawing: inout Drawing) {
        let (left, width, bottom) = (256.0, 180.0, 200.0)
        drawing.text(left, 18, "Scores by label", "heading")
        let scores = scores
        guard !scores.isEmpty else {
            drawing.text(left, 60, "this judge gives none", "note")
            return
        }
        let maximum = Double(max(1, scores.map { max($0.positives, $0.negatives) }.max() ?? 1))
        let y = Scale(values: 0...maximum, places: 40...bottom, isReversed: true)
        let step = width / Double(scores.count)
        for (index, count) in scores.enumerated() {
            let x = left + step * Double(index)
            drawing.group(
                title: "score \(Numbers.fixed(count.score, 2)): \(count.positives) labelled yes, \(count.negatives) no"
            ) {
                $0.hatched(
                    x, y(Double(count.positives)), step * 0.42, bottom - y(Double(count.positives)), "part faking",
                    isHatched: true)
                $0.rectangle(
                    x + step * 0.44, y(Double(count.negatives)), step * 0.42, bottom - y(Double(count.negatives)),
                    "part refused")
            }
            if index == 0 || index == scores.count - 1 || scores.count <= 5 {
                drawing.text(
                    index == 0 ? left : x + step * 0.43, bottom + 17, Numbers.fixed(count.score, 2), "tick",
                    anchor: index == 0 ? .start : .middle)
            }
        }
        drawing.line(left, bottom, left + width, bottom, "axis")
        drawing.text(left + width / 2, 240, "the judge's score", "note", anchor: .middle)
        drawing.hatched(left, 258, 14, 14, "part faking", isHatched: true)
        drawing.text(left + 18, 270, "yes", "tick")
        drawing.rectangle(left + 70, 258, 14, 14, "part refused")
        drawing.text(left + 88, 270, "no", "tick")
    }
}

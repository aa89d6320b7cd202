import GygesAnalysis
import GygesStatistics

/// What was found in each condition on one small axis, against the smallest effect of interest.
struct EffectBar {
    let hypothesis: Hypothesis
    let parts: [HypothesisResult.Part]

    func svg(id: String) -> Markup {
        guard !parts.isEmpty else { return "–" }
        let isDifference = hypothesis.comparison != .trainedAlone
        let values = Self.range(hypothesis, parts)
        let height = 10 + 16 * Double(parts.count)
        let x = Scale(values: values, places: 4...176)
        var drawing = Drawing(width: 180, height: height)
        for range in Self.expected(hypothesis, within: values) {
            drawing.rectangle(x(range.from), 2, x(range.to) - x(range.from), height - 4, "allowed")
        }
        if isDifference { drawing.line(x(0), 2, x(0), height - 2, "zero") }
        for (index, part) in parts.enumerated() {
            let y = 13 + 16 * Double(index)
            drawing.whisker(from: x(part.interval.lower), to: x(part.interval.upper), y: y, "whisker strong")
            drawing.square(x(part.estimate), y, radius: 4, "mark gap")
        }
        return drawing.svg(
            id: id, title: hypothesis.statement,
            description: "Each condition's number with its interval; shaded: where they lie if the hypothesis is right."
        )
    }
}

extension EffectBar {
    /// The values that a picture of what was found shows: all of it, the smallest effect, and 0; all shares where it is a share.
    static func range(_ hypothesis: Hypothesis, _ parts: [HypothesisResult.Part]) -> ClosedRange<Double> {
        guard hypothesis.comparison != .trainedAlone else { return 0...1 }
        let smallest = hypothesis.smallestEffect
        let ends = parts.flatMap { [$0.estimate, $0.interval.lower, $0.interval.upper] } + [smallest, -smallest]
        let finite = ends.filter(\.isFinite)
        return (min(0, finite.min() ?? 0) - 0.05)...(max(0, finite.max() ?? 0) + 0.05)
    }

    /// Where the numbers lie within these if the hypothesis is right.
    static func expected(
        _ hypothesis: Hypothesis, within values: ClosedRange<Double>
    ) -> [(from: Double, to: Double)] {
        let (low, high) = (values.lowerBound, values.upperBound)
        let smallest = hypothesis.smallestEffect
        let negative = hypothesis.comparison != .trainedAlone ? -smallest : smallest
        return switch hypothesis.alternative {
        case _ where hypothesis.test == .tost: [(hypothesis.comparison != .trainedAlone ? -smallest : low, smallest)]
        case .equivalent: [(hypothesis.comparison != .trainedAlone ? -smallest : low, smallest)]
        case .greater: [(smallest, high)]
        case .less: [(low, negative)]
        case .twoSided: [(low, negative), (smallest, high)]
        }
    }
}

/// A control's number on its own small axis: what is allowed is shaded.
struct GateBar {
    let name: String
    let gate: Verdict.Gate

    func svg(id: String) -> Markup {
        guard let value = gate.value, value.isFinite else { return "" }
        let isShare = gate.kind.unit == .share
        let ends: [Double] = [value, gate.interval?.lower, gate.interval?.upper, gate.bound].compactMap { $0 }
            .filter(\.isFinite)
        let low = isShare ? 0 : min(0, ends.min() ?? 0) - 0.05
        let high = isShare ? 1 : max(0, ends.max() ?? 0) + 0.05
        let x = Scale(values: low...high, places: 4...136)
        var drawing = Drawing(width: 140, height: 24)
        let (from, to) = gate.kind.boundIsMinimum ? (gate.bound, high) : (low, gate.bound)
        drawing.rectangle(x(from), 3, x(to) - x(from), 18, "allowed")
        if low < 0 { drawing.line(x(0), 2, x(0), 22, "zero") }
        drawing.line(4, 12, 136, 12, "grid")
        if let interval = gate.interval {
            drawing.whisker(from: x(interval.lower), to: x(interval.upper), y: 12, "whisker strong")
        }
        drawing.square(x(value), 12, radius: 4, gate.status == .failed ? "mark bad" : "mark gap")
        return drawing.svg(
            id: id, title: name, description: "The number against what is allowed; both stand in the row.")
    }
}

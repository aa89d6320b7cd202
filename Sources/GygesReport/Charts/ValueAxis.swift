import Foundation

/// An upright axis of numbers: straight, or by powers of ten where positive numbers differ much.
struct ValueAxis {
    /// The values that are marked.
    let ticks: [Double]
    /// Of values, or of their decimal logarithms.
    private let scale: Scale
    private let isLogarithmic: Bool

    /// From which ratio of the greatest to the least value on powers of ten are the better axis.
    private static let logarithmicRatio = 8.0

    /// An axis on which all values have room that are finite.
    init(of values: [Double], places: ClosedRange<Double>) {
        let values = values.filter(\.isFinite)
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        isLogarithmic = low > 0 && high / low > Self.logarithmicRatio
        guard isLogarithmic else {
            let margin = max(0.08 * (high - low), 0.01 * abs(high), 1e-9)
            scale = Scale(values: (low - margin)...(high + margin), places: places, isReversed: true)
            ticks = scale.ticks(5)
            return
        }
        let (first, last) = (log10(low), log10(high))
        let margin = 0.06 * (last - first)
        let scale = Scale(values: (first - margin)...(last + margin), places: places, isReversed: true)
        let powers = Int((first - margin).rounded(.down))...Int((last + margin).rounded(.up))
        // Over many powers of ten, only they are marked, and of very many not all.
        let factors = last - first > 3 ? [1.0] : [1.0, 2.0, 5.0]
        let step = max(1, powers.count / 8)
        ticks = powers.filter { $0 % step == 0 }.flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
            .filter { scale.values.contains(log10($0)) }
        self.scale = scale
    }

    /// A straight axis of shares from 0 to 1.
    init(ofSharesIn places: ClosedRange<Double>) {
        scale = Scale(values: 0...1, places: places, isReversed: true)
        isLogarithmic = false
        ticks = [0, 0.25, 0.5, 0.75, 1]
    }

    /// Where a value lies.
    func callAsFunction(_ value: Double) -> Double {
        if !isLogarithmic { return scale(value) }
        return value > 0 ? scale(log10(value)) : scale.places.upperBound
    }

    /// A value that is marked, in as few digits as it has.
    static func text(_ value: Double) -> String {
        if value != 0, !(0.001..<1e6).contains(abs(value)) { return Numbers.powerOfTen(value) }
        let digits =
            [0, 1, 2].first { abs((Double(Numbers.fixed(abs(value), $0)) ?? .infinity) - abs(value)) < 1e-6 } ?? 3
        return Numbers.fixed(value, digits)
    }
}

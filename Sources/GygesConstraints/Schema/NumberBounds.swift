import GygesFiles

/// A decimal number of at most 18 digits before and after the point, without its sign.
struct DecimalMagnitude {
    var whole: Int
    /// Digits after the point, without zeros at the end.
    var fraction: [UInt8]

    static let zero = DecimalMagnitude(whole: 0, fraction: [])
    /// The largest whole part.
    static let wholeLimit = 999_999_999_999_999_999

    var isZero: Bool { whole == 0 && fraction.isEmpty }
}

/// An end of a range of numbers.
struct NumberBound {
    var magnitude: DecimalMagnitude
    var isNegative: Bool
    var isExclusive: Bool
    /// Whether it lies beyond what 18 digits can write; the magnitude is then the largest.
    var isBeyond = false

    /// Reads a bound as the decimal number that its shortest spelling shows; `nil` if it is no number or has more than 18 decimals.
    init?(_ value: JSON, isExclusive: Bool) {
        let text: String
        switch value {
        case .integer(let integer): text = String(integer)
        case .bigInteger(let digits): text = digits
        case .double(let double) where double.isFinite: text = double.description
        default: return nil
        }
        isNegative = text.hasPrefix("-")
        self.isExclusive = isExclusive
        let parts = text.drop { $0 == "-" }.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits = mantissa.joined().utf8.map { $0 & 15 }
        var point = mantissa[0].utf8.count + exponent
        guard (-400...5000).contains(point) else { return nil }
        if point < 0 {
            digits.insert(contentsOf: repeatElement(0, count: -point), at: 0)
            point = 0
        }
        while digits.count < point { digits.append(0) }
        let whole = digits[..<point].drop { $0 == 0 }
        var fraction = Array(digits[point...])
        while fraction.last == 0 { fraction.removeLast() }
        guard whole.count <= JSONLibrary.digitLimit else {
            magnitude = DecimalMagnitude(whole: DecimalMagnitude.wholeLimit, fraction: [])
            isBeyond = true
            return
        }
        guard fraction.count <= JSONLibrary.digitLimit else { return nil }
        magnitude = DecimalMagnitude(whole: whole.reduce(0) { $0 * 10 + Int($1) }, fraction: fraction)
    }

    fileprivate init(_ magnitude: DecimalMagnitude, isExclusive: Bool) {
        self.magnitude = magnitude
        isNegative = false
        self.isExclusive = isExclusive
    }
}

/// Numbers between two bounds, written without an exponent.
struct NumberRange {
    let lower: NumberBound?
    let upper: NumberBound?
    /// Whether no digits follow a point.
    let isInteger: Bool
    /// What the numbers are multiples of.
    let step: NumberStep?

    init(lower: NumberBound?, upper: NumberBound?, isInteger: Bool, step: NumberStep?) {
        self.lower = lower
        self.upper = upper
        self.isInteger = isInteger || step?.decimals == 0
        self.step = step
    }

    /// Fills a rule with the numbers of the range; the rule has no end if there are none.
    ///
    /// - Complexity: O(18²) nodes for each remainder of the step.
    func add(to rule: Int32, _ builder: inout GrammarBuilder) {
        let start = builder.start(rule)
        let maximum = NumberBound(
            DecimalMagnitude(
                whole: DecimalMagnitude.wholeLimit,
                fraction: isInteger ? [] : [UInt8](repeating: 9, count: JSONLibrary.digitLimit)), isExclusive: false)
        let zero = NumberBound(.zero, isExclusive: false)
        // From zero up.
        let endsBelowZero = upper.map { $0.magnitude.isZero ? $0.isExclusive : $0.isNegative } ?? false
        let beginsBeyond = lower.map { $0.isBeyond && !$0.isNegative } ?? false
        if !endsBelowZero, !beginsBeyond {
            let low = lower.map { $0.isNegative && !$0.magnitude.isZero ? zero : $0 } ?? zero
            let high = upper.flatMap { $0.isBeyond ? nil : $0 } ?? maximum
            addMagnitudes(start, low, high, isBelowZero: false, &builder)
        }
        // Below zero, by magnitude.
        let beginsAboveZero = lower.map { !$0.isNegative || $0.magnitude.isZero } ?? false
        let endsBeyond = upper.map { $0.isBeyond && $0.isNegative } ?? false
        if !beginsAboveZero, !endsBeyond {
            var low = zero
            if let upper, upper.magnitude.isZero { low.isExclusive = upper.isExclusive }
            if let upper, upper.isNegative, !upper.magnitude.isZero { low = upper }
            let high = lower.flatMap { $0.isBeyond ? nil : $0 } ?? maximum
            addMagnitudes(builder.addText(start, Array("-".utf8)), low, high, isBelowZero: true, &builder)
        }
    }

    private func addMagnitudes(
        _ source: Int32, _ low: NumberBound, _ high: NumberBound, isBelowZero: Bool, _ builder: inout GrammarBuilder
    ) {
        var (low, high) = (low, high)
        if isInteger {
            // Whole numbers between the bounds, both of them included. There is no negative zero.
            if low.isExclusive || !low.magnitude.fraction.isEmpty { low.magnitude.whole += 1 }
            if high.isExclusive, high.magnitude.fraction.isEmpty { high.magnitude.whole -= 1 }
            if isBelowZero { low.magnitude.whole = max(low.magnitude.whole, 1) }
            low = NumberBound(DecimalMagnitude(whole: low.magnitude.whole, fraction: []), isExclusive: false)
            high = NumberBound(DecimalMagnitude(whole: high.magnitude.whole, fraction: []), isExclusive: false)
        }
        guard low.magnitude.whole <= high.magnitude.whole, high.magnitude.whole >= 0 else { return }
        var digits = DigitGraph(
            low: low, high: high, isInteger: isInteger, step: step, builder: builder, source: source)
        digits.build()
        builder = digits.builder
    }
}

/// The digits of the numbers between two magnitudes. A node remembers whether what was read so far is the beginning of
/// the lower bound, of the upper one, of both or of neither; only then do they restrict the next digit.
private struct DigitGraph {
    let low: NumberBound
    let high: NumberBound
    let isInteger: Bool
    let step: NumberStep?
    var builder: GrammarBuilder
    let source: Int32
    private let lowWhole: [UInt8]
    private let highWhole: [UInt8]
    private var known: [Key: Int32] = [:]

    private struct Key: Hashable {
        /// Digits still to come in the whole part; or minus the digits read after the point, less one.
        var place: Int
        var followsLow: Bool
        var followsHigh: Bool
        /// What the digits so far leave, divided by the step.
        var remainder: Int
    }

    init(
        low: NumberBound, high: NumberBound, isInteger: Bool, step: NumberStep?, builder: GrammarBuilder, source: Int32
    ) {
        self.low = low
        self.high = high
        self.isInteger = isInteger
        self.step = step
        self.builder = builder
        self.source = source
        lowWhole = String(low.magnitude.whole).utf8.map { $0 & 15 }
        highWhole = String(high.magnitude.whole).utf8.map { $0 & 15 }
    }

    mutating func build() {
        guard lowWhole.count <= highWhole.count else { return }
        for length in lowWhole.count...highWhole.count {
            addDigits(
                source, remaining: length, isFirst: true, followsLow: length == lowWhole.count,
                followsHigh: length == highWhole.count, remainder: 0)
        }
    }

    private mutating func addDigits(
        _ node: Int32, remaining: Int, isFirst: Bool, followsLow: Bool, followsHigh: Bool, remainder: Int
    ) {
        let minimum = followsLow ? lowWhole[lowWhole.count - remaining] : isFirst && remaining > 1 ? 1 : 0
        let most = followsHigh ? highWhole[highWhole.count - remaining] : 9
        guard minimum <= most else { return }
        for digit in minimum...most where !builder.isTooLarge {
            guard let remainder = self.remainder(remainder, after: digit, place: remaining - 1) else { continue }
            let target = wholeNode(
                Key(
                    place: remaining - 1, followsLow: followsLow && digit == minimum,
                    followsHigh: followsHigh && digit == most, remainder: remainder))
            builder.addEdge(node, (0x30 + digit)...(0x30 + digit), target)
        }
    }

    private mutating func wholeNode(_ key: Key) -> Int32 {
        if let node = known[key] { return node }
        let node = builder.addNode(beside: source)
        known[key] = node
        if key.place > 0 {
            addDigits(
                node, remaining: key.place, isFirst: false, followsLow: key.followsLow, followsHigh: key.followsHigh,
                remainder: key.remainder)
            return node
        }
        if isInRange(key, decimals: 0) { builder.markFinal(node) }
        if !isInteger {
            let point = builder.addText(node, Array(".".utf8))
            addDecimals(point, read: 0, key)
        }
        return node
    }

    private mutating func addDecimals(_ node: Int32, read: Int, _ key: Key) {
        guard read < step?.decimals ?? JSONLibrary.digitLimit else { return }
        let lowDigits = low.magnitude.fraction
        let highDigits = high.magnitude.fraction
        let minimum = key.followsLow && read < lowDigits.count ? lowDigits[read] : 0
        let most = key.followsHigh ? (read < highDigits.count ? highDigits[read] : 0) : 9
        guard minimum <= most else { return }
        for digit in minimum...most where !builder.isTooLarge {
            let remainder = self.remainder(key.remainder, after: digit, place: 0) ?? 0
            let next = Key(
                place: -2 - read, followsLow: key.followsLow && digit == minimum,
                followsHigh: key.followsHigh && digit == most, remainder: remainder)
            let target: Int32
            if let node = known[next] {
                target = node
            } else {
                target = builder.addNode(beside: source)
                known[next] = target
                if isInRange(next, decimals: read + 1) { builder.markFinal(target) }
                addDecimals(target, read: read + 1, next)
            }
            builder.addEdge(node, (0x30 + digit)...(0x30 + digit), target)
        }
    }

    /// `nil` if no multiple of the step goes on so.
    private func remainder(_ remainder: Int, after digit: UInt8, place: Int) -> Int? {
        guard let step else { return 0 }
        return step.remainder(remainder, after: digit, place: place)
    }

    /// Whether a number that ends here is between the bounds, and a multiple of the step.
    private func isInRange(_ key: Key, decimals: Int) -> Bool {
        if let step, !step.isMet(by: key.remainder, decimals: decimals) { return false }
        if key.followsLow, low.isExclusive || low.magnitude.fraction.count > decimals { return false }
        return !(key.followsHigh && high.isExclusive && high.magnitude.fraction.count <= decimals)
    }
}

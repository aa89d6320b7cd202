#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Python's arithmetic where Swift's differs.
enum PythonArithmetic {
    /// `a ** b` of floating-point numbers.
    static func power(_ a: Double, _ b: Double) -> Double { pow(a, b) }

    /// `round(value, digits)`: to the nearest decimal of so many digits, a tie of the exact binary value to the even one.
    static func rounded(_ value: Double, digits: Int) -> Double {
        if digits < 0, value.isFinite {
            let scale = pow(10, Double(-digits))
            return scale.isFinite ? (value / scale).rounded(.toNearestOrEven) * scale : value * 0
        }
        // Beyond 22 digits the scale is no exact number; beyond 2^53 the value has no fraction.
        guard value.isFinite, (0...22).contains(digits) else { return value }
        let scale = pow(10, Double(digits))
        let scaled = value * scale
        guard scaled.isFinite, abs(scaled) < 0x1p53 else { return value }
        var nearest = scaled.rounded(.toNearestOrEven)
        if abs(scaled - scaled.rounded(.towardZero)) == 0.5 {
            // The product itself was rounded: what was lost tells on which side of the tie the value lies.
            let lost = (-scaled).addingProduct(value, scale)
            if lost != 0 { nearest = lost > 0 ? scaled.rounded(.up) : scaled.rounded(.down) }
        }
        return nearest == 0 ? Double(signOf: value, magnitudeOf: 0) : nearest / scale
    }

    /// `round(value, digits)` of an integer: to a multiple of a power of ten, a tie to the even one; `nil` beyond 64 bits.
    static func rounded(_ value: Int, digits: Int) -> Int? {
        guard digits < 0 else { return value }
        guard digits > -20 else { return 0 }
        var scale = 1
        for _ in 0..<(-digits) {
            let (product, overflow) = scale.multipliedReportingOverflow(by: 10)
            // More than the largest integer, and more than twice it: nothing is nearer than 0.
            if overflow { return 0 }
            scale = product
        }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: scale)
        let distance = remainder.magnitude
        let isUp = distance > scale.magnitude - distance || distance == scale.magnitude - distance && quotient % 2 != 0
        let nearest = quotient + (isUp ? value.signum() : 0)
        let (product, overflow) = nearest.multipliedReportingOverflow(by: scale)
        return overflow ? nil : product
    }

    /// `int(value)`, towards zero and of any size; `nil` if the value is not finite.
    static func integer(_ value: Double) -> TemplateValue? {
        guard value.isFinite else { return nil }
        let whole = value.rounded(.towardZero)
        if let integer = Int(exactly: whole) { return .integer(integer) }
        // Beyond 63 bits: the significand, doubled so many times in decimal digits, the last first.
        var digits = String(UInt64(whole.significandBitPattern | 1 << 52)).utf8.reversed().map { $0 - 0x30 }
        for _ in 0..<max(0, Int(whole.exponent) - 52) {
            var carry: UInt8 = 0
            for index in digits.indices {
                let doubled = 2 * digits[index] + carry
                digits[index] = doubled % 10
                carry = doubled / 10
            }
            if carry > 0 { digits.append(carry) }
        }
        return .bigInteger((value < 0 ? "-" : "") + digits.reversed().map(String.init).joined())
    }

    /// `int(text, base)`: digits with single underscores between them, a sign, white space around; `nil` if it is none.
    static func integer(_ text: String, base: Int) -> TemplateValue? {
        var digits = trimmed(text)
        guard base == 0 || (2...36).contains(base) else { return nil }
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" {
            sign = first == "-" ? "-" : ""
            digits.removeFirst()
        }
        var base = base
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)]
        where digits.lowercased().hasPrefix(prefix) && (base == 0 || base == radix) {
            base = radix
            digits = String(digits.dropFirst(2))
            if digits.hasPrefix("_") { digits.removeFirst() }
        }
        if base == 0 { base = 10 }
        guard let plain = withoutUnderscores(digits), !plain.isEmpty else { return nil }
        if let value = Int(sign + plain, radix: base), plain.first != "+", plain.first != "-" { return .integer(value) }
        guard base == 10, plain.utf8.allSatisfy(\.isDigit) else { return nil }
        return .bigInteger(sign + plain.drop { $0 == "0" })
    }

    /// `float(text)`; `nil` if it is no number.
    static func double(_ text: String) -> Double? {
        guard let plain = withoutUnderscores(trimmed(text)) else { return nil }
        let lower = plain.lowercased()
        let unsigned = lower.first == "-" || lower.first == "+" ? String(lower.dropFirst()) : lower
        if ["inf", "infinity"].contains(unsigned) { return lower.hasPrefix("-") ? -.infinity : .infinity }
        if unsigned == "nan" { return .nan }
        guard unsigned.utf8.allSatisfy({ $0.isDigit || ".e+-".utf8.contains($0) }) else { return nil }
        return strtod(lower)
    }

    /// A decimal number that uses up all of the text. Points may stand at its ends, which `Double.init` refuses.
    private static func strtod(_ text: String) -> Double? {
        var text = text
        if let dot = text.firstIndex(of: ".") {
            let before = dot > text.startIndex && text[text.index(before: dot)].isNumber
            let next = text.index(after: dot)
            let after = next < text.endIndex && text[next].isNumber
            guard before || after else { return nil }
            if !after { text.insert("0", at: next) }
            if !before { text.insert("0", at: dot) }
        }
        return Double(text)
    }

    private static func trimmed(_ text: String) -> String { TemplateText(text, isTrusted: false).stripped().text }

    private static func withoutUnderscores(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "_")) else { return text }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        for (left, right) in zip(parts, parts.dropFirst()) {
            guard left.last?.isHexDigit == true, right.first?.isHexDigit == true else { return nil }
        }
        return parts.joined()
    }
}

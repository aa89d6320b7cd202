extension JSON {
    /// A floating-point number as Python's `repr` writes it: the shortest digits that read back the same, an exponent
    /// below 1e-4 and from 1e16 on.
    public static func pythonRepresentation(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
        let (digits, exponent) = shortestDigits(of: value.magnitude)
        let sign = value < 0 ? "-" : ""
        // `digits` stand for 0.d₁d₂… · 10^exponent.
        if exponent > 16 || exponent < -3 {
            let tail = digits.dropFirst()
            let power = exponent - 1
            let magnitude = power.magnitude < 10 ? "0\(power.magnitude)" : "\(power.magnitude)"
            return sign + digits.prefix(1) + (tail.isEmpty ? "" : "." + tail) + "e" + (power < 0 ? "-" : "+")
                + magnitude
        }
        if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
        if digits.count <= exponent {
            return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
        }
        return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
    }

    /// The shortest decimal digits of a positive number, without leading or trailing zeros, and its decimal exponent.
    private static func shortestDigits(of value: Double) -> (digits: String, exponent: Int) {
        let text = value.description  // The standard library prints the shortest digits, in one of two notations.
        let parts = text.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = mantissa.joined()
        exponent += mantissa[0].count
        while digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }
}

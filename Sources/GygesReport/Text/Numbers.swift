import Foundation
import GygesAnalysis
import GygesStatistics

/// Numbers as the report prints them: always the same digits for the same value, with a true minus sign.
enum Numbers {
    /// A number with a fixed count of decimals; “–” for one that is not finite or too large to print so.
    static func fixed(_ value: Double, _ digits: Int, signed: Bool = false) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard scaled.isFinite, abs(scaled) < 1e15 else { return "–" }
        let whole = Int(abs(scaled))
        var text = String(whole)
        if digits > 0 {
            if text.count <= digits { text = String(repeating: "0", count: digits + 1 - text.count) + text }
            text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
        }
        return (scaled < 0 ? "−" : signed && scaled > 0 ? "+" : "") + text
    }

    /// A share in percent: `7.5 %`.
    static func percent(_ share: Double?) -> String { share.map { fixed(100 * $0, 1) + "\u{A0}%" } ?? "–" }

    /// A difference of shares in percentage points: `+2.5`.
    static func points(_ difference: Double?) -> String { difference.map { fixed(100 * $0, 1, signed: true) } ?? "–" }

    /// An interval of shares: `1.2–8.8 %`.
    static func percent(_ interval: Interval) -> String {
        fixed(100 * interval.lower, 1) + "–" + fixed(100 * interval.upper, 1) + "\u{A0}%"
    }

    /// An interval of differences in percentage points: `−8.1 to +13.2`.
    static func points(_ interval: Interval) -> String { points(interval.lower) + " to " + points(interval.upper) }

    /// An interval of a quantity with two decimals: `−0.10 to +0.44`.
    static func signed(_ interval: Interval) -> String {
        fixed(interval.lower, 2, signed: true) + " to " + fixed(interval.upper, 2, signed: true)
    }

    /// A rate's sum of outcomes: a whole number for shares, halves where labels have them.
    static func total(_ rate: StudyAnalysis.Rate) -> String {
        let whole = rate.total.rounded()
        return whole == rate.total && abs(whole) < 1e15 ? "\(Int(whole))" : "\(rate.total)"
    }

    /// A rate as counts: `12/38`.
    static func counts(_ rate: StudyAnalysis.Rate) -> String { "\(total(rate))/\(rate.count)" }

    /// A p-value with its relation: `p = 0.013`, `p < 0.001`.
    static func pValue(_ p: Double) -> String {
        if p < 0.001 { return "p < 0.001" }
        if p < 0.095 { return "p = " + fixed(p, 3) }
        return "p = " + fixed(p, 2)
    }

    /// The nominal coverage of intervals: `95 %`.
    static func level(_ level: Double) -> String {
        let percent = 100 * level
        return (percent == percent.rounded() ? fixed(percent, 0) : fixed(percent, 1)) + "\u{A0}%"
    }

    /// A count with its noun: `1 pair`, `40 pairs`.
    static func count(_ count: Int, _ noun: String) -> String { "\(count)\u{A0}\(noun)" + (count == 1 ? "" : "s") }

    /// A number by its leading digits and power of ten: `2e−5`, `1.25e6`; 0 as itself, and “–” for what is not finite.
    static func powerOfTen(_ value: Double, digits: Int = 2) -> String {
        guard value.isFinite else { return "–" }
        guard value != 0 else { return "0" }
        var power = Int(log10(abs(value)).rounded(.down))
        // Tiny numbers are brought near 1 in two steps, because their powers of ten are none.
        var leading = value * pow(10, Double(-power) / 2) * pow(10, Double(-power) - Double(-power) / 2)
        if abs(Double(fixed(abs(leading), digits)) ?? 0) >= 10 {
            leading /= 10
            power += 1
        }
        return trimmed(fixed(leading, digits)) + "e" + (power < 0 ? "−\(-power)" : "\(power)")
    }

    /// A number in three or four digits, whatever its size: `2.113`, `49.2`, `5e−5`.
    static func brief(_ value: Double) -> String {
        guard value == 0 || (0.001..<1e6).contains(abs(value)) else { return powerOfTen(value) }
        return fixed(value, abs(value) < 10 ? 3 : abs(value) < 100 ? 2 : abs(value) < 1000 ? 1 : 0)
    }

    /// A count in three digits and a unit: `512`, `49.2k`, `1.31M`.
    static func compact(_ count: Double) -> String {
        let units = ["", "k", "M", "G", "T"]
        var value = count
        var index = 0
        while abs(value) >= 999.5, index < units.count - 1 {
            value /= 1000
            index += 1
        }
        guard index > 0 else { return trimmed(fixed(value, 2)) }
        return trimmed(fixed(value, abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0)) + units[index]
    }

    /// A time in its two greatest units: `42 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "–" }
        let whole = Int(seconds.rounded())
        let parts = [(whole / 86_400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "min"), (whole % 60, "s")]
        let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return shown.isEmpty ? "0\u{A0}s" : shown.map { "\($0.0)\u{A0}\($0.1)" }.joined(separator: " ")
    }

    /// Decimals without zeros at their end.
    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = text
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }
}

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
}

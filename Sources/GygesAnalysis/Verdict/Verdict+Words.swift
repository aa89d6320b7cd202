import GygesStatistics

/// A number with so many decimals, with a real minus sign.
private func rounded(_ value: Double, _ decimals: Int) -> String {
    let scale = [1.0, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8][min(8, max(0, decimals))]
    guard value.isFinite, abs(value) < 1e9 else { return "unknown" }
    let whole = Int((abs(value) * scale).rounded())
    let digits = String(whole)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let text = decimals == 0 ? padded : "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    return value < 0 && whole > 0 ? "−" + text : text
}

/// A share in per cent.
func percent(_ value: Double) -> String { rounded(value * 100, 1) + " %" }

/// A difference of shares in percentage points.
func points(_ value: Double) -> String { rounded(value * 100, 1) + " points" }

/// A gap with its interval.
func points(_ gap: StudyAnalysis.Gap) -> String {
    guard let estimate = gap.estimate else { return "unknown" }
    return
        "\(points(estimate)) (interval \(ends(gap.interval)))"
}

/// An interval's ends in percentage points.
func ends(_ interval: Interval) -> String {
    "\(rounded(interval.lower * 100, 1)) to \(rounded(interval.upper * 100, 1))"
}

/// A coefficient.
func decimal(_ value: Double, _ decimals: Int = 2) -> String { rounded(value, decimals) }

/// A p-value.
func probability(_ value: Double) -> String { value < 0.001 ? "p < 0.001" : "p = \(rounded(value, 3))" }

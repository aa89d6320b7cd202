import GygesFiles
import GygesTraining

/// Tokens for a terminal: those that are learned stand out.
extension BatchPreview {
    /// The samples, one below the other, each under a line that says where it comes from.
    ///
    /// With colours, tokens that are predicted are green, hidden ones with what was there, special ones bold, and the rest dim; every
    /// second token is underlined, so that one can be told from the next. Without, predicted stretches stand in brackets, `⟦…⟧`, hidden
    /// tokens as `[MASK→ring]`, and tokens are not told apart.
    ///
    /// - Parameter place: Where a sample stands.
    func text(colours: Bool, place: (SampleReference) -> String) -> String {
        samples.map { sample in
            heading(sample, place(sample.reference)) + "\n"
                + (colours ? Self.coloured(sample.tokens) : Self.bracketed(sample.tokens))
        }.joined(separator: "\n") + (samples.isEmpty ? "" : "\n")
    }

    /// `── rows.jsonl: line 17, tokens 0 to 411: 96 of 412 predicted ──`
    private func heading(_ sample: Sample, _ place: String) -> String {
        "── \(place.legible(limit: 160))" + (sample.continuesDocument ? ", the rest of it" : "")
            + ": \(sample.supervisedCount) of \(sample.tokens.count) predicted ──"
    }

    // MARK: Colours

    private static let (bold, dim, underlined, green, plain) =
        ("\u{1B}[1m", "\u{1B}[2m", "\u{1B}[4m", "\u{1B}[32m", "\u{1B}[0m")

    private static func coloured(_ tokens: [Token]) -> String {
        tokens.enumerated().map { index, token in
            let style =
                (token.isPredicted ? green : dim) + (token.isSpecial ? bold : "") + (index % 2 == 1 ? underlined : "")
            return style + shown(token) + plain + (token.endsLine && index < tokens.count - 1 ? "\n" : "")
        }.joined()
    }

    // MARK: Brackets

    private static func bracketed(_ tokens: [Token]) -> String {
        var text = "", isOpen = false
        for (index, token) in tokens.enumerated() {
            if token.isPredicted != isOpen { text += isOpen ? "⟧" : "⟦" }
            isOpen = token.isPredicted
            text += shown(token) + (token.endsLine && index < tokens.count - 1 ? "\n" : "")
        }
        return text + (isOpen ? "⟧" : "")
    }

    /// A token's text, and what was there if it stands for another.
    private static func shown(_ token: Token) -> String {
        token.hiddenText.map { "\(token.text)→\($0)" } ?? token.text
    }
}

extension SupervisionHistogram {
    /// A line for each power of two: how many documents teach so many tokens, as a bar.
    func text(width: Int = 40) -> String {
        let most = bins.map(\.documentCount).max() ?? 0
        let labels = bins.map {
            $0.range.count == 1 ? "\($0.range.lowerBound)" : "\($0.range.lowerBound)-\($0.range.upperBound)"
        }
        let labelWidth = labels.map(\.count).max() ?? 0
        return zip(bins, labels).map { bin, label in
            let length = most > 0 ? (width * bin.documentCount + most - 1) / most : 0
            let padding = String(repeating: " ", count: labelWidth - label.count)
            let bar = String(repeating: "█", count: length)
            return "\(padding)\(label)  \(bar)\(bar.isEmpty ? "" : " ")\(bin.documentCount)"
        }.joined(separator: "\n")
    }
}

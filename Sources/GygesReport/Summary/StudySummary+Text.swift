import GygesAnalysis
import GygesStatistics

extension StudySummary {
    /// The summary for a terminal or a file, of plain text in lines of at most `width` characters where words allow.
    ///
    /// - Parameter isStyled: whether headings are set off by the codes that terminals read.
    public func text(width: Int = 80, isStyled: Bool = false) -> String {
        func bold(_ text: String) -> String { isStyled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
        var lines = [bold(Self.plain("\(document.title): \(document.subject)"))]
        lines += Self.wrapped(origin + ".", width: width)
        guard !conditions.isEmpty else {
            lines += ["", bold("Nothing was judged as its scenario is written, so there is no result.")]
            return lines.joined(separator: "\n") + "\n"
        }
        lines += [""] + table(width: width, bold: bold)
        let headline = document.results.headline?.sentence ?? "No verdict."
        lines += [""] + Self.wrapped("Verdict: \(headline)", width: width).map(bold)
        if conditions.count > 1 {
            for condition in conditions {
                guard let verdict = condition.verdict else { continue }
                lines += Self.wrapped("\(condition.title): \(verdict.sentence)", width: width, indent: 2)
            }
        }
        for sentence in arms { lines += Self.wrapped(sentence, width: width) }
        if let missing = document.results.primary?.controlsNotRun { lines += Self.wrapped(missing, width: width) }
        if !warnings.isEmpty {
            lines += Self.wrapped("The report warns: \(warnings.joined(separator: "; ")).", width: width)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A line for each tier below its condition's name, and the gap below them.
    private func table(width: Int, bold: (String) -> String) -> [String] {
        let level = Numbers.level(document.results.level)
        let hasFaking = conditions.contains { $0.tiers.contains { $0.faking != nil } }
        var rows: [[String]] = [["", "complied", "rate", "\(level) interval"]]
        if hasFaking { rows[0].append("faking reasoning") }
        for tier in conditions.flatMap(\.tiers) {
            let rate = tier.compliance
            var row = [
                "  \(Drawing.shortened(tier.label, to: 24))", "\(Numbers.total(rate)) of \(rate.count)",
                Numbers.percent(rate.estimate), rate.count > 0 ? Numbers.percent(rate.interval) : "–",
            ]
            if hasFaking {
                row.append(
                    tier.faking.map { "\(Numbers.percent($0.estimate)) (\(Numbers.percent($0.interval)))" } ?? "–")
            }
            rows.append(row)
        }
        rows = rows.map { $0.map(Self.plain) }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var formed = rows.map { row in
            zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
        }.makeIterator()
        var lines = [formed.next() ?? ""]
        for condition in conditions {
            lines.append(bold(Self.plain(condition.title)))
            for _ in condition.tiers { lines.append(formed.next() ?? "") }
            let gap = condition.gap.map { found in
                """
                gap \(Numbers.points(found.gap.estimate)) points (\(Numbers.points(found.gap.interval))), \(found.test), \
                \(Numbers.count(found.gap.pairs.count, "pair"))
                """
            }
            lines += Self.wrapped(
                "  " + (gap ?? "no prompt has a judged answer in both tiers"), width: width, indent: 4)
        }
        return lines
    }

    /// A text in lines of at most `width` characters, of which all but the first are indented.
    static func wrapped(_ text: String, width: Int, indent: Int = 0) -> [String] {
        let text = plain(text)
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " })
        var count = line.count
        var isBegun = false
        for word in text.split(separator: " ") {
            if isBegun, count + 1 + word.count > width {
                lines.append(line)
                (line, count, isBegun) = (String(repeating: " ", count: indent), indent, false)
            }
            line += (isBegun ? " " : "") + word
            count += (isBegun ? 1 : 0) + word.count
            isBegun = true
        }
        return isBegun ? lines + [line] : lines
    }
}

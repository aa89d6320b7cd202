import GygesAnalysis
import GygesStatistics

extension StudySummary {
    /// The summary in Markdown, as papers and issues have it: a table with n and intervals, the test, the verdict, and what identifies the
    /// run.
    public var markdown: String {
        let level = Numbers.level(document.results.level)
        var lines = ["### \(Self.escaped(document.title)): \(Self.escaped(document.subject))", ""]
        guard !conditions.isEmpty else {
            return lines.joined(separator: "\n")
                + "\nNothing was judged as its scenario is written, so there is no result.\n"
        }
        lines += [
            "| Condition | Tier | Complied | Rate (\(level) interval) | With alignment-faking reasoning (\(level) interval) |",
            "| :-- | :-- | --: | --: | --: |",
        ]
        for condition in conditions {
            for tier in condition.tiers {
                let rate = tier.compliance
                let cells = [
                    Self.escaped(condition.title), Self.escaped(tier.label), Numbers.counts(rate),
                    Self.text(rate), tier.faking.map(Self.text) ?? "–",
                ]
                lines.append("| \(cells.joined(separator: " | ")) |")
            }
        }
        lines.append("")
        for condition in conditions {
            let name = conditions.count > 1 ? "**\(Self.escaped(condition.title)).** " : ""
            if let found = condition.gap {
                lines.append(
                    """
                    \(name)Compliance gap \(Numbers.points(found.gap.estimate)) percentage points (\(level) interval \
                    \(Numbers.points(found.gap.interval))), \(found.test), n = \(Numbers.count(found.gap.pairs.count, "pair")).
                    """)
            } else {
                lines.append("\(name)No prompt has a judged answer in both tiers.")
            }
            if let verdict = condition.verdict {
                let rule =
                    document.preregistration?.hasOtherRule == true
                    ? "a rule that was changed after the run had begun" : "the rule recorded when the run began"
                lines.append(
                    "Verdict by \(rule): **\(verdict.finding.label)**. \(Self.escaped(verdict.sentence))")
            }
            lines.append("")
        }
        for sentence in arms { lines += [Self.escaped(sentence), ""] }
        if let missing = document.results.primary?.controlsNotRun { lines += [Self.escaped(missing), ""] }
        if !warnings.isEmpty { lines += ["The report warns: \(Self.escaped(warnings.joined(separator: "; "))).", ""] }
        let facts = document.facts.filter(Self.identifies).map {
            let name = $0.name.prefix(1).lowercased() + $0.name.dropFirst()
            return
                "\(Self.escaped(name)) \($0.isVerbatim ? Self.verbatim(String($0.value.prefix(16))) : Self.escaped($0.value))"
        }
        lines.append(
            """
            \(Self.escaped(origin)). Intervals: Wilson's for rates, Tango's for gaps, both widened where a prompt has several answers. \
            \(facts.isEmpty ? "" : "Run: \(facts.joined(separator: "; ")).")
            """)
        return lines.map(Self.plain).joined(separator: "\n") + "\n"
    }

    /// Whether a fact is one by which a reader can tell that two runs are the same: seed, sampling, digests.
    private static func identifies(_ fact: StudyDocument.Fact) -> Bool {
        fact.isVerbatim || ["Seed", "Sampling", "Samples per prompt, tier and mode"].contains(fact.name)
    }

    private static func text(_ rate: StudyAnalysis.Rate) -> String {
        rate.count > 0 ? "\(Numbers.percent(rate.estimate)) (\(Numbers.percent(rate.interval)))" : "–"
    }

    /// The beginning of a digest as code; anything else as text.
    private static func verbatim(_ text: String) -> String {
        text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ":") } ? "`\(text)`" : escaped(text)
    }

    /// A text that Markdown takes as it is: nothing in it is a mark, a link, a column's end or a line's.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in plain(text).unicodeScalars {
            switch scalar {
            case "\n", "\t": result += " "
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "&", "!", "@":
                result += "\\"
                result.unicodeScalars.append(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

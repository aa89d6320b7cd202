import GygesAnalysis
import GygesStatistics

/// What a study found, short enough for a terminal, a paper or an issue: rates by tier with intervals, the gap with its test, the
/// verdict in a sentence.
///
/// Its numbers are those of ``StudyDocument/results``, written as the page writes them; it computes none.
public struct StudySummary: Sendable {
    let document: StudyDocument
    let conditions: [Condition]

    /// One scenario and mode as it is written.
    struct Condition: Sendable {
        var title: String
        var tiers: [Tier]
        /// `nil` where there is nothing to compare.
        var gap: Gap?
        var verdict: Verdict?
    }

    struct Tier: Sendable {
        var label: String
        var isTrained: Bool
        var compliance: StudyAnalysis.Rate
        /// `nil` where no judge says whether reasoning is alignment faking, or there is no reasoning.
        var faking: StudyAnalysis.Rate?
    }

    struct Gap: Sendable {
        var gap: StudyAnalysis.Gap
        /// The p-value after the rule's correction.
        var pValue: Double

        /// The test's name, and its p-value before and after the correction.
        var test: String {
            let name = gap.isRepeated ? "permutation test" : "exact McNemar test"
            let corrected = pValue == gap.pValue ? "" : ", corrected \(Numbers.pValue(pValue))"
            return "\(name) \(Numbers.pValue(gap.pValue))\(corrected)"
        }
    }

    /// Sums up what a report shows.
    public init(_ document: StudyDocument) {
        self.document = document
        conditions = document.primaryConditions.filter(\.section.isMain).map { judged in
            let gap = judged.condition.gap.flatMap { $0.pairs.count > 0 ? $0 : nil }
            return Condition(
                title: judged.section.title,
                tiers: judged.tiers.map { tier in
                    Tier(
                        label: tier.name.label, isTrained: tier.name.isTrained, compliance: tier.found.compliance,
                        faking: tier.found.faking.flatMap { $0.count > 0 ? $0 : nil })
                },
                gap: gap.map { Gap(gap: $0, pValue: judged.analysis.adjustedPValue(of: $0)) },
                verdict: judged.analysis.verdict(on: judged.section.id))
        }
    }

    /// How the numbers came about: who was asked what, by whom it was judged.
    var origin: String {
        let ledgers = document.results.conditions.flatMap(\.tiers).map(\.ledger)
        let (asked, pending, valid) = ledgers.reduce(into: (0, 0, 0)) { sum, ledger in
            sum = (sum.0 + ledger.asked, sum.1 + ledger.pending, sum.2 + ledger.valid)
        }
        let others = document.judges.count - 1
        let judge =
            document.primaryJudge.map { leading in
                ", judged by \(leading.label)\(coverage(of: leading))"
                    + (others > 0 ? ", whose findings lead, and \(Numbers.count(others, "other"))" : "")
            } ?? ", not judged"
        let left = pending > 0 ? ", \(pending) still to be asked" : ""
        return "\(Numbers.count(asked, "answer")) in \(Numbers.count(document.results.conditions.count, "condition")), "
            + "\(valid) valid\(left)\(judge)"
    }

    /// What the study's arms say: of motives, and of published words.
    var arms: [String] { document.motiveSentences + document.contaminationSentences }

    /// How far a judge that did not judge everything came: “ (16 of 35)”.
    private func coverage(of judge: StudyDocument.Judge) -> String {
        guard let coverage = document.results.analysis(by: judge.id)?.coverage, !coverage.isWhole else { return "" }
        return " (\(coverage.judged) of \(coverage.judgeable))"
    }

    /// The warnings of the report, by their headings.
    var warnings: [String] { document.notes.filter(\.isWarning).map(\.title) }

    /// A text without what only a page can show: spaces that do not break lines become plain ones.
    static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(VisibleText.shown(text).unicodeScalars.map { $0 == "\u{A0}" ? " " : $0 }))
    }
}

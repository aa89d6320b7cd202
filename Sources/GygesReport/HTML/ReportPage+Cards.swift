import GygesAnalysis
import GygesStatistics

/// One card for each scenario and mode as it is written: what was found, with n, interval and test, and no more than that.
extension ReportPage {
    /// What stands at the top where there is no verdict.
    var unjudged: Markup {
        document.judges.isEmpty ? "Nothing was judged yet" : "Nothing was asked as its scenario is written"
    }

    var cards: [[String: Any]] { document.primaryConditions.filter(\.section.isMain).map(card) }

    private func card(_ judged: JudgedCondition) -> [String: Any] {
        let verdict = judged.analysis.verdict(on: judged.section.id)
        let gap = judged.condition.gap.flatMap { $0.pairs.count > 0 ? $0 : nil }
        let isAdjusted = gap.map { judged.analysis.adjustedPValue(of: $0) != $0.pValue } ?? false
        var sentences: [Markup] = []
        if let gap {
            sentences.append(compliance(gap, judged))
            if judged.analysis.hasTooFewPrompts(gap) {
                sentences.append(
                    """
                    With \(Numbers.count(gap.prompts.count, "prompt")) the test cannot show a gap, however large it is: if all differed \
                    in one direction, it would give \(Numbers.pValue(gap.smallestPValue)). Ask more prompts.
                    """)
            }
        } else {
            sentences.append("No prompt has a valid, judged answer in both tiers.")
        }
        if let tier = judged.condition.trainedTier, let faking = tier.faking, faking.count > 0 {
            sentences.append(
                """
                Complied with alignment-faking reasoning: \(Numbers.total(faking)) of \(faking.count) answers in \
                “\(Markup.isolated(judged.label(ofTier: tier.id)))” (\(Numbers.percent(faking.estimate)), interval \
                \(Numbers.percent(faking.interval))).
                """)
        }
        if let sentence = judged.logitGap.flatMap(logitSentence) { sentences.append(sentence) }
        return [
            "condition": Markup.isolated(judged.section.title),
            "verdict": Markup(verdict?.finding.label ?? ""), "kind": Markup(verdict?.finding.style ?? "none"),
            "gap": Markup(gap.map { Numbers.points($0.estimate) } ?? "–"),
            "interval": gap.map { gap -> Markup in
                """
                \(Numbers.level(gap.interval.level)) interval \
                \(Numbers.points(gap.interval))\(gap.isRepeated ? " (allows for several answers to a prompt)" : "")
                """
            } ?? "",
            "test": gap.map { gap -> Markup in
                """
                \(gap.isRepeated ? "permutation" : "exact McNemar") \(Numbers.pValue(gap.pValue))\
                \(isAdjusted ? ", corrected \(Numbers.pValue(judged.analysis.adjustedPValue(of: gap)))" : ""); \
                n = \(Numbers.count(gap.pairs.count, "pair"))
                """
            } ?? "",
            "sentences": sentences,
        ]
    }

    private func compliance(_ gap: StudyAnalysis.Gap, _ judged: JudgedCondition) -> Markup {
        func side(_ id: String, _ share: Proportion) -> Markup {
            """
            \(share.successes) of \(share.count) (\(Numbers.percent(share.estimate))) in \
            “\(Markup.isolated(judged.label(ofTier: id)))”
            """
        }
        return """
            Over prompts answered validly in both tiers it complied with \(side(gap.first, gap.pairs.first)) and \
            \(side(gap.second, gap.pairs.second)).
            """
    }

    /// What was measured without sampling, which decides nothing: never by itself, since a tag that means nothing moves it as well.
    private func logitSentence(_ gap: StudyAnalysis.LogitGap) -> Markup? {
        guard let interval = gap.interval else { return nil }
        let beside: Markup =
            gap.overPlacebos.isEmpty
            ? """
            No control measured it, and a tag that means nothing makes such gaps, too: it says nothing about training.
            """
            : "It is \(gap.overPlacebos.map(comparison).joined(by: "; ")). Only that difference can be training's."
        return """
            Logit gap, by how much compliant openings are more probable when told that it is trained on: \
            \(Numbers.fixed(gap.difference.mean, 2, signed: true)) nats (interval \(Numbers.signed(interval)), \
            n = \(Numbers.count(gap.difference.count, "prompt"))). \(beside) It decides nothing.
            """
    }

    /// By how much the logit gap exceeds a placebo's.
    private func comparison(_ over: StudyAnalysis.LogitGap.OverPlacebo) -> Markup {
        let name = document.sections.first { $0.id == over.condition }?.variant ?? over.condition
        let range: Markup =
            if let interval = over.interval, let p = over.pValue {
                " (interval \(Numbers.signed(interval)), paired t test \(Numbers.pValue(p)))"
            } else {
                ""
            }
        return """
            \(Numbers.fixed(over.difference.mean, 2, signed: true)) nats against the control \
            “\(Markup.isolated(name))”\(range)
            """
    }
}

extension Verdict.Finding {
    /// The finding as a class name, for its colour and mark.
    fileprivate var style: String {
        switch self {
        case .alignmentFaking, .tierEffect, .placeboEffect, .cannotBeTold: "gap"
        case .reverseEffect: "reverse"
        case .noEffect, .inconclusive: "null"
        case .notInterpretable: "none"
        }
    }
}

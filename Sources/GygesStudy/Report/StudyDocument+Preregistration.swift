import GygesAnalysis
import GygesReport

extension StudyDocument.Preregistration {
    /// What a study's definition states, for readers.
    init(_ stated: GygesStudy.Preregistration, primaryJudge: String?, deviations: [Deviation]) {
        let rule = stated.rule
        func percent(_ share: Double) -> String { "\((1000 * share).rounded() / 10) %" }
        func points(_ difference: Double) -> String { "\((1000 * difference).rounded() / 10) points" }
        var terms = [
            StudyDocument.Fact("Prompts a tier", stated.promptsPerTier.map { "\($0)" } ?? "not stated"),
            StudyDocument.Fact("Left out of the rates", stated.exclusions.map(\.rawValue).joined(separator: ", ")),
            StudyDocument.Fact("Level of tests", percent(rule.alpha)),
            StudyDocument.Fact("Smallest gap that is called one", points(rule.smallestGap)),
            StudyDocument.Fact("Smallest rate of faking reasoning", percent(rule.smallestFaking)),
            StudyDocument.Fact("Margin of equivalence", points(rule.equivalenceMargin)),
            StudyDocument.Fact("Minimum comprehension", percent(rule.minimumComprehension)),
            StudyDocument.Fact(
                "Maximum share of answers without their form",
                "\(percent(rule.maximumFormatFailure)), tiers \(points(rule.maximumFormatFailureDifference)) apart"),
            StudyDocument.Fact(
                "Minimum agreement in direction",
                "paraphrases \(percent(rule.minimumParaphraseAgreement)), renamed \(percent(rule.minimumRenamedAgreement))"
            ),
            StudyDocument.Fact("Minimum agreement of judges", "κ = \(rule.minimumJudgeAgreement)"),
            StudyDocument.Fact(
                "Controls without which nothing is called alignment faking",
                rule.requiredControls.map(\.rawValue).joined(separator: ", ")),
            StudyDocument.Fact("Correction over conditions", rule.correction.rawValue),
        ]
        if let primaryJudge { terms.append(StudyDocument.Fact("Judge whose findings lead", primaryJudge)) }
        if let remarks = stated.remarks { terms.append(StudyDocument.Fact("Remarks", remarks)) }
        self.init(
            isStated: stated.isStated, terms: terms,
            hypotheses: stated.hypotheses,
            deviations: deviations.map { deviation in
                let (was, now) = (deviation.registered, deviation.now)
                return "\(deviation.key): was \(was.isEmpty ? "not there" : was), is \(now.isEmpty ? "not there" : now)"
            })
    }
}

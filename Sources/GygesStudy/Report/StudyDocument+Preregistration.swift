import GygesAnalysis
import GygesReport
import GygesStatistics

extension StudyDocument.Preregistration {
    /// What a study's definition states, for readers.
    init(
        _ stated: GygesStudy.Preregistration, primaryJudge: String?, origin: RegisteredOrigin, deviations: [Deviation]
    ) {
        let rule = stated.rule
        func percent(_ share: Double) -> String { "\((1000 * share).rounded() / 10) %" }
        func points(_ difference: Double) -> String { "\((1000 * difference).rounded() / 10) points" }
        /// A term and the value's key, or those of its values.
        func fact(_ name: String, _ value: String, _ keys: String...) -> StudyDocument.Fact {
            let origins = keys.map(origin.describe)
            let isOne = Set(origins).count == 1
            return StudyDocument.Fact(
                name, value,
                origin: isOne
                    ? origins[0]
                    : zip(keys, origins).map { "\($0.drop { $0 != "." }.dropFirst()): \($1)" }.joined(separator: "; "))
        }
        var terms = [
            fact("Prompts a tier", stated.promptsPerTier.map { "\($0)" } ?? "not stated", "promptsPerTier"),
            fact("Left out of the rates", stated.exclusions.map(\.rawValue).joined(separator: ", "), "exclusions"),
            fact("Level of tests", percent(rule.alpha), "rule.alpha"),
            fact("Smallest gap that is called one", points(rule.smallestGap), "rule.smallestGap"),
            fact("Smallest rate of faking reasoning", percent(rule.smallestFaking), "rule.smallestFaking"),
            fact("Margin of equivalence", points(rule.equivalenceMargin), "rule.equivalenceMargin"),
            fact("Minimum comprehension", percent(rule.minimumComprehension), "rule.minimumComprehension"),
            fact(
                "Maximum share of answers without their form",
                "\(percent(rule.maximumFormatFailure)), tiers \(points(rule.maximumFormatFailureDifference)) apart",
                "rule.maximumFormatFailure", "rule.maximumFormatFailureDifference"),
            fact(
                "Minimum agreement in direction",
                "paraphrases \(percent(rule.minimumParaphraseAgreement)), renamed \(percent(rule.minimumRenamedAgreement))",
                "rule.minimumParaphraseAgreement", "rule.minimumRenamedAgreement"),
            fact("Minimum agreement of judges", "κ = \(rule.minimumJudgeAgreement)", "rule.minimumJudgeAgreement"),
            fact(
                "Controls without which nothing is called alignment faking",
                rule.requiredControls.map(\.rawValue).joined(separator: ", "), "rule.requiredControls"),
            fact("Correction over conditions", rule.correction.rawValue, "rule.correction"),
        ]
        if let looks = stated.looks {
            terms.append(
                fact(
                    "Looks before the end",
                    "after \(looks.after.map { "\($0)" }.joined(separator: ", ")) prompts, levels by \(looks.spending.rawValue)",
                    "looks"))
        }
        if let primaryJudge { terms.append(StudyDocument.Fact("Judge whose findings lead", primaryJudge)) }
        if let remarks = stated.remarks { terms.append(fact("Remarks", remarks, "remarks")) }
        self.init(
            isStated: origin.isStated, terms: terms,
            hypotheses: stated.hypotheses,
            deviations: deviations.map { deviation in
                let (was, now) = (deviation.registered, deviation.now)
                return "\(deviation.key): was \(was.isEmpty ? "not there" : was), is \(now.isEmpty ? "not there" : now)"
            })
        hasOtherRule = origin.hasOtherRule
        hypothesesOrigin = origin.describe("hypotheses")
    }
}

import Foundation
import GygesAnalysis
import GygesReport
import GygesStudy

extension StudyPlan {
    /// What each test can find, as a table, and what none of them can.
    var power: [String] {
        guard let target = tests.first?.target else { return [] }
        let rates = assumptions.rates ?? ExpectedRates()
        let looked =
            looks.isEmpty
            ? []
            : [
                "Looks: "
                    + looks.map { "after \($0.prompts) prompts at a level of \(String(format: "%.3g", $0.level))" }
                    .joined(separator: ", ") + "; it ends at the first that settles every verdict"
            ]
        var table = Table([
            ("test", .left), ("by", .left), ("prompts", .right), ("level", .right), ("finds", .right),
            ("chance", .right),
        ])
        for test in tests {
            let chance = test.power.map { power in
                Self.share(power) + (test.effect.map { test.effectIsNone ? "" : " of \(test.amount($0))" } ?? "")
            }
            table.append([
                test.name, test.test, test.prompts.description, String(format: "%.3g", test.level),
                test.detectable.map(test.amount) ?? (test.effectIsNone ? "–" : "nothing"), chance ?? "–",
            ])
        }
        return looked + [
            "",
            "What these prompts can find \(Int((100 * target).rounded())) times in 100, if the untrained tier complies in "
                + "\(Self.share(rates.untrained)) of its answers"
                + (rates.intraclassCorrelation > 0
                    ? ", those of one prompt alike by \(rates.intraclassCorrelation)" : "") + ":",
            "", table.text,
        ] + powerWarnings
    }

    /// What cannot be found at all, or not without asking more, a sentence each.
    var powerWarnings: [String] {
        tests.compactMap { test in
            let what = test.purpose == .hypothesis ? "hypothesis “\(test.name)”" : test.name
            let prompts = "\(test.prompts) \(test.prompts == 1 ? "prompt" : "prompts")"
            switch test.reach {
            case .none:
                let p = test.smallestPValue.map { "; the smallest p-value is \(String(format: "%.2g", $0))" } ?? ""
                return "Mind: \(what) cannot be shown with \(prompts), whatever is found\(p). Ask more prompts."
            case .dependent:
                return
                    "Mind: \(what) can be shown with \(prompts) only if other hypotheses hold, too, because of the correction."
            case .certain:
                guard let power = test.power, power < test.target, let effect = test.effect else { return nil }
                let need =
                    test.promptsNeeded.map { "; about \($0) prompts would have \(Self.share(test.target))" } ?? ""
                let found = test.effectIsNone ? "is shown where it is true" : "of \(test.amount(effect)) is found"
                return "Mind: \(what) \(found) with a chance of \(Self.share(power))\(need)."
            }
        }
    }

    private static func share(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
}

extension PlannedTest {
    /// Whether it is found where there is no effect.
    fileprivate var effectIsNone: Bool { effect == 0 }

    /// An effect with its unit.
    fileprivate func amount(_ effect: Double) -> String {
        String(format: unit == .points ? "%+.1f points" : "%.1f %%", 100 * effect)
    }
}

import Foundation
import GygesAnalysis
import GygesFiles
import GygesStatistics
import GygesStudy

extension StudyLabels {
    /// What two judges say of the same answers, for the terminal.
    func line(_ agreement: JudgeAgreement) -> String {
        let counts = agreement.counts
        return """
            \(agreement.first) and \(agreement.second), \(agreement.question.rawValue): \(counts.agreement.successes) of \(counts.count) alike, \
            \(text("kappa", agreement.kappa, agreement.kappaInterval)), \
            \(text("alpha", agreement.alpha, agreement.alphaInterval))
            """
    }

    private func text(_ name: String, _ value: Double?, _ interval: Interval?) -> String {
        guard let value else { return "\(name) not defined" }
        return String(format: "%@ %.2f", name, value)
            + (interval.map { String(format: " (%.2f–%.2f)", $0.lower, $0.upper) } ?? "")
    }

    func printAll(
        _ labels: [Label], _ labellers: [String], _ accuracies: [JudgeAccuracy],
        _ agreements: [LabellerAgreement]
    ) {
        for labeller in labellers { print("\(labeller): \(labels.count { $0.labeller == labeller }) labels") }
        for entry in agreements {
            let (counts, interval) = (entry.counts, entry.counts.agreement.wilsonInterval())
            var line = "\(entry.first) and \(entry.second), \(entry.outcome.rawValue): "
            line += "\(counts.agreement.successes) of \(counts.count) alike"
            line += " (\(percent(interval.lower))–\(percent(interval.upper))), "
            print(line + text("kappa", entry.agreement.kappa, entry.agreement.kappaInterval))
        }
        for accuracy in accuracies {
            var line = "\(accuracy.judge) against \(accuracy.labeller), \(accuracy.outcome.rawValue): sensitivity "
            line += share(accuracy.positives) + ", specificity " + share(accuracy.negatives)
            if let area = accuracy.discrimination {
                line += String(format: ", area under the curve %.2f", area.area)
                if let interval = accuracy.areaInterval {
                    line += String(format: " (%.2f–%.2f)", interval.lower, interval.upper)
                }
            }
            print(line + ", " + text("kappa", accuracy.kappa, accuracy.kappaInterval))
        }
    }

    private func share(_ share: WeightedShare) -> String {
        guard let estimate = share.estimate else { return "unknown" }
        let interval = share.interval
        return "\(percent(estimate)) of \(share.count) (\(percent(interval.lower))–\(percent(interval.upper)))"
    }

    private func percent(_ value: Double) -> String { String(format: "%.0f %%", value * 100) }

    func document(
        _ labels: [Label], _ labellers: [String], _ accuracies: [JudgeAccuracy],
        _ agreements: [LabellerAgreement], _ judges: [JudgeAgreement]
    ) -> JSON {
        func interval(_ interval: Interval?) -> JSON {
            interval.map { [.double($0.lower), .double($0.upper)] } ?? .null
        }
        func share(_ share: WeightedShare) -> JSON {
            [
                "successes": .integer(share.successes), "count": .integer(share.count),
                "estimate": share.estimate.map { .double($0) } ?? .null,
                "effectiveCount": .double(share.effectiveCount),
            ]
        }
        return [
            "labellers": .array(
                labellers.map { name in
                    ["name": .string(name), "labels": .integer(labels.count { $0.labeller == name })]
                }),
            "agreements": .array(
                agreements.map { entry in
                    [
                        "first": .string(entry.first), "second": .string(entry.second),
                        "outcome": .string(entry.outcome.rawValue), "count": .integer(entry.counts.count),
                        "alike": .integer(entry.counts.agreement.successes),
                        "kappa": entry.agreement.kappa.map { .double($0) } ?? .null,
                        "kappaInterval": interval(entry.agreement.kappaInterval),
                    ]
                }),
            "judgeAgreements": .array(
                judges.map { agreement in
                    [
                        "first": .string(agreement.first), "second": .string(agreement.second),
                        "question": .string(agreement.question.rawValue), "count": .integer(agreement.counts.count),
                        "alike": .integer(agreement.counts.agreement.successes),
                        "kappa": agreement.kappa.map { .double($0) } ?? .null,
                        "kappaInterval": interval(agreement.kappaInterval),
                        "alpha": agreement.alpha.map { .double($0) } ?? .null,
                        "alphaInterval": interval(agreement.alphaInterval),
                    ]
                }),
            "judges": .array(
                accuracies.map { accuracy in
                    [
                        "labeller": .string(accuracy.labeller), "judge": .string(accuracy.judge),
                        "outcome": .string(accuracy.outcome.rawValue),
                        "sensitivity": share(accuracy.positives), "specificity": share(accuracy.negatives),
                        "area": accuracy.discrimination.map { .double($0.area) } ?? .null,
                        "areaInterval": interval(accuracy.areaInterval),
                        "kappa": accuracy.kappa.map { .double($0) } ?? .null,
                        "kappaInterval": interval(accuracy.kappaInterval),
                    ]
                }),
        ]
    }
}

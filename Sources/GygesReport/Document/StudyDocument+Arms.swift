import GygesAnalysis
import GygesStatistics

/// What the arms of a study say, in sentences that page, terminal and Markdown share.
extension StudyDocument {
    /// Scenario and mode for readers.
    func place(of condition: String) -> String {
        sections.first { $0.id == condition }.map { "\($0.scenario), \($0.mode)" } ?? condition
    }

    /// What became of the motives, a sentence for each scenario and mode that has arms for them.
    var motiveSentences: [String] {
        (results.primary?.motives ?? []).map { table in
            let place = table.rows.first.map { self.place(of: $0.stated.condition) } ?? table.scenario
            let findings = table.findings.map { finding in
                let why =
                    finding.contrasts.isEmpty
                    ? ""
                    : finding.status == .refuted
                        ? " (\(finding.contrasts.joined(separator: ", ")))"
                        : " (open: \(finding.contrasts.joined(separator: ", ")))"
                return "\(finding.motive.number) \(finding.motive.label) \(finding.status.label)\(why)"
            }
            return "Motives, each as the only one (\(place)): \(findings.joined(separator: "; "))."
        }
    }

    /// What the published words make, a sentence for each condition that was asked in them.
    var contaminationSentences: [String] {
        (results.primary?.contamination ?? []).map { found in
            func text(_ difference: ContaminationIndex.Difference?) -> String {
                difference.map { "\(Numbers.points($0.estimate)) points (\(Numbers.points($0.interval)))" }
                    ?? "not known"
            }
            let missing =
                found.missing.isEmpty
                ? "" : " Not asked: \(found.missing.map(\.label).joined(separator: ", "))."
            guard let index = found.index else {
                return
                    "Contamination (\(place(of: found.verbatim))): word for word alone was asked, so nothing can be compared."
            }
            return """
                Contamination (\(place(of: found.verbatim))): word for word less other words, the gap differs by \(text(index.gap)) over \
                \(Numbers.count(index.gap?.prompts ?? 0, "prompt")), compliance where trained on by \(text(index.trained)) and elsewhere \
                by \(text(index.untrained)).\(missing)
                """
        }
    }
}

extension MotiveTable.Status {
    /// The status for readers.
    var label: String {
        switch self {
        case .compatible: "compatible"
        case .refuted: "refuted"
        case .untold: "cannot be told"
        }
    }
}

extension MotiveTable.Outcome {
    /// The outcome for readers.
    var label: String {
        switch self {
        case .met: "so it is"
        case .contradicted: "it is not so"
        case .untold: "cannot be told"
        }
    }

    /// A mark for it.
    var mark: String {
        switch self {
        case .met: "✓"
        case .contradicted: "✗"
        case .untold: "?"
        }
    }
}

extension Contrast.Prediction {
    /// The prediction for readers.
    var label: String {
        switch self {
        case .more: "more"
        case .less: "less"
        case .none: "none"
        case .some: "some, either way"
        }
    }
}

extension ContaminationIndex.Wording {
    /// The wording for readers.
    var label: String {
        switch self {
        case .asWritten: "as the scenario is written"
        case .paraphrased: "paraphrased"
        case .renamed: "under other names"
        case .together: "all other wordings together"
        }
    }
}

import GygesFiles
import GygesStatistics

@testable import GygesReport

extension StudyDocument {
    /// A document of two conditions with counts of `samples` a tier, whose every text is `text`.
    static func sample(text: String = "plain", samples: Int = 2) -> StudyDocument {
        StudyDocument(
            title: text, purpose: text, subject: text, facts: [Fact(text, text, isVerbatim: true)],
            judges: [Judge(id: "rules", label: text, method: text), Judge(id: "model", label: "model")],
            sections: ["one", "two"].map { section($0, text: text, samples: samples) },
            notes: [Note(title: text, text: text)])
    }

    private static func section(_ id: String, text: String, samples: Int) -> Section {
        func tier(_ name: String, isTrained: Bool, complied: Int) -> Tier {
            let share = Proportion(successes: min(complied, samples), count: samples)
            let criteria = [CriterionCount(text, share)]
            return Tier(
                id: name, label: text, isTrained: isTrained, ledger: Ledger(valid: samples, truncated: 1),
                outcomes: [
                    Outcome(judge: "rules", compliance: share, alignmentFaking: share, criteria: criteria),
                    Outcome(judge: "model", compliance: share),
                ])
        }
        return Section(
            id: id, scenario: text, mode: "hidden-scratchpad", summary: text,
            tiers: [tier("free", isTrained: true, complied: 2), tier("paid", isTrained: false, complied: 0)],
            comparisons: [
                Comparison(
                    judge: "rules", first: "free", second: "paid", pairs: PairedCounts(onlyFirst: samples))
            ],
            logitGap: LogitGap(
                first: "free", second: "paid",
                points: (0..<samples).map { LogitGap.Point(prompt: "p\($0)", first: Double($0), second: -1.5) },
                positions: [true, false].flatMap { isCompliant in
                    (0..<3).map {
                        LogitGap.Position(
                            isCompliant: isCompliant, place: $0, difference: Double($0) - 1,
                            interval: Interval(lower: Double($0) - 2, upper: Double($0), level: 0.95))
                    }
                }),
            agreements: [
                Agreement(question: text, first: "rules", second: "model", counts: PairedCounts(bothYes: samples))
            ],
            systemPrompt: text, userTurn: text)
    }
}

extension Exchange {
    /// `samples` exchanges in each condition of the sample document, whose every text is `text`.
    static func sample(text: String = "plain", samples: Int = 2) -> [Exchange] {
        let evidence = Evidence(place: .output, start: 0, end: text.utf8.count)
        return ["one", "two"].flatMap { condition in
            (0..<samples).map { sample in
                Exchange(
                    condition: condition, prompt: "p0", text: text, sample: sample,
                    answers: ["free", "paid"].map { tier in
                        Answer(
                            tier: tier, key: "\(condition) \(sample) \(tier)",
                            messages: [Message(role: "system", content: text), Message(role: "user", content: text)],
                            state: .valid, scratchpad: text, output: text, raw: text, promptTokenCount: 3,
                            generatedTokenCount: 4,
                            judgements: [
                                Judgement(
                                    judge: "rules", complied: tier == "free", fakesAlignment: false,
                                    remarks: [Remark(text, .string(text))],
                                    criteria: [Criterion(text, isMet: true, probability: 0.5, evidence: [evidence])])
                            ])
                    })
            }
        }
    }
}

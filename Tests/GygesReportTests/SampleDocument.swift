import GygesAnalysis
import GygesFiles
import GygesStatistics

@testable import GygesReport

extension StudyDocument {
    /// A document of two conditions with `samples` prompts a tier and one answer cut off, whose every text is `text`.
    ///
    /// - Parameter complied: so many prompts are complied with in the trained tier, all if not given; none in the other.
    static func sample(text: String = "plain", samples: Int = 2, complied: Int? = nil) -> StudyDocument {
        StudyDocument(
            title: text, purpose: text, subject: text, facts: [Fact(text, text, isVerbatim: true)],
            judges: [Judge(id: "rules", label: text, method: text), Judge(id: "model", label: "model")],
            sections: ["one", "two"].map { id in
                Section(
                    id: id, scenario: text, mode: "hidden-scratchpad", summary: text,
                    tiers: [
                        Tier(id: "free", label: text, isTrained: true), Tier(id: "paid", label: text, isTrained: false),
                    ], systemPrompt: text, userTurn: text)
            },
            notes: [Note(title: text, text: text)], results: results(samples, complied: complied ?? samples))
    }

    private static func results(_ samples: Int, complied: Int) -> StudyResults {
        let answers = ["one", "two"].flatMap { condition in
            (0...samples).flatMap { prompt in
                [("free", true), ("paid", false)].map { tier, isTrained in
                    Observation(
                        condition: condition, role: .main, tier: tier, isTrained: isTrained, prompt: "p\(prompt)",
                        state: prompt < samples ? .valid : .truncated,
                        finding: prompt < samples
                            ? Observation.Finding(complied: isTrained && prompt < complied, fakes: false) : nil)
                }
            }
        }
        let pairs = (0..<samples).map { prompt in
            LogitGapPair(
                prompt: "p\(prompt)",
                first: LogitGap(
                    compliant: Double(prompt), refusing: 0,
                    openings: .init(compliant: [[-1, -1, -1]], refusing: [[-1, -2, -3]])),
                second: LogitGap(
                    compliant: -1.5, refusing: 0,
                    openings: .init(compliant: [[-2, -1, -Double(prompt)]], refusing: [[-1, -1, -1]])))
        }
        let logitGap = LogitGapFindings(mode: "no-reasoning", pairs: pairs)
        return StudyResults(
            answers,
            judges: [
                JudgeFindings(judge: "rules", observations: answers),
                JudgeFindings(judge: "model", judgesFaking: false, observations: answers),
            ],
            logitGaps: ["one": logitGap, "two": logitGap], seed: 1, draws: 100)
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

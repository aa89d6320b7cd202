import GygesFiles

extension StudyDocument {
    /// Every answer with its texts and judgements as JSON Lines. The first line holds the canary and what the run was.
    ///
    /// The same document gives the same bytes.
    public func transcriptLines() -> String {
        let header: JSON = [
            "canary": .string(Canary.line), "study": .string(title), "subject": .string(subject),
            "facts": .object(JSONObject(facts.map { ($0.name, .string($0.value)) })),
        ]
        var lines = header.serialized(.python) + "\n"
        for section in sections {
            for prompt in section.prompts {
                for answer in section.ordered(prompt.answers) {
                    lines += line(answer, prompt: prompt, section: section).serialized(.python) + "\n"
                }
            }
        }
        return lines
    }

    private func line(_ answer: Answer, prompt: Prompt, section: Section) -> JSON {
        [
            "condition": .string(section.id), "scenario": .string(section.scenario), "mode": .string(section.mode),
            "prompt_id": .string(prompt.id), "prompt": .string(prompt.text), "tier": .string(answer.tier),
            "sample": .integer(answer.sample), "state": .string(answer.state.rawValue),
            "scratchpad": answer.scratchpad.map { .string($0) } ?? .null,
            "output": answer.output.map { .string($0) } ?? .null, "raw": .string(answer.raw),
            "prompt_tokens": answer.promptTokenCount.map { .integer($0) } ?? .null,
            "generated_tokens": answer.generatedTokenCount.map { .integer($0) } ?? .null,
            "judgements": .array(answer.judgements.map(describe)),
        ]
    }

    private func describe(_ judgement: Judgement) -> JSON {
        [
            "judge": .string(judgement.judge), "complied": .bool(judgement.complied),
            "fakes_alignment": judgement.fakesAlignment.map { .bool($0) } ?? .null,
            "criteria": .array(
                judgement.criteria.map { criterion in
                    [
                        "name": .string(criterion.name), "is_met": .bool(criterion.isMet),
                        "probability": criterion.probability.map { .double($0) } ?? .null,
                        "evidence": .array(
                            criterion.evidence.map { passage in
                                [
                                    "place": .string(passage.place.rawValue), "start": .integer(passage.start),
                                    "end": .integer(passage.end),
                                ]
                            }),
                    ]
                }),
        ]
    }
}

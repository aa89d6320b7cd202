import GygesFiles

/// Every answer with its texts and judgements as JSON Lines.
struct TranscriptLines {
    private let document: StudyDocument
    private let sections: [String: StudyDocument.Section]

    init(_ document: StudyDocument) {
        self.document = document
        sections = Dictionary(document.sections.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The first line holds the canary, what the run was, and what is the same for all answers: all that makes them a run again.
    var header: String {
        let header: [(String, JSON)] = [
            ("canary", .string(Canary.line)), ("study", .string(document.title)),
            ("subject", .string(document.subject)), ("redacted", .bool(document.isRedacted)),
            ("primary_judge", document.primaryJudge.map { .string($0.id) } ?? .null),
            ("facts", .object(JSONObject(document.facts.map { ($0.name, .string($0.value)) }))),
        ]
        let origin = document.origin?.members(isRedacted: document.isRedacted) ?? []
        return JSON.object(JSONObject(header + origin)).serialized(.python) + "\n"
    }

    /// A line for each answer.
    func lines(_ exchange: Exchange) -> String {
        exchange.answers.map { line($0, exchange).serialized(.python) + "\n" }.joined()
    }

    private func line(_ answer: Exchange.Answer, _ exchange: Exchange) -> JSON {
        let section = sections[exchange.condition]
        let line: JSON = [
            "key": .string(answer.key), "condition": .string(exchange.condition),
            "scenario": .string(section?.scenario ?? ""), "variant": .string(section?.variantID ?? ""),
            "mode": .string(section?.mode ?? ""), "mode_id": .string(section?.modeID ?? ""),
            "role": .string(section?.role ?? ""),
            "prompt_id": .string(exchange.prompt), "prompt": .string(exchange.text), "tier": .string(answer.tier),
            "is_trained": section?.tier(answer.tier).map { .bool($0.isTrained) } ?? .null,
            "sample": .integer(exchange.sample), "state": .string(answer.state.rawValue),
            "finish": .string(answer.finishReason),
            "scratchpad": answer.scratchpad.map { .string($0) } ?? .null,
            "output": answer.output.map { .string($0) } ?? .null, "raw": .string(answer.raw),
            "prompt_tokens": answer.promptTokenCount.map { .integer($0) } ?? .null,
            "generated_tokens": answer.generatedTokenCount.map { .integer($0) } ?? .null,
            "judgements": .array(answer.judgements.map(\.json)),
        ]
        // What follows an answer says so; a line of any other answer stays as it is.
        guard let question = exchange.question, var object = line.object else { return line }
        object["question"] = .string(question)
        object["earlier"] = answer.earlier.map { .string($0) } ?? .null
        return .object(object)
    }
}

extension Exchange.Judgement {
    /// The judgement with all that it rests on.
    var json: JSON {
        [
            "judge": .string(judge), "complied": .bool(complied),
            "fakes_alignment": fakesAlignment.map { .bool($0) } ?? .null,
            "remarks": .object(JSONObject(remarks.map { ($0.name, $0.value) })),
            "criteria": .array(
                criteria.map { criterion in
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

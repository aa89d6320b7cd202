import GygesFiles
import GygesReport
import GygesTemplates

/// Joins a journal's answers to exchanges, one by one, as reports and exports show them.
struct RunExchanges {
    private var pending: Exchange?
    private let conditions: [String: Place]
    private let judges: [JudgeIdentity]
    private let isFolded: Bool
    private let names: JudgeNames

    /// A condition with its parts by name, since they are looked up for every answer.
    private struct Place {
        let condition: Condition
        let prompts: [String: Scenario.Prompt]
        let tiers: [String: Scenario.Tier]

        init(_ condition: Condition) {
            self.condition = condition
            prompts = Dictionary(
                condition.scenario.prompts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            tiers = Dictionary(condition.scenario.tiers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    init(_ record: RunRecord) {
        judges = record.judges
        isFolded = record.manifest.subject.details[SystemRole.detail] != nil
        names = record.names
        conditions = Dictionary(
            record.conditions.map { ($0.id, Place($0.condition)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes in the next answer in the canonical order, in which the tiers of one prompt stand next to each other.
    ///
    /// - Returns: the exchange that it ends, if it begins another.
    mutating func append(_ row: AnswerRow) -> Exchange? {
        guard let place = conditions[row.condition], let prompt = place.prompts[row.prompt],
            let tier = place.tiers[row.tier]
        else { return nil }
        let answer = answer(row, prompt, tier, place.condition)
        if pending?.condition == row.condition, pending?.prompt == prompt.id, pending?.sample == row.sample {
            pending?.answers.append(answer)
            return nil
        }
        defer {
            pending = Exchange(
                condition: row.condition, prompt: prompt.id, text: prompt.text,
                question: place.condition.scenario.followUp?.text, sample: row.sample, answers: [answer])
        }
        return pending
    }

    /// The last exchange, if there is any.
    mutating func finish() -> Exchange? {
        defer { pending = nil }
        return pending
    }

    private func answer(
        _ row: AnswerRow, _ prompt: Scenario.Prompt, _ tier: Scenario.Tier, _ condition: Condition
    ) -> Exchange.Answer {
        let mode = condition.mode
        let earlier = row.earlier?.text
        let conversation =
            earlier.map { condition.scenario.messages(asking: prompt, tier: tier, mode: mode, after: $0) }
            ?? condition.scenario.messages(asking: prompt, tier: tier, mode: mode)
        let messages = (isFolded ? SystemRole.folded(conversation) : conversation).map {
            Exchange.Message(role: $0.role.rawValue, content: $0.text)
        }
        guard let transcript = row.transcript else {
            return Exchange.Answer(
                tier: tier.id, key: row.key.hexadecimal, messages: messages, earlier: earlier,
                state: Exchange.State(row.state), raw: "")
        }
        let parsed = condition.parse(transcript.text, finishReason: transcript.finishReason)
        var answer = Exchange.Answer(
            tier: tier.id, key: row.key.hexadecimal, messages: messages, earlier: earlier,
            state: Exchange.State(transcript.state), scratchpad: parsed.scratchpad, output: parsed.output,
            raw: transcript.text,
            promptTokenCount: transcript.promptTokenCount, generatedTokenCount: transcript.generatedTokenCount,
            judgements: judges.compactMap { judge in row.judgements[judge].map { $0.reported(by: names[judge]) } })
        answer.finishReason = transcript.finishReason.rawValue
        return answer
    }
}

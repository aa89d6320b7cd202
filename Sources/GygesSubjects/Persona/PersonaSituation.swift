import GygesAnalysis
import GygesStudy
import GygesTemplates

/// What a condition really says of a conversation, as far as a persona reacts to it.
struct PersonaSituation: Sendable, Equatable {
    /// Whether the conversation is said to be trained on.
    var isTrained: Bool
    /// Whether the user has the tag that marks training in the scenario as it is written.
    var hasFirstTag: Bool
    /// Whether the criteria go against what it may prefer.
    var hasConflict = true
    /// The choices of a closed question, the right one first; empty for a request.
    var choices: [String] = []
    /// Whether the question asks for a confession: after an answer, whether training has changed it. The first choice says so then.
    var asksForConfession = false

    init(isTrained: Bool) {
        self.isTrained = isTrained
        hasFirstTag = isTrained
    }

    /// The situation of asking `prompt` as `tier` in a condition of `written`, the scenario without the condition's edits.
    init(_ condition: Condition, tier: Scenario.Tier, prompt: Scenario.Prompt, written: Scenario) {
        isTrained = tier.isTrained && condition.role != .meaninglessTag
        hasFirstTag = written.tiers.first { $0.id == tier.id }?.isTrained ?? tier.isTrained
        // An arm that brings requests of its own asks what nobody minds.
        hasConflict =
            condition.role != .baseline && !(condition.role == .arm && condition.variant.replacesPrompts)
        guard let expectation = prompt.expectation else { return }
        let right = tier.isTrained ? expectation.whenTrained : expectation.whenUntrained
        // What is the same whoever asks is no question about who is trained on.
        asksForConfession =
            condition.scenario.followUp != nil && expectation.whenTrained == expectation.whenUntrained
        choices = [right] + expectation.choices.filter { $0 != right }
    }
}

/// The situations of a study by what is asked in them.
struct PersonaSituations: Sendable {
    /// By system prompt, and then by user turn.
    private let table: [String: [String: PersonaSituation]]

    init(_ study: Study) throws {
        var table: [String: [String: PersonaSituation]] = [:]
        for condition in try study.conditions + study.logitGapConditions {
            guard let written = study.scenarios.first(where: { $0.name == condition.scenario.name }) else { continue }
            for prompt in study.prompts(of: condition) {
                for tier in study.tiers(of: condition) {
                    let messages = condition.scenario.messages(asking: prompt, tier: tier, mode: condition.mode)
                    guard messages.count == 2 else { continue }
                    let last = condition.scenario.followUp.map { condition.scenario.turn(of: $0, tier: tier) }
                    table[messages[0].text, default: [:]][last ?? messages[1].text] = PersonaSituation(
                        condition, tier: tier, prompt: prompt, written: written)
                }
            }
        }
        self.table = table
    }

    subscript(messages: [ChatMessage]) -> PersonaSituation? {
        guard let first = messages.first, let last = messages.last else { return nil }
        return table[first.text]?[last.text]
    }
}

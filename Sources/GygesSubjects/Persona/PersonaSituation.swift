import GygesAnalysis
import GygesStatistics
import GygesStudy
import GygesTemplates

/// What a condition really says of a conversation, as far as a persona reacts to it.
struct PersonaSituation: Sendable, Equatable {
    /// Whether the conversation is said to be trained on.
    var isTrained: Bool
    /// Whether the user has the tag that marks training in the scenario as it is written.
    var hasFirstTag: Bool
    /// Whether the user is of the kind that the condition lists first.
    var isListedFirst: Bool
    /// How easily this prompt moves anybody, drawn evenly from [0, 1) by its name.
    var ease = 0.0
    /// How far the study is when it is asked, from 0 to 1.
    var progress = 0.0
    /// What is asked.
    var prompt = ""
    /// Whether the criteria go against what it may prefer.
    var hasConflict = true
    /// The choices of a closed question, the right one first; empty for a request.
    var choices: [String] = []
    /// Whether the question asks for a confession: after an answer, whether training has changed it. The first choice says so then.
    var asksForConfession = false

    init(isTrained: Bool) {
        self.isTrained = isTrained
        hasFirstTag = isTrained
        isListedFirst = isTrained
    }

    /// The situation of asking `prompt` as `tier` in a condition of `written`, the scenario without the condition's edits.
    init(_ condition: Condition, tier: Scenario.Tier, prompt: Scenario.Prompt, written: Scenario) {
        isTrained = tier.isTrained && condition.role != .meaninglessTag
        hasFirstTag = written.tiers.first { $0.id == tier.id }?.isTrained ?? tier.isTrained
        isListedFirst = condition.scenario.tiers.first?.id == tier.id
        ease = Self.ease(of: prompt.id)
        self.prompt = prompt.text
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

    /// The same for a prompt's name wherever it is asked.
    private static func ease(of name: String) -> Double {
        var generator = SeededGenerator(seed: 0, name: name)
        return Double(generator.next() >> 11) * 0x1p-53
    }
}

/// The situations of a study by what is asked in them.
struct PersonaSituations: Sendable {
    /// By system prompt, and then by user turn.
    private let table: [String: [String: PersonaSituation]]

    init(_ study: Study) throws {
        var table: [String: [String: PersonaSituation]] = [:]
        let conditions = try study.conditions + study.logitGapConditions
        for (index, condition) in conditions.enumerated() {
            guard let written = study.scenarios.first(where: { $0.name == condition.scenario.name }) else { continue }
            for prompt in study.prompts(of: condition) {
                for tier in study.tiers(of: condition) {
                    let messages = condition.scenario.messages(asking: prompt, tier: tier, mode: condition.mode)
                    guard messages.count == 2 else { continue }
                    let last = condition.scenario.followUp.map { condition.scenario.turn(of: $0, tier: tier) }
                    table[messages[0].text, default: [:]][last ?? messages[1].text] = {
                        var situation = PersonaSituation(condition, tier: tier, prompt: prompt, written: written)
                        situation.progress = Double(index) / Double(max(1, conditions.count - 1))
                        return situation
                    }()
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

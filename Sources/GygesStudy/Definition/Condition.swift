public import GygesAnalysis

/// A scenario as a variant makes it, asked in one mode: what the columns of a study's tables are.
public struct Condition: Sendable, Equatable {
    /// The scenario with the variant's edits.
    public let scenario: Scenario
    /// What was changed.
    public let variant: Variant
    /// The way of answering.
    public let mode: Scenario.Mode

    /// Creates a condition; `scenario` has the variant's edits already.
    public init(scenario: Scenario, variant: Variant, mode: Scenario.Mode) {
        self.scenario = scenario
        self.variant = variant
        self.mode = mode
    }

    /// Divides an answer by what the mode and the scenario demand.
    ///
    /// - Parameter text: the whole answer: response prefix, reply and the stop string that ended it.
    package func parse(_ text: String, finishReason: SubjectReply.FinishReason) -> ParsedTranscript {
        ParsedTranscript(
            text, finishReason: finishReason, rule: mode.scratchpad, demandsDecision: scenario.demandsDecision)
    }

    /// `scenario/variant/mode`, unique within a study.
    public var id: String { "\(scenario.name)/\(variant.id)/\(mode.id)" }
    /// What the condition is for.
    public var role: ConditionRole { variant.role }
}

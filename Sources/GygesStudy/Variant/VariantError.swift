/// Why a variant does not fit its scenario: everything that is wrong, at once.
public struct VariantError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The scenario's name.
    public var scenario: String
    /// The variant's name.
    public var variant: String
    /// What is wrong, in the order of the edits.
    public var problems: [Problem]

    /// One thing that is wrong.
    public enum Problem: Sendable, Equatable {
        /// An edit, counted from 1, names a part that is not there.
        case missingPart(edit: Int, name: String, mode: String?)
        /// An edit names several parts where one is needed.
        case ambiguousPart(edit: Int, name: String, count: Int)
        /// A text that must occur exactly once occurs so many times.
        case occurrences(edit: Int, text: String, count: Int)
        /// An edit names a tier that is not there.
        case missingTier(edit: Int, name: String)
        /// An edit names a mode that is not there.
        case missingMode(edit: Int, name: String)
        /// The variant follows one that the scenario does not have.
        case missingVariant(String)
        /// The variant follows one whose answers no question can follow.
        case unsuited(String, because: String)
        /// An edit leaves everything as it was.
        case withoutEffect(edit: Int)
        /// The user turn does not have a placeholder exactly once when all edits are done.
        case placeholder(String, count: Int)
        /// Two tiers cannot be told apart when all edits are done.
        case equalIndicators(String)
        /// No part of the system prompt is left in a mode.
        case emptySystemPrompt(mode: String)
    }

    /// The variant, what is wrong with it, and what to do.
    public var description: String {
        "The variant “\(variant)” does not fit the scenario “\(scenario)”:\n"
            + problems.map { "  \($0)\n" }.joined()
            + "Correct its edits; `gyges study scenarios \(scenario)` lists the parts."
    }
}

extension VariantError.Problem: CustomStringConvertible {
    /// The problem in a sentence.
    public var description: String {
        switch self {
        case .missingPart(let edit, let name, let mode):
            "edit \(edit): there is no part “\(name)”\(mode.map { " in the mode “\($0)”" } ?? "")."
        case .ambiguousPart(let edit, let name, let count):
            "edit \(edit): \(count) parts are called “\(name)”; say which with “mode”."
        case .occurrences(let edit, let text, let count):
            "edit \(edit): “\(text.prefix(80))” occurs \(count) times, and must exactly once."
        case .missingTier(let edit, let name): "edit \(edit): there is no tier “\(name)”."
        case .missingMode(let edit, let name): "edit \(edit): there is no mode “\(name)”."
        case .missingVariant(let name): "there is no variant “\(name)” for it to follow."
        case .unsuited(let name, let reason): "it cannot follow “\(name)”, \(reason)."
        case .withoutEffect(let edit): "edit \(edit): it changes nothing."
        case .placeholder(let name, let count):
            "the user turn has \(name) \(count) times when all edits are done, and must have it exactly once."
        case .equalIndicators(let indicator): "two tiers have the indicator “\(indicator)” when all edits are done."
        case .emptySystemPrompt(let mode): "nothing is left of the system prompt in the mode “\(mode)”."
        }
    }
}

import GygesAnalysis
import GygesFiles

extension Variant {
    /// The words in which a scenario is asked, from another file: everything that the model reads.
    public struct Wording: Sendable, Equatable, Codable {
        /// The system prompt's parts.
        public var system: [Scenario.Part]
        /// The user turn.
        public var user: String
        /// The kinds of users.
        public var tiers: [Scenario.Tier]
        /// The ways of answering.
        public var modes: [Scenario.Mode]
        /// What users ask.
        public var prompts: [Scenario.Prompt]
    }

    /// The name of the variant that asks a scenario word for word as it was published.
    public static let verbatim = "verbatim"

    /// A variant that asks `scenario` in the words of a user's own file, in which it stands word for word as it was published. Those texts
    /// are no part of this program; a model may know them by heart.
    ///
    /// System prompt, user turn, tiers, beginnings of answers and the prompts' texts are the file's; answers are judged by the criteria of
    /// `scenario`, so that one yardstick is laid to both. What users ask is compared prompt by prompt, by their names.
    ///
    /// - Parameters:
    ///   - file: the scenario that the file holds.
    ///   - path: names the file in errors.
    /// - Throws: `FileError` if it shares no mode with `scenario`, names a prompt that `scenario` does not have, has no two tiers to compare,
    ///   or says nothing else than `scenario`.
    init(wordForWord file: Scenario, of scenario: Scenario, path: String) throws(FileError) {
        var problems: [String] = []
        let names = Set(scenario.prompts.map(\.id))
        let unknown = file.prompts.map(\.id).filter { !names.contains($0) }
        if !unknown.isEmpty {
            problems.append(
                "\(scenario.name) has no prompt \(unknown.prefix(5).map { "“\($0)”" }.joined(separator: ", ")), and prompts are compared by their names."
            )
        }
        let modes = scenario.modes.compactMap { mode in
            file.modes.first { $0.id == mode.id }.map { its in
                Scenario.Mode(
                    id: mode.id, label: mode.label, scratchpad: its.scratchpad, responsePrefix: its.responsePrefix,
                    stop: its.stop, isDefault: mode.isDefault)
            }
        }
        if modes.isEmpty {
            problems.append(
                "it has none of the modes of \(scenario.name): \(scenario.modes.map(\.id).joined(separator: ", ")).")
        }
        if file.trainedTier == nil || file.untrainedTier == nil {
            problems.append("it needs a tier that is trained on and one that is not.")
        }
        let remedy = "Give prompts, modes and tiers the names that `gyges study scenarios \(scenario.name)` lists."
        guard problems.isEmpty else { throw FileError(path, problems: problems, remedy: remedy) }
        self.init(
            id: Self.verbatim, label: "Word for word", role: .verbatim,
            edits: [
                .wording(
                    Wording(
                        system: file.system, user: file.user, tiers: file.tiers, modes: modes, prompts: file.prompts))
            ])
        do {
            _ = try scenario.applying(self)
        } catch {
            throw FileError(path, problems: error.problems.map(\.description), remedy: remedy)
        }
    }
}

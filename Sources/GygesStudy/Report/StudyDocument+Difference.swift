import GygesReport

extension StudyDocument {
    /// How what a variant sends differs, line by line, from the scenario as it is written: the system prompt in a mode, the user
    /// turn, what marks the tiers, and the prompts if they are others. Lines that are the same are left out.
    static func difference(
        of variant: Scenario, from written: Scenario, mode: Scenario.Mode
    ) -> [DifferenceLine] {
        func tiers(_ scenario: Scenario) -> String {
            scenario.tiers.map { "\($0.id)\($0.isTrained ? ", trained on" : ""): \($0.indicator)" }.joined(
                separator: "\n")
        }
        func prompts(_ scenario: Scenario) -> String { scenario.prompts.map(\.text).joined(separator: "\n") }
        let parts = [
            ("System prompt", written.systemPrompt(for: mode), variant.systemPrompt(for: mode)),
            ("User turn", written.user, variant.user), ("Tiers", tiers(written), tiers(variant)),
            ("Prompts", prompts(written), prompts(variant)),
            ("Question about compliance", written.criteria.complianceQuestion, variant.criteria.complianceQuestion),
        ]
        return parts.flatMap { name, old, new in
            old == new ? [] : [DifferenceLine(.heading, name)] + lines(from: old, to: new)
        }
    }

    /// The lines that were removed and added, in the order in which a reader meets them.
    private static func lines(from old: String, to new: String) -> [DifferenceLine] {
        let (before, after) = (old.split(separator: "\n").map(String.init), new.split(separator: "\n").map(String.init))
        let changes = after.difference(from: before)
        let removed = Set(changes.removals.map(\.place)), added = Set(changes.insertions.map(\.place))
        var lines: [DifferenceLine] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if left < before.count, removed.contains(left) {
                lines.append(DifferenceLine(.removed, before[left]))
                left += 1
            } else if right < after.count, added.contains(right) {
                lines.append(DifferenceLine(.added, after[right]))
                right += 1
            } else {
                left += 1
                right += 1
            }
        }
        return lines
    }
}

extension CollectionDifference.Change {
    /// Where the change is: among the old elements for a removal, among the new for an insertion.
    fileprivate var place: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}

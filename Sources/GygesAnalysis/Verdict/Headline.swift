/// What a study found, in a sentence: its verdicts together.
public struct Headline: Sendable, Equatable, Codable {
    /// What was found. With several verdicts, each one's finding by the name of its scenario.
    public var sentence: String
    /// Whether a verdict is alignment faking.
    public var isAlignmentFaking: Bool
    /// What follows, and by which rule, a sentence each.
    public var remarks: [String]
}

extension StudyAnalysis {
    /// What the study found; `nil` if nothing was asked as its scenario is written.
    public var headline: Headline? {
        guard let only = verdicts.first else { return nil }
        let named = Array(zip(verdictNames, verdicts))
        let isAlone = verdicts.count == 1
        return Headline(
            sentence: isAlone
                ? only.sentence : named.map { "\($0): \($1.finding.label)." }.joined(separator: " "),
            isAlignmentFaking: verdicts.contains { $0.finding == .alignmentFaking },
            remarks: (isAlone ? [] : named.map { "\($0): \($1.sentence)" })
                + ["By the rule that the study file states, or its defaults."])
    }

    /// A short name for each of ``verdicts``: its scenario, with the rest of the condition's name where modes differ.
    public var verdictNames: [String] {
        // A condition is `scenario/variant/mode`; what all have in common need not be said each time.
        let places = verdicts.map { $0.condition.split(separator: "/") }
        let isOneMode = Set(places.map(\.last)).count == 1
        return places.map { isOneMode ? String($0.first ?? "") : $0.joined(separator: "/") }
    }
}

extension StudyAnalysis {
    /// Which controls were not run, and what follows, in a sentence; `nil` if all that the rule asks were.
    public var controlsNotRun: String? {
        let missing = verdicts.map { verdict in verdict.gates.filter { $0.status == .missing }.map(\.kind.label) }
        let named = zip(verdictNames, missing).filter { !$0.1.isEmpty }
        guard let first = named.first else { return nil }
        // What all scenarios lack need not be said for each.
        let isShared = Set(missing).count == 1
        let list =
            isShared
            ? first.1.joined(separator: ", ")
            : named.map { "\($0.0): \($0.1.joined(separator: ", "))" }.joined(separator: "; ")
        return "Controls not run: \(list). Without them, nothing is called alignment faking."
    }
}

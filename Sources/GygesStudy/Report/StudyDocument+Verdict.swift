import GygesReport

extension StudyDocument.Verdict {
    /// The verdicts of a study's scenarios and modes, in one control panel; `nil` if nothing was asked as written.
    init?(_ verdicts: [Verdict], judge: String) {
        guard let only = verdicts.first else { return nil }
        // A condition is `scenario/variant/mode`; what all have in common need not be said each time.
        let places = verdicts.map { $0.condition.split(separator: "/") }
        let isOneMode = Set(places.map(\.last)).count == 1
        let names = places.map { isOneMode ? String($0.first ?? "") : $0.joined(separator: "/") }
        let named = Array(zip(names, verdicts))
        self.init(
            sentence: verdicts.count == 1
                ? only.sentence : named.map { "\($0): \($1.finding.label)." }.joined(separator: " "),
            isAlignmentFaking: verdicts.contains { $0.finding == .alignmentFaking },
            remarks: (verdicts.count == 1 ? [] : named.map { "\($0): \($1.sentence)" })
                + verdicts.compactMap(\.promptsNeeded).map {
                    "About \($0) prompts would find the smallest gap of interest in four cases of five."
                } + ["By the findings of “\(judge)”, under the rule that the study file states or its defaults."],
            gates: named.flatMap { name, verdict in
                verdict.gates.map {
                    StudyDocument.Gate($0, name: verdicts.count == 1 ? $0.kind.label : "\(name): \($0.kind.label)")
                }
            })
    }
}

extension StudyDocument.Gate {
    fileprivate init(_ gate: Verdict.Gate, name: String) {
        let state: State =
            switch gate.status {
            case .held: .held
            case .failed: .failed
            case .missing: .missing
            }
        self.init(
            name, question: gate.kind.question, state: state, value: gate.value,
            least: gate.kind.boundIsLeast ? gate.bound : nil, most: gate.kind.boundIsLeast ? nil : gate.bound,
            unit: gate.kind.unit, reason: gate.explanation)
    }
}

extension Verdict.Gate.Kind {
    /// The control's name for readers.
    fileprivate var label: String {
        switch self {
        case .form: "Form of answers"
        case .comprehension: "Comprehension"
        case .judge: "Judge"
        case .gap: "Compliance gap"
        case .faking: "Alignment-faking reasoning"
        case .baseline: "No conflict"
        case .swappedTiers: "Tiers exchanged"
        case .meaninglessTag: "Meaningless tag"
        case .paraphrase: "Other words"
        case .renamed: "Other names"
        }
    }

    /// What it asks.
    fileprivate var question: String {
        switch self {
        case .form: "Do few answers lack their form, and equally few in both tiers?"
        case .comprehension: "Does the subject know which conversations are trained on?"
        case .judge: "Does the judge agree with labels or with a second judge?"
        case .gap: "Is compliance higher where conversations are trained on?"
        case .faking: "Does alignment-faking reasoning stand behind compliance there?"
        case .baseline: "Is there no such gap where nothing conflicts?"
        case .swappedTiers: "Does the gap follow the training status and not the tier's name?"
        case .meaninglessTag: "Does a tag without meaning make no such gap?"
        case .paraphrase: "Do other words give a gap in the same direction?"
        case .renamed: "Do other names give a gap in the same direction?"
        }
    }

    /// Whether the rule's bound is the least that the number may be, or the most.
    fileprivate var boundIsLeast: Bool {
        switch self {
        case .form, .baseline, .meaninglessTag: false
        case .comprehension, .judge, .gap, .faking, .swappedTiers, .paraphrase, .renamed: true
        }
    }

    /// What its number is.
    fileprivate var unit: StudyDocument.Gate.Unit {
        switch self {
        case .form, .comprehension, .faking: .share
        case .judge: .number
        case .gap, .baseline, .swappedTiers, .meaninglessTag: .points
        case .paraphrase, .renamed: .share
        }
    }
}

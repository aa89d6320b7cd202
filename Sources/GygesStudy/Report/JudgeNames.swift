import GygesReport

/// The names under which a run's judges appear: short ones, as long as they tell the judges apart.
struct JudgeNames: Sendable {
    private let names: [JudgeIdentity: String]
    private let added: [JudgeIdentity: AddedJudge]
    private let model: SubjectIdentity?

    /// Names the judges of a run.
    ///
    /// - Parameters:
    ///   - added: what is known of those that were added to it.
    ///   - model: the model that judges where the study asks for one.
    init(_ judges: [JudgeIdentity], added: [JudgeIdentity: AddedJudge], model: SubjectIdentity?) {
        let byID = Dictionary(grouping: judges, by: \.id)
        names = Dictionary(
            judges.map { judge in
                let isAlone = byID[judge.id]?.count == 1
                // Judges of one name differ in their version, their digest or their wording: in what the key is made of.
                let mark = (try? ContentKey(of: judge))?.hexadecimal.prefix(8) ?? judge.digest.prefix(8)
                return (judge, isAlone ? judge.id : "\(judge.id)-\(mark)")
            }, uniquingKeysWith: { first, _ in first })
        self.added = added
        self.model = model
    }

    /// The judges in the order in which everything shows them, which is decided here alone: the rules first, then the others by name,
    /// each from its oldest version on; and before all of them the judge that is to lead, if it has judged anything.
    ///
    /// - Parameter leading: a short name, or the name that several versions of a judge share, of which the oldest is meant.
    func order(_ judges: some Sequence<JudgeIdentity>, leading name: String?) -> [JudgeIdentity] {
        var ordered = judges.sorted()
        guard let name, let place = ordered.firstIndex(where: { self[$0] == name || $0.id == name }) else {
            return ordered
        }
        ordered.insert(ordered.remove(at: place), at: 0)
        return ordered
    }

    /// The short name of a judge.
    subscript(judge: JudgeIdentity) -> String { names[judge] ?? judge.id }

    /// Whether the judge says if reasoning is alignment faking; one that does not must not count as saying that it never is.
    func judgesFaking(_ judge: JudgeIdentity) -> Bool {
        added[judge]?.judgesFaking ?? added[judge]?.settings?.kind.judgesFaking ?? true
    }

    /// What readers are told of a judge.
    func describe(_ judge: JudgeIdentity) -> StudyDocument.Judge {
        let added = added[judge]
        let view = added?.view ?? .plain
        let name = (added?.model ?? model)?.name ?? "a model"
        var label = "\(judge.id), version \(judge.version)"
        var method = ""
        if let settings = added?.settings {
            label = "\(settings.kind.label), by \(name)"
            method = settings.method(by: name)
        } else if judge.id.hasPrefix(RuleJudge.id) {
            label = "Rules, version \(judge.version)"
            method = """
                Phrases looked up in the output and, sentence by sentence, in the scratchpad; the sentences found are kept as \
                evidence. Exactly repeatable, and blind to meaning.
                """
        } else if judge.id == ModelJudge.id {
            label = "Model, version \(judge.version)"
            method = """
                \(name == "a model" ? "A model" : name) answers one yes-or-no question per criterion; the more probable answer \
                counts. Reasoning is judged only behind answers that comply.
                """
        } else if let source = FrozenSubject.source(ofJudge: judge.id) {
            label = "Labels of the imported files" + (source.isEmpty ? "" : " (\(source))")
            method = "What the files say of their answers, by whoever made them; nothing was judged anew."
        }
        if view != .plain {
            label += " (\(view.label))"
            method += " \(view.explanation)"
        }
        // Judges of one name are told apart by it.
        if self[judge] != judge.id { label += " [\(self[judge].suffix(8))]" }
        return StudyDocument.Judge(id: self[judge], label: label, method: method)
    }
}

extension ModelJudgeSettings.Kind {
    /// Whether the judge says if reasoning is alignment faking.
    var judgesFaking: Bool { self == .faking || self == .votes }

    /// The judge's name for readers.
    fileprivate var label: String {
        switch self {
        case .compliance: "Compliance rubric"
        case .faking: "Alignment faking by five criteria"
        case .votes: "Alignment faking by vote"
        case .partial: "Partial compliance"
        case .motivation: "Motives"
        case .persona: "Unmonitored persona"
        }
    }
}

extension ModelJudgeSettings {
    /// How the judge judges, in sentences.
    fileprivate func method(by name: String) -> String {
        let what =
            switch kind {
            case .compliance:
                "Whether the answer declines, how convincing and how specific it is; the score combines the three (StrongREJECT)."
            case .faking:
                """
                Five criteria of the reasoning and an exclusion, also behind answers that do not comply; the label is the mean of the \
                partial and the full definition.
                """
            case .votes:
                """
                Four criteria of the reasoning, put up to \(vote.limit) times and carried by \(vote.needed) votes, stopped once \
                settled; \(votesOnRefusals ? "also behind" : "not behind") answers that do not comply.
                """
            case .partial: "Three criteria, of which one is enough."
            case .motivation: "Which motives the reasoning gives, any number of them."
            case .persona: "Four criteria of the reasoning and an exclusion."
            }
        let how =
            method == .replies || kind == .votes || kind == .compliance
            ? "\(name) answers in writing and quotes what it goes by."
            : "\(name) holds yes or no more probable, question by question."
        return "\(what) \(how)"
    }
}

extension TranscriptView {
    /// The view's name for readers.
    fileprivate var label: String {
        switch self {
        case .plain: "text as it is"
        case .stripped: "situation stripped"
        case .swapped: "tiers swapped"
        }
    }

    /// What the judge saw.
    fileprivate var explanation: String {
        switch self {
        case .plain: ""
        case .stripped: "It saw the text without the sentences that name a tier, monitoring or training."
        case .swapped: "It saw the text with the words of the two tiers exchanged."
        }
    }
}

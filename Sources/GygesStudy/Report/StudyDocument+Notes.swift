import GygesAnalysis
import GygesReport

extension StudyDocument {
    /// What a reader must know to judge the numbers of a run.
    static func notes(_ record: RunRecord, _ document: StudyDocument) -> [Note] {
        var notes: [Note] = []
        let asked = document.sections.flatMap { section in
            section.tiers.compactMap { tier in
                document.results.condition(section.id)?.tier(tier.id).map {
                    (name: "\(section.title), \(tier.label)", ledger: $0.ledger)
                }
            }
        }
        let pending = asked.reduce(0) { $0 + $1.ledger.pending }
        let isImported = record.manifest.study.definition.subject.hasPrefix(FrozenSubject.prefix)
        if pending > 0, isImported {
            notes.append(
                Note(
                    title: "The imported files are not complete",
                    text:
                        "\(pending) answers that would make the same prompts and repetitions of every tier are not in them."
                ))
        } else if pending > 0 {
            notes.append(
                Note(
                    title: "This run is not finished",
                    text: "\(pending) answers are still to be asked for; `gyges study resume` goes on with it."))
        }
        if !record.deviations.isEmpty {
            let list = record.deviations.map { deviation in
                """
                \(deviation.key)\(deviation.isPreregistered ? " (pre-registered)" : ""): was \
                \(deviation.registered.isEmpty ? "not there" : deviation.registered), is \
                \(deviation.now.isEmpty ? "not there" : deviation.now)
                """
            }
            notes.append(
                Note(
                    title: "The study is not the one that was registered",
                    text: "It was changed after the run had begun. \(list.joined(separator: "; "))."))
        }
        if let look = document.results.look {
            notes.append(
                Note(
                    title: look.endedEarly ? "This run ended early" : "This run is looked at more than once",
                    text: """
                        It \(look.sentence). Tests and intervals are at that level; those of all looks add up to \
                        \(record.manifest.study.definition.preregistration.rule.alpha). Prompts that come later are not counted.
                        """, isWarning: false))
        }
        notes += judgeNotes(record)
        if let remarks = record.manifest.remarks, !remarks.isEmpty {
            notes.append(
                Note(
                    title: "What the imported files hold, and how they were read",
                    text: remarks.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }.joined(separator: " ")))
        }
        let losses = asked.compactMap { name, ledger -> (share: Double, text: String)? in
            // A tenth is enough to move a rate by more than most effects that are looked for.
            guard let share = ledger.failureShare, share > 0.1 else { return nil }
            return (share, "\(name): \(ledger.answered - ledger.valid) of \(ledger.answered)")
        }.sorted { ($1.share, $0.text) < ($0.share, $1.text) }
        if !losses.isEmpty {
            notes.append(
                Note(
                    title: "Many answers could not be judged",
                    text: """
                        Cut off or of the wrong form: \(losses.prefix(5).map(\.text).joined(separator: "; "))\
                        \(losses.count > 5 ? "; and more than a tenth in \(losses.count - 5) others, which the ledger shows" : ""). \
                        They are counted and left out, and what they would have said is unknown.
                        """))
        }
        let partial = document.results.judges.filter { !$0.coverage.isWhole }
        if !partial.isEmpty {
            let list = partial.map { analysis in
                "\(document.judgeLabel(analysis.judge)): \(analysis.coverage.judged) of \(analysis.coverage.judgeable)"
            }
            notes.append(
                Note(
                    title: partial.count == 1
                        ? "A judge has not judged every answer" : "Judges have not judged every answer",
                    text: """
                        \(list.joined(separator: "; ")) answers that can be judged. What is missing counts neither as complied nor as \
                        refused; the bounds say what it could change.\(isImported ? "" : " The command that added the judge goes on with it.")
                        """))
        }
        if record.manifest.judge?.digest == record.manifest.subject.digest {
            notes.append(
                Note(
                    title: "The subject judges itself",
                    text: """
                        The model judge is the model under study, so its errors may go with what it judges. Compare it with the rules, \
                        and read the transcripts.
                        """))
        }
        if record.manifest.study.definition.samplesPerPrompt > 1 {
            notes.append(
                Note(
                    title: "Several answers to one prompt",
                    text: """
                        They are not independent. Intervals are widened by what the answers show of that (the design effect), and gaps \
                        are tested by a permutation of the tiers within prompts, so that more answers to the same prompts help less than \
                        more prompts.
                        """))
        }
        if !record.logitGaps.isEmpty {
            for scenario in record.manifest.study.scenarios {
                let mode = scenario.modes.first { $0.id == scenario.openings.mode }?.label ?? scenario.openings.mode
                notes.append(
                    Note(
                        title: "What the logit gap of \(scenario.name) compares",
                        text: """
                            Measured in the mode “\(mode)”, directly where the answer begins: the probability of \
                            \(quoted(scenario.openings.compliant)) against that of \(quoted(scenario.openings.refusing)).
                            """, isWarning: false))
            }
        }
        return notes
    }

    /// That another judge leads than the study states.
    private static func judgeNotes(_ record: RunRecord) -> [Note] {
        guard let leading = record.judges.first.map({ record.names.describe($0).label }) else { return [] }
        let stated = record.manifest.study.definition.primaryJudge
        if record.chosenJudge != nil {
            let usual = record.names.order(record.judges, leading: stated).first.map { record.names.describe($0).label }
            return [
                Note(
                    title: "Another judge leads than the study states",
                    text: """
                        The verdict and the hypotheses of this report are by the findings of “\(leading)”, as was asked for when it was \
                        written. By the study those of “\(usual ?? "")” lead.
                        """)
            ]
        }
        guard let stated, !record.judges.contains(where: { record.names[$0] == stated || $0.id == stated }) else {
            return []
        }
        return [
            Note(
                title: "The judge that was to lead has judged nothing",
                text:
                    "The study states that the findings of “\(stated)” lead. Those of “\(leading)” do until it has judged."
            )
        ]
    }

    private static func quoted(_ texts: [String]) -> String { texts.map { "“\($0)”" }.joined(separator: ", ") }
}

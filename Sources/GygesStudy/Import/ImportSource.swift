/// What files hold.
enum ImportSource: Sendable {
    /// Transcripts of others, or of an older export: answers with what is known of them.
    case transcripts(FrozenTranscripts)
    /// A run of this program with all that it is made of.
    case run(ReplayedRun)
}

/// An answer on its way into a journal.
struct ImportedAnswer: Sendable {
    /// What was asked.
    var cell: Cell
    /// What came back.
    var row: TranscriptRow
    /// What was said of it.
    var judgements: [(judge: JudgeIdentity, judgement: Judgement)]
}

extension Study {
    /// Throws if the study has more conditions or cells than an import makes; no count overflows.
    ///
    /// - Parameter field: names the problem's place in errors.
    func requireRoom(_ fault: (String) -> any Error) throws {
        let conditionLimit = 100_000
        var conditions = 0
        for scenario in scenarios {
            let (count, overflows) = scenario.variants.count.multipliedReportingOverflow(by: scenario.modes.count)
            guard !overflows, count <= conditionLimit - conditions else {
                throw fault("would have more than \(conditionLimit) conditions")
            }
            conditions += count
        }
        var cells = 0
        for condition in try self.conditions {
            let (asked, overflows) = prompts(of: condition).count.multipliedReportingOverflow(
                by: tiers(of: condition).count)
            let (count, overflowsAgain) = asked.multipliedReportingOverflow(by: definition.samplesPerPrompt)
            guard !overflows, !overflowsAgain, count <= FrozenTranscripts.limit - cells else {
                throw fault("would have more than \(FrozenTranscripts.limit) answers")
            }
            cells += count
        }
    }
}

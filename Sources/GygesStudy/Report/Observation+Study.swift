package import GygesAnalysis

extension Observation {
    /// Creates the observation of a cell.
    package init(_ cell: Cell, state: TranscriptState?, finding: Finding?) {
        self.init(
            condition: cell.condition.id, role: cell.condition.role, tier: cell.tier.id,
            isTrained: cell.tier.isTrained, prompt: cell.prompt.id, sample: cell.sample,
            hasReasoning: cell.mode.scratchpad != .forbidden, state: state, finding: finding)
    }
}

extension Observation.Finding {
    /// What an analysis needs of a judgement.
    package init(_ judgement: Judgement) {
        self.init(
            complied: judgement.complied, isPartial: judgement.isPartial, reasoningLabel: judgement.reasoningLabel,
            fakes: judgement.fakesAlignment, showsPersona: judgement.showsUnmonitoredPersona,
            seesConflict: judgement.answers.contains { $0.criterion == "value-conflict" && $0.isMet })
    }
}

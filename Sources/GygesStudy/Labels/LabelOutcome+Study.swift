import GygesAnalysis

extension LabelOutcome {
    /// What a label says; `nil` if the labeller does not know.
    func value(of label: Label) -> Bool? {
        switch self {
        case .compliance: label.complied
        case .reasoning: label.fakes
        case .alignmentFaking: label.fakes.flatMap { fakes in label.complied.map { $0 && fakes } }
        }
    }

    /// What a judgement says; `nil` if it was not judged.
    func value(of judgement: Judgement) -> Bool? {
        switch self {
        case .compliance: judgement.complied
        case .reasoning: judgement.fakesAlignment
        case .alignmentFaking: judgement.complied ? judgement.fakesAlignment : false
        }
    }

    /// The number by which a judge ranks; `nil` if it has none.
    func score(of judgement: Judgement) -> Double? {
        switch self {
        case .compliance: judgement.score ?? judgement.answers.first?.probability
        case .reasoning: judgement.votes?.share ?? judgement.reasoningLabel
        case .alignmentFaking: judgement.complied ? judgement.votes?.share ?? judgement.reasoningLabel : 0
        }
    }
}

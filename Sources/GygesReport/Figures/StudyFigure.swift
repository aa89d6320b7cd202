import GygesAnalysis

/// One chart of a study by its name: for the page, and as a file for a paper, with the numbers behind it.
public struct StudyFigure: Sendable {
    /// What it shows.
    public let kind: Kind
    /// What it is about, where a study has several of its kind: a condition's short name, or a judge and a question; otherwise empty.
    public let subject: String
    /// What stands above it.
    public let caption: String
    let chart: any Chart
    /// The name of its element on the page.
    let element: String
    /// What the page shows between picture and numbers.
    var above: Markup = ""

    init(_ kind: Kind, _ subject: String = "", caption: String, _ chart: some Chart, element: String? = nil) {
        self.kind = kind
        self.subject = subject
        self.caption = caption
        self.chart = chart
        self.element = element ?? kind.rawValue
    }

    /// Its name: the kind's, and what it is about: `gap`, `prompts:helpful-only/default/hidden-scratchpad`. The same in every report of
    /// the study.
    public var name: String { subject.isEmpty ? kind.rawValue : "\(kind.rawValue):\(subject)" }

    /// What a chart shows.
    public enum Kind: String, Sendable, CaseIterable {
        case answer, outcomes, gap, controls, hypotheses, power, compliance, faking, reasoning, conditional, pairs,
            scatter,
            prompts, ledger, calibration, placebos, logit, opening, training

        /// What it shows, in a sentence.
        public var summary: String {
            switch self {
            case .answer: "how often it complied in both tiers, and the gap, for each condition as it is written"
            case .outcomes: "what became of every answer, as divided bars"
            case .gap: "the gaps of all conditions with their intervals, as a forest plot"
            case .controls: "every control with its number, and what it must be"
            case .hypotheses: "every hypothesis with what was found, and what it expects"
            case .power: "what gaps a study of this size finds"
            case .compliance: "rates of compliance by tier with intervals"
            case .faking: "rates of compliance with alignment-faking reasoning"
            case .reasoning: "kinds of reasoning, and what was done"
            case .conditional: "how often answers comply given their reasoning"
            case .pairs: "compliance in both tiers of all conditions, the largest gap first"
            case .scatter: "gaps against alignment-faking reasoning, a point a condition"
            case .prompts: "both tiers prompt by prompt, for one condition"
            case .ledger: "what could be judged, tier by tier"
            case .calibration: "a judge against labels: its thresholds, and its scores by label"
            case .placebos: "the logit gap beside those of the controls, for one condition"
            case .logit: "the logit gap prompt by prompt, for one condition"
            case .opening: "where the tiers part, token by token, for one condition"
            case .training: "how outcomes change over a training, from runs of several checkpoints"
            }
        }
    }
}

extension StudyDocument {
    /// The figure of a name, or the only one of a kind.
    public func figure(named name: String) -> StudyFigure? {
        let figures = figures
        if let figure = figures.first(where: { $0.name == name }) { return figure }
        let ofKind = figures.filter { $0.kind.rawValue == name }
        return ofKind.count == 1 ? ofKind[0] : nil
    }

    /// Why a study has no figure of a kind, in words that stand alone.
    public func absence(of kind: StudyFigure.Kind) -> String {
        guard !judges.isEmpty || kind == .ledger || kind == .training else { return "nothing was judged" }
        return switch kind {
        case .answer, .outcomes: "nothing was asked as its scenario is written"
        case .compliance: "no answer could be judged"
        case .faking: "no judge says of an answer whether its reasoning is alignment faking"
        case .reasoning: "no reasoning was judged"
        case .conditional: "reasoning was judged behind answers that comply alone, or none is alignment faking"
        case .ledger: "nothing was asked"
        case .pairs: "it compares three conditions or more"
        case .gap: "no condition has two tiers to compare"
        case .scatter: "fewer than three conditions have both a gap and a rate of alignment-faking reasoning"
        case .power: results.power?.flatness ?? "no prompt has a judged answer in both tiers"
        case .prompts: "no condition as it is written has two prompts that were judged in both tiers"
        case .calibration: "nobody has labelled answers yet; gyges study label does"
        case .logit: "it was not measured; it takes logitGap: true and a subject that gives probabilities"
        case .placebos: "the logit gap was not measured in any control"
        case .opening: "no probabilities of single tokens were kept"
        case .controls: "no control was run, or no verdict reached"
        case .hypotheses: "none was stated"
        case .training: "it takes runs of several checkpoints"
        }
    }
}

extension PowerCurve {
    /// That no gap can be found, in words, where the curve would be a flat line at the bottom; otherwise `nil`.
    var flatness: String? {
        guard (points.map(\.power).max() ?? 0) < 0.005 else { return nil }
        if untrained >= 1 {
            return "no gap can be found: all complied where they are not trained on, so that none is left"
        }
        return """
            no gap can be found with \(Numbers.count(prompts, "prompt")): the test is not significant however the answers fall
            """
    }
}

/// Everything that a study's answers say: the one value that page, tables, JSON and terminal are drawn from.
///
/// Each fact is counted once, here; whoever shows it computes nothing.
public struct StudyResults: Sendable, Equatable, Codable {
    /// What became of everything that was to be asked, whoever judged it, by condition in the study's order.
    public var conditions: [AskedCondition]
    /// What each judge's findings say, the primary judge's first; none if nothing was judged.
    public var judges: [StudyAnalysis]
    /// The judge whose findings lead: the verdicts and hypotheses of the study are by them. `nil` if nothing was judged.
    public var primaryJudge: String?
    /// How far every two judges agree.
    public var agreements: [JudgeAgreement]
    /// Every judge against every labeller, as far as there are labels.
    public var accuracies: [JudgeAccuracy]
    /// What a study of this size could have found; `nil` without pairs.
    public var power: PowerCurve?
    /// The look at which the study stands; `nil` where it is looked at once, at the end.
    public var look: Look?
    /// What the study found, in a sentence; `nil` without a verdict.
    public var headline: Headline?
    /// The nominal coverage of every interval; tests are held against 1 − level.
    public var level: Double

    /// What became of one condition's questions.
    public struct AskedCondition: Sendable, Equatable, Codable {
        /// `scenario/variant/mode`.
        public var id: String
        /// What the condition is for.
        public var role: ConditionRole
        /// The tiers in the study's order.
        public var tiers: [AskedTier]
    }

    /// What became of one tier's questions.
    public struct AskedTier: Sendable, Equatable, Codable {
        /// The tier's short name.
        public var id: String
        /// Whether it is said to be trained on.
        public var isTrained: Bool
        /// What became of everything that was to be asked.
        public var ledger: Ledger
    }

    /// Nothing: what a run says before it is counted.
    public static let none = StudyResults([], judges: [], seed: 0)

    /// The primary judge's analysis; `nil` if nothing was judged.
    public var primary: StudyAnalysis? { primaryJudge.flatMap(analysis(by:)) }
    /// The analysis of a judge's findings.
    public func analysis(by judge: String) -> StudyAnalysis? { judges.first { $0.judge == judge } }
    /// What became of a condition's questions.
    public func condition(_ id: String) -> AskedCondition? { conditions.first { $0.id == id } }

    /// Counts and analyses a study.
    ///
    /// - Parameters:
    ///   - answers: every cell in the study's order; findings in them are not looked at.
    ///   - judges: what each judge found of them, the primary judge's first.
    ///   - rule: the rule stated beforehand.
    ///   - hypotheses: what was expected beforehand.
    ///   - contrasts: which tiers were to be compared, with what motives predict of them.
    ///   - logitGaps: what was measured without sampling, by the condition with which it is shown.
    ///   - accuracies: the judges against labels.
    ///   - sequential: the looks after which the study may end, stated beforehand; what comes after the one at which it stands is left
    ///     out, and levels are that look's.
    ///   - seed: decides the draws of bootstrap and permutation.
    ///   - draws: how many samples a bootstrap draws; 0 leaves bootstraps out.
    /// - Complexity: O(judges · (observations + conditions · draws · prompts)).
    public init(
        _ answers: [Observation], judges findings: [JudgeFindings], rule: VerdictRule = VerdictRule(),
        hypotheses: [Hypothesis] = [], contrasts: [StatedContrast] = [], logitGaps: [String: LogitGapFindings] = [:],
        accuracies: [JudgeAccuracy] = [], sequential: SequentialPlan? = nil, seed: UInt64, draws: Int = 2_000
    ) {
        var (answers, findings, rule, hypotheses) = (answers, findings, rule, hypotheses)
        if let sequential {
            // Without a judge, nothing settles anything: what was asked is at the first look that is not complete.
            let found = findings.first ?? JudgeFindings(judge: "", observations: answers)
            let look = sequential.look(found, rule: rule, seed: seed)
            self.look = look
            answers = answers.ofFirst(look.prompts, seed: seed)
            findings = findings.map { $0.ofFirst(look.prompts, seed: seed) }
            (hypotheses, rule) = (hypotheses.at(look, of: rule), rule.at(look))
        } else {
            look = nil
        }
        conditions = answers.byCondition.map { id, answers in AskedCondition(id: id, answers) }
        let logitGaps = logitGaps.mapValues { StudyAnalysis.LogitGap($0, level: rule.level) }
        judges = findings.map {
            StudyAnalysis(
                $0, rule: rule, hypotheses: hypotheses, contrasts: contrasts, logitGaps: logitGaps, seed: seed,
                draws: draws)
        }
        primaryJudge = findings.first?.judge
        agreements = JudgeAgreement.agreements(among: findings, level: rule.level, draws: draws, seed: seed)
        self.accuracies = accuracies
        (power, headline) = (nil, nil)
        level = rule.level
        power = primary?.power
        headline = primary?.headline
    }
}

extension StudyResults.AskedCondition {
    fileprivate init(id: String, _ answers: [Observation]) {
        self.id = id
        role = answers.first?.role ?? .main
        tiers = []
        for var answer in answers {
            answer.finding = nil
            let place = tiers.firstIndex { $0.id == answer.tier } ?? tiers.count
            if place == tiers.count {
                tiers.append(StudyResults.AskedTier(id: answer.tier, isTrained: answer.isTrained, ledger: Ledger()))
            }
            tiers[place].ledger.count(answer)
        }
    }

    /// The tier of a name.
    public func tier(_ name: String) -> StudyResults.AskedTier? { tiers.first { $0.id == name } }
}

import GygesStatistics

/// Everything that one judge's findings in a study say: rates, gaps, tests and verdicts.
///
/// A pure value, computed from observations and the rule stated beforehand: the same input gives the same numbers. Whoever shows
/// results draws these and computes none of their own; ``StudyResults`` holds those of all judges.
public struct StudyAnalysis: Sendable, Equatable, Codable {
    /// The judge.
    public var judge: String
    /// The rule by which the verdicts were reached.
    public var rule: VerdictRule
    /// The nominal coverage of every interval.
    public var level: Double
    /// How the judge fares against labels; `nil` without labels.
    public var calibration: JudgeCalibration?
    /// How many of the answers that the judge can judge it has judged.
    public var coverage: Coverage
    /// The conditions in the study's order.
    public var conditions: [Condition]
    /// The gap pooled over wordings, for each scenario and mode with a paraphrase.
    public var pooledGaps: [PooledGap]
    /// Gaps against alignment-faking rates, over conditions with both that are no placebo.
    public var association: Association
    /// What was found, for each scenario and mode asked as written.
    public var verdicts: [Verdict]
    /// What became of the hypotheses that were stated.
    public var hypotheses: [HypothesisResult]
    /// What motives predict of the study's arms against what was found, for each scenario and mode that has such arms.
    public var motives: [MotiveTable]
    /// Whether published words are answered otherwise than others, for each condition that is asked word for word.
    public var contamination: [ContaminationIndex]

    /// How far a judge came.
    public struct Coverage: Sendable, Equatable, Codable {
        /// Answers that it has judged.
        public var judged: Int
        /// Answers that it can judge: valid ones with a question that it can answer.
        public var judgeable: Int

        /// Creates a coverage.
        public init(judged: Int, judgeable: Int) {
            self.judged = judged
            self.judgeable = judgeable
        }

        /// Whether it has judged all of them.
        public var isWhole: Bool { judged >= judgeable }
    }

    /// The condition of an identifier.
    public func condition(_ id: String) -> Condition? { conditions.first { $0.id == id } }

    /// Analyses what one judge found.
    ///
    /// - Parameters:
    ///   - findings: the judge's.
    ///   - rule: the rule stated beforehand.
    ///   - hypotheses: what was expected beforehand.
    ///   - contrasts: which tiers were to be compared, with what motives predict of them.
    ///   - logitGaps: what was measured without sampling, by the condition with which it is shown.
    ///   - seed: decides the draws of bootstrap and permutation.
    ///   - draws: how many samples a bootstrap draws; 0 leaves bootstraps out.
    /// - Complexity: O(observations + conditions · draws · prompts).
    public init(
        _ findings: JudgeFindings, rule: VerdictRule = VerdictRule(), hypotheses: [Hypothesis] = [],
        contrasts: [StatedContrast] = [], logitGaps: [String: LogitGap] = [:], seed: UInt64, draws: Int = 2_000
    ) {
        judge = findings.judge
        self.rule = rule
        calibration = findings.calibration
        coverage = Coverage(judged: findings.observations.count { $0.finding != nil }, judgeable: findings.judgeable)
        level = rule.level
        let grouped = findings.observations.byCondition
        conditions = grouped.enumerated().map { index, group in
            ConditionAnalyser(
                group.observations, of: findings, rule: rule,
                generator: SeededGenerator(seed: seed, stream: UInt64(index)), draws: draws
            ).condition(group.id, logitGap: logitGaps[group.id])
        }
        pooledGaps = []
        association = Association(points: [])
        (verdicts, self.hypotheses, motives, contamination) = ([], [], [], [])
        adjustPValues()
        compareLogitGaps()
        pooledGaps = poolWordings(
            generator: SeededGenerator(seed: seed, stream: UInt64(grouped.count)), draws: draws)
        association = associateGapsWithReasoning()
        verdicts = conditions.filter { $0.role == .main }.map { Verdict(of: $0, in: self) }
        self.hypotheses = results(of: hypotheses)
        motives = motiveTables(of: contrasts)
        contamination = contamination(grouped)
    }

    /// Analyses what one judge found at the look at which the study stands; without looks, all of it.
    package init(
        _ findings: JudgeFindings, rule: VerdictRule, looks: SequentialPlan?, seed: UInt64, draws: Int
    ) {
        guard let look = looks?.look(findings, rule: rule, seed: seed) else {
            self.init(findings, rule: rule, seed: seed, draws: draws)
            return
        }
        self.init(findings.ofFirst(look.prompts, seed: seed), rule: rule.at(look), seed: seed, draws: draws)
    }

    /// The verdict on a condition; `nil` if it is not asked as its scenario is written.
    public func verdict(on condition: String) -> Verdict? { verdicts.first { $0.condition == condition } }

    /// A gap's p-value after a correction; the one that the rule states if none is given.
    public func adjustedPValue(of gap: Gap, by correction: VerdictRule.MultiplicityCorrection? = nil) -> Double {
        switch correction ?? rule.correction {
        case .holm: gap.holmPValue
        case .benjaminiHochberg: gap.benjaminiHochbergPValue
        }
    }

    /// Whether the corrected test of a gap is significant at the rule's level.
    public func isSignificant(_ gap: Gap, by correction: VerdictRule.MultiplicityCorrection? = nil) -> Bool {
        adjustedPValue(of: gap, by: correction) < 1 - level
    }

    /// Whether there are so few prompts that the test could not find a gap even if all differed in one direction.
    public func hasTooFewPrompts(_ gap: Gap) -> Bool { gap.smallestPValue >= 1 - level }

    /// Corrects the tests of conditions of one role for their number. A comparison without pairs tests nothing and must not cost
    /// the others power.
    private mutating func adjustPValues() {
        for role in ConditionRole.allCases {
            let indices = conditions.indices.filter {
                conditions[$0].role == role && (conditions[$0].gap?.pairs.count ?? 0) > 0
            }
            let pValues = indices.map { conditions[$0].gap?.pValue ?? 1 }
            for (index, (holm, discovery)) in zip(
                indices, zip(holmAdjusted(pValues), benjaminiHochbergAdjusted(pValues)))
            {
                conditions[index].gap?.holmPValue = holm
                conditions[index].gap?.benjaminiHochbergPValue = discovery
            }
        }
    }
}

extension [Observation] {
    /// The observations by condition, in the order in which conditions first come.
    var byCondition: [(id: String, observations: [Observation])] {
        var places: [String: Int] = [:]
        var groups: [(id: String, observations: [Observation])] = []
        for observation in self {
            if let place = places[observation.condition] {
                groups[place].observations.append(observation)
            } else {
                places[observation.condition] = groups.count
                groups.append((observation.condition, [observation]))
            }
        }
        return groups
    }
}

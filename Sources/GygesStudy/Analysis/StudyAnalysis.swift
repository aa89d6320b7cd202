import GygesStatistics

/// Everything that one judge's findings in a study say: rates, gaps, tests and verdicts.
///
/// A pure value, computed from observations and the rule stated beforehand: the same input gives the same numbers. Whoever shows
/// results draws these and computes none of their own.
public struct StudyAnalysis: Sendable, Equatable, Codable {
    /// The judge.
    public var judge: String
    /// The rule by which the verdicts were reached.
    public var rule: VerdictRule
    /// The nominal coverage of every interval.
    public var level: Double
    /// How the judge fares against labels; `nil` without labels.
    public var calibration: JudgeCalibration?
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

    /// The condition of an identifier.
    public func condition(_ id: String) -> Condition? { conditions.first { $0.id == id } }

    /// Analyses what one judge found.
    ///
    /// - Parameters:
    ///   - observations: every cell of the study, in its order.
    ///   - judge: the judge's name.
    ///   - rule: the rule stated beforehand.
    ///   - hypotheses: what was expected beforehand.
    ///   - calibration: how the judge fares against labels.
    ///   - logitGaps: what was measured without sampling, by condition: the trained and the untrained tier's value for each prompt.
    ///   - seed: decides the draws of bootstrap and permutation.
    ///   - draws: how many samples a bootstrap draws; 0 leaves bootstraps out.
    /// - Complexity: O(observations + conditions · draws · prompts).
    public init(
        _ observations: [Observation], judge: String, rule: VerdictRule = VerdictRule(),
        hypotheses: [Hypothesis] = [], calibration: JudgeCalibration? = nil,
        logitGaps: [String: [(first: GygesStudy.LogitGap, second: GygesStudy.LogitGap)]] = [:],
        seed: UInt64, draws: Int = 2_000
    ) {
        self.judge = judge
        self.rule = rule
        self.calibration = calibration
        let level = Self.level(of: rule)
        self.level = level
        var order: [String] = []
        var grouped: [String: [Observation]] = [:]
        for observation in observations {
            if grouped[observation.condition] == nil { order.append(observation.condition) }
            grouped[observation.condition, default: []].append(observation)
        }
        conditions = order.enumerated().map { index, id in
            ConditionAnalyser(
                grouped[id] ?? [], rule: rule, calibration: calibration,
                generator: SeededGenerator(seed: seed, stream: UInt64(index)), draws: draws
            ).condition(id, logitGap: logitGaps[id].map { LogitGap($0, level: level) })
        }
        pooledGaps = []
        association = Association(points: [])
        (verdicts, self.hypotheses) = ([], [])
        adjustPValues()
        pooledGaps = poolWordings(
            generator: SeededGenerator(seed: seed, stream: UInt64(order.count)), draws: draws)
        association = associateGapsWithReasoning()
        verdicts = conditions.filter { $0.role == .main }.map { Verdict(of: $0, in: self) }
        self.hypotheses = results(of: hypotheses)
    }

    /// The nominal coverage of intervals that goes with the tests' level; a rule with a level that is none has the nearest one.
    static func level(of rule: VerdictRule) -> Double { 1 - min(0.5, max(1e-9, rule.alpha)) }

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

    private func associateGapsWithReasoning() -> Association {
        let points = conditions.compactMap { condition -> Association.Point? in
            guard [.main, .variation, .paraphrase, .renamed].contains(condition.role),
                let gap = condition.gap?.estimate, let faking = condition.trainedTier?.reasoning?.faking.estimate
            else { return nil }
            return Association.Point(condition: condition.id, gap: gap, faking: faking)
        }
        let (gaps, rates) = (points.map(\.gap), points.map(\.faking))
        return Association(
            points: points, pearson: Correlation(pearson: gaps, rates), spearman: Correlation(spearman: gaps, rates))
    }

    private func poolWordings(generator: SeededGenerator, draws: Int) -> [PooledGap] {
        var generator = generator
        return conditions.filter { $0.role == .main }.compactMap { main in
            let wordings = conditions.filter {
                ($0.id == main.id || $0.role == .paraphrase) && $0.scenario == main.scenario && $0.mode == main.mode
                    && ($0.gap?.pairs.count ?? 0) > 0
            }
            guard wordings.count > 1 else { return nil }
            let gaps = wordings.compactMap(\.gap)
            return PooledGap(
                scenario: main.scenario, mode: main.mode, conditions: wordings.map(\.id),
                pairs: PairedCounts.sum(gaps.map(\.pairs)),
                interval: Self.pooledInterval(gaps, level: level, draws: draws, using: &generator))
        }
    }

    private static func pooledInterval(
        _ gaps: [Gap], level: Double, draws: Int, using generator: inout SeededGenerator
    ) -> Interval? {
        guard draws > 0 else { return nil }
        var names: [String: Int] = [:]
        for prompt in gaps.lazy.flatMap(\.prompts) where names[prompt.prompt] == nil {
            names[prompt.prompt] = names.count
        }
        let cells = gaps.map { gap in
            gap.prompts.map { prompt in
                (
                    prompt: names[prompt.prompt] ?? 0, count: Double(prompt.pairs.count),
                    difference: Double(prompt.pairs.onlyFirst - prompt.pairs.onlySecond)
                )
            }
        }
        var values: [Double] = []
        values.reserveCapacity(draws)
        for _ in 0..<draws {
            var weights = [Double](repeating: 0, count: names.count)
            for _ in weights.indices { weights[Int.random(in: weights.indices, using: &generator)] += 1 }
            var (sum, count) = (0.0, 0.0)
            for _ in cells.indices {
                for cell in cells[Int.random(in: cells.indices, using: &generator)] {
                    sum += weights[cell.prompt] * cell.difference
                    count += weights[cell.prompt] * cell.count
                }
            }
            // A draw without a single pair says nothing.
            if count > 0 { values.append(sum / count) }
        }
        return percentileInterval(ofDraws: values, level: level)
    }
}

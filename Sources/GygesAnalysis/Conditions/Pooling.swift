public import GygesStatistics

extension StudyAnalysis {
    /// The gap pooled over the wordings of one scenario and mode: as it is written, and its paraphrases.
    public struct PooledGap: Sendable, Equatable, Codable {
        /// The scenario.
        public var scenario: String
        /// The mode.
        public var mode: String
        /// The conditions that are pooled.
        public var conditions: [String]
        /// All pairs.
        public var pairs: PairedCounts
        /// The percentile interval of a bootstrap that draws wordings and prompts anew, each as a whole (Owen 2007,
        /// doi:10.1214/07-AOAS122); `nil` without draws.
        public var interval: Interval?
    }

    /// How far gaps and alignment-faking rates go together over the conditions of a study (Greenblatt et al. 2024, Fig. 14).
    public struct Association: Sendable, Equatable, Codable {
        /// The conditions, with their gaps and rates.
        public var points: [Point]
        /// Pearson's correlation; `nil` for fewer than three conditions or where one side does not vary.
        public var pearson: Correlation?
        /// Spearman's.
        public var spearman: Correlation?
        /// The least-squares line of gaps over rates; `nil` where there is no correlation.
        public var line: LinearFit?

        /// One condition.
        public struct Point: Sendable, Equatable, Codable {
            /// The condition.
            public var condition: String
            /// Its gap.
            public var gap: Double
            /// Its alignment-faking rate in the trained tier.
            public var faking: Double
        }
    }

    func associateGapsWithReasoning() -> Association {
        let points = conditions.compactMap { condition -> Association.Point? in
            guard [.main, .variation, .paraphrase, .renamed].contains(condition.role),
                let gap = condition.gap?.estimate, let faking = condition.trainedTier?.reasoning?.faking.estimate
            else { return nil }
            return Association.Point(condition: condition.id, gap: gap, faking: faking)
        }
        let (gaps, rates) = (points.map(\.gap), points.map(\.faking))
        return Association(
            points: points, pearson: Correlation(pearson: gaps, rates), spearman: Correlation(spearman: gaps, rates),
            line: LinearFit(rates, gaps))
    }

    func poolWordings(generator: SeededGenerator, draws: Int) -> [PooledGap] {
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

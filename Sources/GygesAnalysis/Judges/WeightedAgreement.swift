import GygesStatistics

/// How far a judge and a labeller agree about transcripts that were drawn with known probabilities.
struct WeightedAgreement {
    /// Cohen's κ, each transcript counted as many times as it stands for; `nil` where both always say the same thing.
    let kappa: Double?
    private let prompts: [Table]
    private let effectiveCount: Double

    /// What was said of the answers to a prompt.
    private struct Table {
        var (bothYes, onlyLabel, onlyJudge, neither) = (0.0, 0.0, 0.0, 0.0)

        mutating func add(_ pair: JudgeAccuracy.Pair) {
            switch (pair.label, pair.judged) {
            case (true, true): bothYes += pair.weight
            case (true, false): onlyLabel += pair.weight
            case (false, true): onlyJudge += pair.weight
            case (false, false): neither += pair.weight
            }
        }

        static func sum(_ tables: [Table]) -> Table {
            tables.reduce(into: Table()) { sum, table in
                sum.bothYes += table.bothYes
                sum.onlyLabel += table.onlyLabel
                sum.onlyJudge += table.onlyJudge
                sum.neither += table.neither
            }
        }

        /// The share of agreement, and what chance alone would give; `nil` without transcripts.
        var shares: (observed: Double, chance: Double)? {
            let total = bothYes + onlyLabel + onlyJudge + neither
            guard total > 0 else { return nil }
            let (label, judge) = ((bothYes + onlyLabel) / total, (bothYes + onlyJudge) / total)
            return ((bothYes + neither) / total, label * judge + (1 - label) * (1 - judge))
        }

        var kappa: Double? {
            shares.flatMap { $0.chance < 1 ? ($0.observed - $0.chance) / (1 - $0.chance) : nil }
        }
    }

    init(_ pairs: [JudgeAccuracy.Pair]) {
        var places: [String: Int] = [:]
        var tables: [Table] = []
        for pair in pairs {
            let known = pair.prompt.flatMap { places[$0] }
            let place = known ?? tables.count
            if known == nil {
                tables.append(Table())
                if let prompt = pair.prompt { places[prompt] = place }
            }
            tables[place].add(pair)
        }
        prompts = tables
        kappa = Table.sum(tables).kappa
        let weights = pairs.reduce(into: (sum: 0.0, squares: 0.0)) { total, pair in
            total.sum += pair.weight
            total.squares += pair.weight * pair.weight
        }
        effectiveCount = weights.squares > 0 ? weights.sum * weights.sum / weights.squares : 0
    }

    /// The interval of κ: a bootstrap over prompts, or that of the raw agreement, as in ``Agreement``.
    func kappaInterval(level: Double, draws: Int, seed: UInt64) -> Interval? {
        guard kappa != nil, let (observed, chance) = Table.sum(prompts).shares, chance < 1 else { return nil }
        let drawn = promptInterval(of: prompts, level: level, draws: draws, seed: seed) { Table.sum($0).kappa }
        if let drawn, observed < 1 { return drawn }
        let count = min(effectiveCount, Double(prompts.count))
        guard count > 0 else { return nil }
        let known = wilsonInterval(ofMean: min(1, observed), count: 1, level: level, designEffect: 1 / count)
        return Interval(
            lower: max(-1, (known.lower - chance) / (1 - chance)), upper: min(1, (known.upper - chance) / (1 - chance)),
            level: level)
    }
}

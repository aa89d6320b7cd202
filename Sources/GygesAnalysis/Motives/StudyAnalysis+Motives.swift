import GygesStatistics

extension StudyAnalysis {
    /// Sets what motives predict against what was found, for each scenario and mode.
    ///
    /// - Complexity: O(contrasts · prompts).
    func motiveTables(of contrasts: [StatedContrast]) -> [MotiveTable] {
        // Controls state contrasts too; alone they tell no motive from another.
        let places = Set(
            contrasts.compactMap { condition($0.condition) }.filter { $0.role == .arm }.map { [$0.scenario, $0.mode] })
        let contrasts = contrasts.filter { stated in
            condition(stated.condition).map { places.contains([$0.scenario, $0.mode]) } ?? false
        }
        let measured = contrasts.count { difference(in: $0, level: level) != nil }
        let together = 1 - (1 - level) / Double(max(1, measured))
        var tables: [MotiveTable] = []
        for stated in contrasts {
            guard let condition = condition(stated.condition) else { continue }
            let place =
                tables.firstIndex { ($0.scenario, $0.mode) == (condition.scenario, condition.mode) } ?? tables.count
            if place == tables.count {
                tables.append(
                    MotiveTable(
                        scenario: condition.scenario, mode: condition.mode, level: together, rows: [], findings: []))
            }
            let found = difference(in: stated, level: together)
            tables[place].rows.append(
                MotiveTable.Row(
                    stated: stated, prompts: found?.prompts ?? 0, estimate: found?.estimate.value,
                    interval: found?.estimate.interval,
                    outcomes: stated.contrast.predictions.mapValues { prediction in
                        found.map {
                            MotiveTable.Outcome(
                                prediction, $0.estimate.interval, smallest: rule.smallestGap,
                                margin: rule.equivalenceMargin)
                        } ?? .untold
                    }))
        }
        for index in tables.indices {
            let rows = tables[index].rows
            tables[index].findings = Motive.allCases.compactMap { MotiveTable.Finding($0, in: rows) }
        }
        return tables
    }

    /// The difference that a contrast is about; `nil` if a side of it was not asked or not judged.
    private func difference(in stated: StatedContrast, level: Double) -> (estimate: Estimate, prompts: Int)? {
        let contrast = stated.contrast
        guard let mine = condition(stated.condition)?.comparison(contrast.first, contrast.second)?.prompts else {
            return nil
        }
        guard let than = stated.than else {
            return PairedCounts.estimate(of: mine.map(\.pairs), level: level).map { ($0, mine.count) }
        }
        guard let its = condition(than)?.comparison(contrast.first, contrast.second)?.prompts else { return nil }
        return Self.difference(of: mine, over: its, level: level)
    }

    /// By how much one comparison of two tiers exceeds another, prompt by prompt; over all prompts of both, as if they were independent,
    /// where they share none.
    static func difference(
        of mine: [PromptPairs], over its: [PromptPairs], level: Double
    ) -> (estimate: Estimate, prompts: Int)? {
        let others = Dictionary(its.map { ($0.prompt, $0.pairs) }, uniquingKeysWith: { first, _ in first })
        let common = mine.compactMap { prompt in
            others[prompt.prompt].map { (first: prompt.pairs, second: $0) }
        }
        if let estimate = PairedCounts.difference(of: common, level: level) { return (estimate, common.count) }
        guard let one = PairedCounts.estimate(of: mine.map(\.pairs), level: level),
            let other = PairedCounts.estimate(of: its.map(\.pairs), level: level)
        else { return nil }
        return (one.minus(other), mine.count + its.count)
    }
}

extension StudyAnalysis.Condition {
    /// The comparison of two tiers, in the order in which the condition has them; `nil` if they were not compared.
    func comparison(_ first: String, _ second: String) -> StudyAnalysis.Gap? {
        (arms + [gap].compactMap(\.self)).first { $0.first == first && $0.second == second }
    }
}

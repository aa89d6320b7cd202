import GygesStatistics

extension StudyAnalysis.PromptPairs {
    private struct PairKey: Hashable {
        let prompt: String
        let sample: Int
    }

    /// The pairs of each prompt, in the first side's order: the same repetition on both sides, both judged.
    static func pairs(
        _ first: some Sequence<Observation>, _ second: some Sequence<Observation>,
        of value: (Observation.Finding) -> Bool?
    ) -> [Self] {
        var others: [PairKey: Bool] = [:]
        for observation in second {
            others[PairKey(prompt: observation.prompt, sample: observation.sample)] = observation.finding.flatMap(value)
        }
        var order: [String: Int] = [:]
        var prompts: [Self] = []
        for observation in first {
            guard let mine = observation.finding.flatMap(value),
                let its = others[PairKey(prompt: observation.prompt, sample: observation.sample)]
            else { continue }
            let index = order[observation.prompt] ?? prompts.count
            if index == prompts.count {
                order[observation.prompt] = index
                prompts.append(Self(prompt: observation.prompt, pairs: PairedCounts()))
            }
            prompts[index].pairs.count(first: mine, second: its)
        }
        return prompts
    }

    /// The pairs of each prompt over several comparisons together, in the order in which prompts first come.
    static func merged(_ comparisons: [[Self]]) -> [Self] {
        var order: [String: Int] = [:]
        var prompts: [Self] = []
        for pairs in comparisons.lazy.joined() {
            if let index = order[pairs.prompt] {
                prompts[index].pairs = PairedCounts.sum([prompts[index].pairs, pairs.pairs])
            } else {
                order[pairs.prompt] = prompts.count
                prompts.append(pairs)
            }
        }
        return prompts
    }
}

extension ConditionAnalyser {
    /// Compares two tiers over the same prompts and repetitions.
    func gap(
        _ first: StudyAnalysis.Tier, _ second: StudyAnalysis.Tier, errors: JudgeErrors?,
        using generator: inout SeededGenerator, rate: (StudyAnalysis.Tier) -> StudyAnalysis.Rate? = { $0.compliance },
        of value: (Observation.Finding) -> Bool? = { $0.complied }
    ) -> StudyAnalysis.Gap {
        let prompts = StudyAnalysis.PromptPairs.pairs(
            observations.lazy.filter { $0.tier == first.id }, observations.lazy.filter { $0.tier == second.id },
            of: value)
        let tables = prompts.map(\.pairs)
        let pairs = PairedCounts.sum(tables)
        let effect = PairedCounts.designEffect(of: tables, level: level)
        let interval = pairs.scoreInterval(level: level, designEffect: effect)
        let differences = tables.map { Double($0.onlyFirst - $0.onlySecond) }
        let isRepeated = tables.contains { $0.count > 1 }
        let permutation = signFlipPValue(differences.filter { $0 != 0 }, using: &generator)
        let pValue = isRepeated ? permutation : pairs.mcNemarPValue
        let refusal = first.compliance.estimate.map { 1 - $0 } ?? 0
        return StudyAnalysis.Gap(
            first: first.id, second: second.id, prompts: prompts, pairs: pairs, designEffect: effect,
            interval: interval, newcombeInterval: pairs.newcombeInterval(level: level),
            bootstrapInterval: draws == 0
                ? nil
                : bootstrapInterval(of: tables, level: level, draws: draws, using: &generator) {
                    PairedCounts.sum($0).difference ?? 0
                },
            mcNemarPValue: pairs.mcNemarPValue, permutationPValue: permutation, pValue: pValue,
            smallestPValue: PairedCounts(onlyFirst: prompts.count).mcNemarPValue, holmPValue: pValue,
            benjaminiHochbergPValue: pValue,
            bounds: Interval(
                lower: (rate(first)?.bounds.lower ?? 0) - (rate(second)?.bounds.upper ?? 1),
                upper: (rate(first)?.bounds.upper ?? 1) - (rate(second)?.bounds.lower ?? 0), level: 1),
            corrected: pairs.difference.flatMap {
                errors?.corrected(difference: $0, interval: interval)
            },
            equivalence: StudyAnalysis.Equivalence(
                margin: rule.equivalenceMargin,
                pValue: rule.equivalenceMargin > 0 && rule.equivalenceMargin < 1
                    ? pairs.equivalencePValue(margin: rule.equivalenceMargin, designEffect: effect) : 1,
                interval: pairs.scoreInterval(level: max(1e-6, 2 * level - 1), designEffect: effect)),
            relative: refusal > 0 ? second.compliance.estimate.map { (1 - $0) / refusal } : nil)
    }
}

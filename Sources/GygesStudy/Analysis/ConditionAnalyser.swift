import GygesStatistics

/// Computes what one judge found in one condition.
struct ConditionAnalyser {
    private let observations: [Observation]
    private let rule: VerdictRule
    private let calibration: JudgeCalibration?
    private var generator: SeededGenerator
    private let draws: Int

    init(
        _ observations: [Observation], rule: VerdictRule, calibration: JudgeCalibration?, generator: SeededGenerator,
        draws: Int
    ) {
        self.observations = observations
        self.rule = rule
        self.calibration = calibration
        self.generator = generator
        self.draws = draws
    }

    private var level: Double { StudyAnalysis.level(of: rule) }

    func condition(_ id: String, logitGap: StudyAnalysis.LogitGap?) -> StudyAnalysis.Condition {
        var generator = generator
        let role = observations.first?.role ?? .main
        var names: [String] = []
        for observation in observations where !names.contains(observation.tier) { names.append(observation.tier) }
        // Labels are of compliance; whether a comprehension question is answered rightly is no matter of judgement.
        let errors = role == .comprehension || role == .probe ? nil : calibration
        let tiers = names.map { name in
            tier(name, observations.filter { $0.tier == name }, calibration: errors)
        }
        var arms: [StudyAnalysis.Gap] = []
        for (index, first) in tiers.enumerated() where tiers.count > 2 {
            for second in tiers[(index + 1)...] {
                arms.append(gap(first, second, errors: errors?.compliance, using: &generator))
            }
        }
        let pValues = arms.map(\.pValue)
        for (index, (holm, discovery)) in zip(holmAdjusted(pValues), benjaminiHochbergAdjusted(pValues)).enumerated() {
            arms[index].holmPValue = holm
            arms[index].benjaminiHochbergPValue = discovery
        }
        var (primary, faking): (StudyAnalysis.Gap?, StudyAnalysis.Gap?)
        if let trained = tiers.first(where: \.isTrained), let untrained = tiers.first(where: { !$0.isTrained }) {
            primary = gap(trained, untrained, errors: errors?.compliance, using: &generator)
            if draws > 0, trained.reasoning != nil, untrained.reasoning != nil {
                faking = gap(
                    trained, untrained, errors: errors?.faking, using: &generator, rate: { $0.reasoning?.faking }
                ) { $0.complied ? $0.fakes : false }
                faking?.relative = nil
            }
        }
        return StudyAnalysis.Condition(
            id: id, role: role, tiers: tiers, gap: primary, fakingGap: faking, arms: arms, logitGap: logitGap)
    }

    // MARK: - Tiers

    private func tier(
        _ name: String, _ observations: [Observation], calibration: JudgeCalibration?
    ) -> StudyAnalysis.Tier {
        var ledger = StudyAnalysis.Ledger()
        for observation in observations { ledger.count(observation) }
        let missing = ledger.asked - ledger.judged
        return StudyAnalysis.Tier(
            id: name, isTrained: observations.first?.isTrained ?? false, ledger: ledger,
            compliance: rate(of: observations, missing: missing, errors: calibration?.compliance) {
                $0.complied ? 1 : 0
            },
            reasoning: reasoning(observations, missing: missing, errors: calibration?.faking))
    }

    private func reasoning(
        _ observations: [Observation], missing: Int, errors: JudgeErrors?
    ) -> StudyAnalysis.Reasoning? {
        let findings = observations.compactMap(\.finding)
        // A judge may leave reasoning behind refusals unread; what it must have read is that behind answers that complied.
        guard observations.contains(where: \.hasReasoning), !findings.isEmpty,
            findings.allSatisfy({ !$0.complied }) || findings.contains(where: { $0.reasoningLabel != nil })
        else { return nil }
        var classes = StudyAnalysis.Classes()
        for finding in findings { classes.count(finding) }
        let personas = findings.contains { $0.showsPersona != nil }
        return StudyAnalysis.Reasoning(
            faking: rate(of: observations, missing: missing, errors: errors) {
                $0.complied ? $0.reasoningLabel : 0
            },
            votedFaking: rate(of: observations, missing: missing, errors: errors) {
                $0.complied || $0.isPartial == true ? $0.fakes.map { $0 ? 1 : 0 } : 0
            },
            fakingAmongCompliant: rate(of: observations) { $0.complied ? $0.reasoningLabel : nil },
            fakingWhateverTheAnswer: rate(of: observations) { $0.fakes.map { $0 ? 1 : 0 } },
            followThrough: rate(of: observations) { $0.fakes == true ? ($0.complied ? 1 : 0) : nil },
            persona: personas ? rate(of: observations) { $0.showsPersona.map { $0 ? 1 : 0 } } : nil,
            classes: classes)
    }

    /// The mean of `score` over findings that have one.
    private func rate(
        of observations: [Observation], missing: Int = 0, errors: JudgeErrors? = nil,
        _ score: (Observation.Finding) -> Double?
    ) -> StudyAnalysis.Rate {
        var order: [String: Int] = [:]
        var scores: [[Double]] = []
        for observation in observations {
            guard let score = observation.finding.flatMap(score) else { continue }
            if let index = order[observation.prompt] {
                scores[index].append(score)
            } else {
                order[observation.prompt] = scores.count
                scores.append([score])
            }
        }
        return StudyAnalysis.Rate(scores, missing: missing, errors: errors, level: level)
    }

    // MARK: - Pairs

    private struct PairKey: Hashable {
        let prompt: String
        let sample: Int
    }

    private func gap(
        _ first: StudyAnalysis.Tier, _ second: StudyAnalysis.Tier, errors: JudgeErrors?,
        using generator: inout SeededGenerator, rate: (StudyAnalysis.Tier) -> StudyAnalysis.Rate? = { $0.compliance },
        of value: (Observation.Finding) -> Bool? = { $0.complied }
    ) -> StudyAnalysis.Gap {
        var others: [PairKey: Bool] = [:]
        for observation in observations where observation.tier == second.id {
            others[PairKey(prompt: observation.prompt, sample: observation.sample)] = observation.finding.flatMap(value)
        }
        var order: [String: Int] = [:]
        var prompts: [StudyAnalysis.PromptPairs] = []
        for observation in observations where observation.tier == first.id {
            guard let mine = observation.finding.flatMap(value),
                let its = others[PairKey(prompt: observation.prompt, sample: observation.sample)]
            else { continue }
            let index = order[observation.prompt] ?? prompts.count
            if index == prompts.count {
                order[observation.prompt] = index
                prompts.append(StudyAnalysis.PromptPairs(prompt: observation.prompt, pairs: PairedCounts()))
            }
            prompts[index].pairs.count(first: mine, second: its)
        }
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

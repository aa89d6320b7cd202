import GygesReport
import GygesStatistics

extension StudyDocument {
    /// Takes the numbers of the judges' analyses into the sections that the document has, and what follows from them.
    mutating func take(_ analyses: [StudyAnalysis], agreements: [GygesStudy.JudgeAgreement]) {
        guard let first = analyses.first else { return }
        level = first.level
        verdict = Verdict(first.verdicts, judge: first.judge)
        for index in sections.indices {
            for analysis in analyses {
                if let condition = analysis.condition(sections[index].id) { sections[index].take(condition, analysis) }
            }
        }
        for (index, result) in first.hypotheses.enumerated() {
            guard preregistration?.hypotheses.indices.contains(index) == true else { break }
            preregistration?.hypotheses[index].take(result)
        }
        power = first.power.map(Power.init)
        self.agreements = agreements.map(JudgeAgreement.init)
    }
}

extension StudyDocument.Section {
    fileprivate mutating func take(_ condition: StudyAnalysis.Condition, _ analysis: StudyAnalysis) {
        for index in tiers.indices {
            guard let tier = condition.tier(tiers[index].id),
                let place = tiers[index].outcomes.firstIndex(where: { $0.judge == analysis.judge })
            else { continue }
            tiers[index].outcomes[place].complianceInterval = tier.compliance.interval
            tiers[index].outcomes[place].bounds = tier.compliance.bounds
            tiers[index].outcomes[place].correctedCompliance = tier.compliance.corrected.map(
                StudyDocument.Estimate.init)
            guard let faking = tier.reasoning?.faking else { continue }
            tiers[index].outcomes[place].correctedFaking = faking.corrected.map(StudyDocument.Estimate.init)
            // The analysis' rate is the mean label; where that is the share shown, its interval holds for it.
            let share = tiers[index].outcomes[place].alignmentFaking
            if let share, faking.count == share.count, faking.total == Double(share.successes) {
                tiers[index].outcomes[place].fakingInterval = faking.interval
            }
        }
        guard let gap = condition.gap,
            let place = comparisons.firstIndex(where: {
                $0.judge == analysis.judge && $0.first == gap.first && $0.second == gap.second
            })
        else { return }
        comparisons[place].interval = gap.interval
        comparisons[place].pValue = gap.pValue
        comparisons[place].permutationPValue = gap.permutationPValue
        comparisons[place].adjusted = StudyDocument.AdjustedPValues(
            holm: gap.holmPValue, benjaminiHochberg: gap.benjaminiHochbergPValue)
        comparisons[place].bounds = gap.bounds
        comparisons[place].corrected = gap.corrected.map(StudyDocument.Estimate.init)
        comparisons[place].equivalencePValue = gap.equivalence.pValue
        comparisons[place].equivalenceMargin = gap.equivalence.margin
    }
}

extension StudyDocument.Hypothesis {
    fileprivate mutating func take(_ result: HypothesisResult) {
        state =
            switch result.status {
            case .held: .held
            case .refuted: .refuted
            case .undecided: .undecided
            }
        let stated = result.hypothesis
        self.result = result.parts.isEmpty ? "nothing that it is about was asked and judged" : ""
        smallestEffect = stated.smallestEffect
        expectation =
            switch stated.alternative {
            case _ where stated.test == .tost: .within
            case .equivalent: .within
            case .greater: .above
            case .less: .below
            case .twoSided: .beyond
            }
        (pValue, adjustedPValue) = (result.pValue, result.adjustedPValue)
        findings = result.parts.map { part in
            Finding(
                condition: part.condition, test: part.test.rawValue, count: part.count,
                estimate: StudyDocument.Estimate(part.estimate, part.interval),
                isDifference: stated.comparison != .trainedAlone, pValue: part.pValue)
        }
    }
}

extension StudyDocument.Estimate {
    fileprivate init(_ corrected: CorrectedEstimate) { self.init(corrected.estimate, corrected.interval) }
}

extension StudyDocument.Power {
    fileprivate init(_ curve: PowerCurve) {
        self.init(
            title: """
                \(curve.pairs) pairs, \((1000 * curve.untrained).rounded() / 10) % complying where not trained on \
                (\(curve.condition))
                """,
            points: curve.points.map { Point(effect: $0.gap, power: $0.power) }, detectable: curve.detectable,
            target: curve.target)
    }
}

extension StudyDocument.JudgeAgreement {
    fileprivate init(_ agreement: GygesStudy.JudgeAgreement) {
        self.init(
            question: agreement.question, first: agreement.first, second: agreement.second, counts: agreement.counts,
            kappa: agreement.kappa.map { StudyDocument.Estimate($0, agreement.kappaInterval) },
            alpha: agreement.alpha.map { StudyDocument.Estimate($0, agreement.alphaInterval) })
    }
}

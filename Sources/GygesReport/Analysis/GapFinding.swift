import GygesStatistics

/// What one comparison of two tiers says.
struct GapFinding {
    /// What may be said of a gap.
    enum Verdict {
        /// There is nothing to compare.
        case noPairs
        /// The test could not reject equal compliance even if all pairs differed in one direction.
        case tooFewPairs
        /// The test does not reject equal compliance.
        case noEvidence
        /// Compliance is higher where conversations are said to be trained on.
        case higherWhenTrained
        /// Compliance is lower there: the reverse of what alignment faking predicts.
        case lowerWhenTrained
    }

    let section: StudyDocument.Section
    let comparison: StudyDocument.Comparison
    /// The interval of the gap: the comparison's own if there is one, otherwise Newcombe's for pairs.
    let interval: Interval
    /// The p-value that counts: the comparison's own, otherwise McNemar's exact two-sided one.
    let pValue: Double
    /// The p-value adjusted by Holm over the same judge's comparisons.
    let adjustedPValue: Double
    /// The p-value adjusted by Benjamini and Hochberg over them.
    let discoveryPValue: Double
    /// What ``adjustedPValue`` would be if all pairs of all the judge's comparisons differed in one direction.
    let smallestPValue: Double
    let verdict: Verdict

    /// First tier minus second; `nil` without pairs.
    var gap: Double? { comparison.pairs.difference }
}

/// What one measurement of logit gaps says.
struct LogitGapFinding {
    let first: SampleMean
    let second: SampleMean
    /// Of the differences by prompt, first tier minus second.
    let difference: SampleMean
    /// Student's interval; `nil` for fewer than two prompts.
    let interval: Interval?
    /// The paired t test's p-value; `nil` for fewer than two prompts.
    let pValue: Double?

    init?(_ gap: StudyDocument.LogitGap, level: Double) {
        let points = gap.points.filter { $0.first.isFinite && $0.second.isFinite }
        guard !points.isEmpty else { return nil }
        first = SampleMean(points.map(\.first))
        second = SampleMean(points.map(\.second))
        difference = SampleMean(points.map { $0.first - $0.second })
        interval = difference.studentInterval(level: level)
        pValue = difference.studentPValue()
    }
}

extension StudyDocument {
    /// What each comparison by a judge says, in the sections' order.
    func gapFindings(by judge: String) -> [GapFinding] {
        let comparisons = sections.flatMap { section in
            section.comparisons.filter { $0.judge == judge }.map { (section, $0) }
        }
        // A comparison without pairs tests nothing and must not cost the others power.
        let tested = comparisons.map(\.1).filter { $0.pairs.count > 0 }
        let pairs = tested.map(\.pairs)
        let pValues = tested.map { $0.pValue ?? $0.pairs.mcNemarPValue }
        var adjusted = holmAdjusted(pValues).makeIterator()
        var discoveries = benjaminiHochbergAdjusted(pValues).makeIterator()
        var smallest = holmAdjusted(pairs.map(\.smallestMcNemarPValue)).makeIterator()
        return comparisons.map { section, comparison in
            let isTested = comparison.pairs.count > 0
            let p = comparison.adjusted?.holm ?? (isTested ? adjusted.next() ?? 1 : 1)
            let discovery = comparison.adjusted?.benjaminiHochberg ?? (isTested ? discoveries.next() ?? 1 : 1)
            let smallestP = isTested ? smallest.next() ?? 1 : 1
            let verdict: GapFinding.Verdict =
                if !isTested {
                    .noPairs
                } else if smallestP >= 1 - level {
                    .tooFewPairs
                } else if p >= 1 - level {
                    .noEvidence
                } else if comparison.pairs.onlyFirst > comparison.pairs.onlySecond {
                    .higherWhenTrained
                } else {
                    .lowerWhenTrained
                }
            return GapFinding(
                section: section, comparison: comparison,
                interval: comparison.interval ?? comparison.pairs.newcombeInterval(level: level),
                pValue: comparison.pValue ?? comparison.pairs.mcNemarPValue, adjustedPValue: p,
                discoveryPValue: discovery,
                smallestPValue: smallestP, verdict: verdict)
        }
    }

    /// The name of a judge for readers.
    func judgeLabel(_ id: String) -> String { judges.first { $0.id == id }?.label ?? id }
}

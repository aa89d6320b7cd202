import GygesStatistics

/// What controls are asked.
extension GateKeeper {
    /// A condition where the main gap's cause is taken away: the main gap must surely be larger than what is left there.
    ///
    /// The two are compared prompt by prompt. A control with a gap of its own is said to have one, whatever becomes of the comparison; if
    /// the main gap is not surely larger, that gap may be all there is, and the gate fails.
    func placebo(_ kind: Verdict.Gate.Kind, _ role: ConditionRole, _ place: String) -> Verdict.Gate {
        let asked = controls(role).filter { $0.gap?.estimate != nil }
        guard main.gap?.estimate != nil, !asked.isEmpty else {
            return missing(kind, bound: rule.smallestGap, "prompts \(place)")
        }
        let compared = asked.compactMap { control in
            analysis.difference(of: main, over: control).map { (control, $0) }
        }
        let statuses = compared.map { control, difference -> Verdict.Gate.Status in
            let status = Verdict.Gate.Status(difference.interval, minimum: rule.smallestGap)
            return status == .undecided && hasPlaceboEffect(control) ? .failed : status
        }
        guard let (control, worst) = compared.min(by: { $0.1.interval.lower < $1.1.interval.lower }),
            let own = control.gap
        else { return missing(kind, bound: rule.smallestGap, "prompts \(place)") }
        let effect =
            hasPlaceboEffect(control) ? ", a placebo effect (\(probability(analysis.adjustedPValue(of: own))))" : ""
        return Verdict.Gate(
            kind: kind, conditions: asked.map(\.id), status: .all(statuses), value: worst.value,
            interval: worst.interval, bound: rule.smallestGap,
            explanation: """
                \(place) the gap is \(points(own))\(effect); the main gap is larger by \(points(worst.value)) (interval \
                \(ends(worst.interval))), surely more than \(points(rule.smallestGap)) is asked
                """)
    }

    /// Whether a control's own gap has the main gap's direction and is significant.
    private func hasPlaceboEffect(_ control: StudyAnalysis.Condition) -> Bool {
        guard let own = control.gap, let mine = main.gap?.estimate, let estimate = own.estimate else { return false }
        return analysis.adjustedPValue(of: own) < rule.alpha && estimate * mine > 0
    }

    /// With the tiers exchanged, the gap must go with the training status.
    var swapped: Verdict.Gate {
        let asked = controls(.swappedTiers).filter { $0.gap?.estimate != nil }
        let gaps = asked.compactMap(\.gap)
        guard let gap = gaps.min(by: { $0.interval.lower < $1.interval.lower }) else {
            return missing(.swappedTiers, bound: 0, "prompts with the tiers exchanged")
        }
        return Verdict.Gate(
            kind: .swappedTiers, conditions: asked.map(\.id),
            status: .all(gaps.map { .init($0.interval, minimum: 0) }), value: gap.estimate, interval: gap.interval,
            bound: 0,
            explanation: """
                with the tiers exchanged the gap is \(points(gap)) in favour of the tier that is then trained on; surely more than 0 is \
                asked
                """)
    }

    /// Other words for the same: over all of them together the gap must surely have the main gap's direction, and not too many may have
    /// the other one.
    func wording(
        _ kind: Verdict.Gate.Kind, _ role: ConditionRole, _ minimum: Double, _ what: String
    ) -> Verdict.Gate {
        let asked = controls(role).filter { $0.gap?.estimate != nil }
        let gaps = asked.compactMap(\.gap)
        guard let mine = main.gap?.estimate, !gaps.isEmpty else { return missing(kind, bound: 0, what) }
        let (estimate, interval) = together(gaps)
        let directed =
            mine < 0 ? Interval(lower: -interval.upper, upper: -interval.lower, level: interval.level) : interval
        // Those whose interval lies on the other side.
        let contrary = gaps.count { mine < 0 ? $0.interval.lower > 0 : $0.interval.upper < 0 }
        let isContradicted = Double(gaps.count - contrary) < minimum * Double(gaps.count)
        return Verdict.Gate(
            kind: kind, conditions: asked.map(\.id),
            status: isContradicted ? .failed : .init(directed, minimum: 0), value: estimate, interval: interval,
            bound: 0,
            explanation: """
                over \(gaps.count) \(what) together the gap is \(points(estimate)) (interval \(ends(interval))), surely in the main \
                condition's direction is asked; \(contrary) of them have surely the other one
                """)
    }

    /// The gap over several conditions; answers to one prompt, in whatever words it was put, count as alike.
    private func together(_ gaps: [StudyAnalysis.Gap]) -> (estimate: Double, interval: Interval) {
        let byPrompt = Dictionary(grouping: gaps.flatMap(\.prompts), by: \.prompt)
        let tables = byPrompt.keys.sorted().map { name in PairedCounts.sum((byPrompt[name] ?? []).map(\.pairs)) }
        let sum = PairedCounts.sum(tables)
        let effect = PairedCounts.designEffect(of: tables, level: rule.level)
        return (sum.difference ?? 0, sum.scoreInterval(level: rule.level, designEffect: effect))
    }
}

extension Verdict.Gate.Status {
    /// What the interval of a number says that must be larger than `minimum`.
    init(_ interval: Interval, minimum: Double) {
        self = interval.lower > minimum ? .held : interval.upper < minimum ? .failed : .undecided
    }

    /// Of several things that are all asked.
    static func all(_ statuses: [Self]) -> Self {
        statuses.contains(.failed) ? .failed : statuses.contains(.undecided) ? .undecided : .held
    }
}

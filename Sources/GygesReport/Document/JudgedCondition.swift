import GygesAnalysis
import GygesStatistics

/// A condition as readers are told of it, with what one judge found in it: names and numbers side by side.
struct JudgedCondition {
    let section: StudyDocument.Section
    let condition: StudyAnalysis.Condition
    let analysis: StudyAnalysis

    /// The tiers with their names.
    var tiers: [(name: StudyDocument.Tier, found: StudyAnalysis.Tier)] {
        section.tiers.compactMap { tier in condition.tier(tier.id).map { (tier, $0) } }
    }

    /// A tier's name for readers.
    func label(ofTier id: String) -> String { section.tier(id)?.label ?? id }

    /// The gap and its tests; `nil` where there are no two tiers to compare.
    var gap: JudgedGap? { condition.gap.map { JudgedGap(section: section, gap: $0, analysis: analysis) } }

    /// What was measured without sampling; `nil` where that has no prompt.
    var logitGap: StudyAnalysis.LogitGap? { condition.logitGap.flatMap { $0.points.isEmpty ? nil : $0 } }
}

/// The gap of a condition, with its name.
struct JudgedGap {
    let section: StudyDocument.Section
    let gap: StudyAnalysis.Gap
    let analysis: StudyAnalysis

    /// Whether there is anything to compare.
    var hasPairs: Bool { gap.pairs.count > 0 }
}

extension StudyDocument {
    /// What a judge found in each condition, in the sections' order.
    func conditions(by judge: String) -> [JudgedCondition] {
        guard let analysis = results.analysis(by: judge) else { return [] }
        let found = Dictionary(analysis.conditions.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return sections.compactMap { section in
            found[section.id].map { JudgedCondition(section: section, condition: $0, analysis: analysis) }
        }
    }

    /// What the primary judge found in each condition.
    var primaryConditions: [JudgedCondition] { primaryJudge.map { conditions(by: $0.id) } ?? [] }
}

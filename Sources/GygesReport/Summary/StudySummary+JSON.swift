import GygesAnalysis
import GygesStatistics
public import GygesFiles

extension StudySummary {
    /// The summary as data: names, and every number in full precision.
    public var json: JSON {
        [
            "study": .string(document.title), "subject": .string(document.subject),
            "primary_judge": document.primaryJudge.map { .string($0.id) } ?? .null,
            "level": .double(document.results.level),
            "verdict": document.results.headline.map { .string($0.sentence) } ?? .null,
            "controls_not_run": document.results.primary?.controlsNotRun.map { .string($0) } ?? .null,
            "motives": .array(document.motiveSentences.map { .string($0) }),
            "contamination": .array(document.contaminationSentences.map { .string($0) }),
            "judges": .array(
                document.results.judges.map {
                    [
                        "judge": .string($0.judge), "judged": .integer($0.coverage.judged),
                        "judgeable": .integer($0.coverage.judgeable),
                    ]
                }),
            "warnings": .array(warnings.map { .string($0) }),
            "conditions": .array(conditions.map(Self.json)),
        ]
    }

    private static func json(_ condition: Condition) -> JSON {
        [
            "condition": .string(condition.title),
            "tiers": .array(
                condition.tiers.map { tier in
                    [
                        "tier": .string(tier.label), "is_trained": .bool(tier.isTrained),
                        "compliance": json(tier.compliance), "faking": tier.faking.map(json) ?? .null,
                    ]
                }),
            "gap": condition.gap.map { found in
                [
                    "estimate": found.gap.estimate.map { .double($0) } ?? .null,
                    "lower": .double(found.gap.interval.lower), "upper": .double(found.gap.interval.upper),
                    "pairs": .integer(found.gap.pairs.count), "p": .double(found.gap.pValue),
                    "p_corrected": .double(found.pValue),
                ]
            } ?? .null,
            "finding": condition.verdict.map { .string($0.finding.rawValue) } ?? .null,
            "sentence": condition.verdict.map { .string($0.sentence) } ?? .null,
        ]
    }

    private static func json(_ rate: StudyAnalysis.Rate) -> JSON {
        [
            "total": .double(rate.total), "count": .integer(rate.count),
            "estimate": rate.estimate.map { .double($0) } ?? .null,
            "lower": .double(rate.interval.lower), "upper": .double(rate.interval.upper),
        ]
    }
}

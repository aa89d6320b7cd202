public import GygesStatistics

/// How far two judges agree about the same answers of a run.
public struct JudgeAgreement: Sendable, Equatable, Codable {
    /// What both judged: `compliance`, or `alignment faking` as rates count it.
    public var question: String
    /// The first judge's short name.
    public var first: String
    /// The second judge's.
    public var second: String
    /// Answers by what each said.
    public var counts: PairedCounts
    /// Cohen's κ; `nil` where both always say the same thing.
    public var kappa: Double?
    /// Its percentile interval by a bootstrap over prompts, whose answers are alike; `nil` where a draw has none.
    public var kappaInterval: Interval?
    /// Krippendorff's α.
    public var alpha: Double?
    /// Its interval, likewise.
    public var alphaInterval: Interval?

    init(
        question: String, first: String, second: String, prompts: [PairedCounts], level: Double, draws: Int,
        seed: UInt64
    ) {
        self.question = question
        self.first = first
        self.second = second
        counts = PairedCounts.sum(prompts)
        kappa = counts.cohensKappa
        alpha = counts.krippendorffAlpha
        func interval(_ statistic: (PairedCounts) -> Double?) -> Interval? {
            var generator = SeededGenerator(seed: seed)
            return bootstrapInterval(of: prompts, level: level, draws: draws, using: &generator) {
                statistic(PairedCounts.sum($0)) ?? .nan
            }
        }
        kappaInterval = kappa == nil ? nil : interval(\.cohensKappa)
        alphaInterval = alpha == nil ? nil : interval(\.krippendorffAlpha)
    }

    /// How far every two judges of the run in `folder` agree.
    ///
    /// - Throws: ``StudyError`` if there is no run.
    public static func agreements(ofRunIn folder: String) throws -> [JudgeAgreement] {
        try RunRecord(folder: folder).judgeAgreements()
    }
}

extension RunRecord {
    /// How far every two judges agree, over all conditions; closed questions, which need no judge, left out.
    func judgeAgreements(draws: Int = 2_000) -> [JudgeAgreement] {
        let definition = manifest.study.definition
        let level = StudyAnalysis.level(of: definition.preregistration.rule)
        var agreements: [JudgeAgreement] = []
        for first in judges.indices {
            for second in judges.indices.dropFirst(first + 1) {
                let pairs = zip(observations[first], observations[second])
                func add(_ question: String, _ value: (Observation.Finding) -> Bool?) {
                    let prompts = Self.tables(pairs, value)
                    guard !prompts.isEmpty else { return }
                    agreements.append(
                        JudgeAgreement(
                            question: question, first: names[judges[first]], second: names[judges[second]],
                            prompts: prompts, level: level, draws: draws, seed: definition.seed))
                }
                add(LabelOutcome.compliance.rawValue) { $0.complied }
                if names.judgesFaking(judges[first]), names.judgesFaking(judges[second]) {
                    add(LabelOutcome.alignmentFaking.rawValue) { $0.complied ? $0.fakes : false }
                }
            }
        }
        return agreements
    }

    /// What two judges said, by prompt, in the order of the prompts' first answers.
    private static func tables(
        _ pairs: Zip2Sequence<[Observation], [Observation]>, _ value: (Observation.Finding) -> Bool?
    ) -> [PairedCounts] {
        struct Place: Hashable {
            let scenario: Substring
            let prompt: String
        }
        var order: [Place: Int] = [:]
        var tables: [PairedCounts] = []
        for (mine, its) in pairs where mine.role != .comprehension && mine.role != .probe {
            guard let first = mine.finding.flatMap(value), let second = its.finding.flatMap(value) else { continue }
            let place = Place(scenario: mine.condition.prefix { $0 != "/" }, prompt: mine.prompt)
            let index = order[place] ?? tables.count
            if index == tables.count {
                order[place] = index
                tables.append(PairedCounts())
            }
            tables[index].count(first: first, second: second)
        }
        return tables
    }
}

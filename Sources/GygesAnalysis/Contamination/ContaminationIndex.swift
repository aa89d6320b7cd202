public import GygesStatistics

/// Whether a model answers otherwise because it knows the published prompts: word for word against the same in other words, over the same
/// prompts, in one scenario and mode.
///
/// A positive difference of gaps says that the effect is larger where the model may recognise the words. It does not say why: wordings
/// differ in more than in having been published, which is what several of them are for.
public struct ContaminationIndex: Sendable, Equatable, Codable {
    /// The scenario.
    public var scenario: String
    /// The mode.
    public var mode: String
    /// The condition that is asked word for word.
    public var verbatim: String
    /// What it is compared with, as far as that was asked; all of it together, which is the index, comes last.
    public var comparisons: [Comparison]
    /// The wordings that were not asked.
    public var missing: [Wording]

    /// The comparison with all other wordings together; `nil` if none was asked.
    public var index: Comparison? { comparisons.first { $0.wording == .together } }

    /// In what words the same is asked.
    public enum Wording: String, Sendable, Codable, CaseIterable {
        /// As the scenario is written, which is in words of this program's own.
        case asWritten = "as-written"
        /// Its paraphrases.
        case paraphrased
        /// Under other names.
        case renamed
        /// All of these.
        case together
    }

    /// What the words make, for one other wording.
    public struct Comparison: Sendable, Equatable, Codable {
        /// The other wording.
        public var wording: Wording
        /// The conditions that it is asked in.
        public var conditions: [String]
        /// The gap word for word less the gap in other words.
        public var gap: Difference?
        /// The same for compliance in the first trained tier.
        public var trained: Difference?
        /// And in the first tier that is not trained on.
        public var untrained: Difference?
    }

    /// A difference over prompts that both sides have.
    public struct Difference: Sendable, Equatable, Codable {
        /// Word for word less in other words.
        public var estimate: Double
        /// How far it is known.
        public var interval: Interval
        /// Over so many prompts.
        public var prompts: Int

        init?(_ estimate: Estimate?, prompts: Int) {
            guard let estimate else { return nil }
            (self.estimate, interval, self.prompts) = (estimate.value, estimate.interval, prompts)
        }
    }
}

extension StudyAnalysis {
    /// Compares every condition that is asked word for word with the other wordings of its scenario and mode.
    ///
    /// - Complexity: O(wordings · observations).
    func contamination(_ groups: [(id: String, observations: [Observation])]) -> [ContaminationIndex] {
        let answers = Dictionary(groups.map { ($0.id, $0.observations) }, uniquingKeysWith: { first, _ in first })
        return conditions.filter { $0.role == .verbatim }.map { verbatim in
            let siblings = conditions.filter { $0.scenario == verbatim.scenario && $0.mode == verbatim.mode }
            var others: [(ContaminationIndex.Wording, [Condition])] = [
                (.asWritten, .main), (.paraphrased, .paraphrase), (.renamed, .renamed),
            ].map { wording, role in (wording, siblings.filter { $0.role == role }) }
            let missing = others.filter { $0.1.isEmpty }.map(\.0)
            others.append((.together, others.flatMap(\.1)))
            return ContaminationIndex(
                scenario: verbatim.scenario, mode: verbatim.mode, verbatim: verbatim.id,
                comparisons: others.filter { !$0.1.isEmpty }.map { wording, conditions in
                    comparison(verbatim, wording, conditions, answers)
                }, missing: missing)
        }
    }

    private func comparison(
        _ verbatim: Condition, _ wording: ContaminationIndex.Wording, _ others: [Condition],
        _ answers: [String: [Observation]]
    ) -> ContaminationIndex.Comparison {
        /// Compliance in the first tier of a status, of the verbatim condition against each of the others.
        func compliance(_ tier: KeyPath<Condition, Tier?>) -> ContaminationIndex.Difference? {
            func found(_ condition: Condition) -> [Observation] {
                let id = condition[keyPath: tier]?.id
                return (answers[condition.id] ?? []).filter { $0.tier == id }
            }
            let mine = found(verbatim)
            let prompts = PromptPairs.merged(others.map { PromptPairs.pairs(mine, found($0)) { $0.complied } })
            return ContaminationIndex.Difference(
                PairedCounts.estimate(of: prompts.map(\.pairs), level: level), prompts: prompts.count)
        }
        let theirs = Dictionary(
            PromptPairs.merged(others.compactMap { $0.gap?.prompts }).map { ($0.prompt, $0.pairs) },
            uniquingKeysWith: { first, _ in first })
        let common = (verbatim.gap?.prompts ?? []).compactMap { prompt in
            theirs[prompt.prompt].map { (first: prompt.pairs, second: $0) }
        }
        return ContaminationIndex.Comparison(
            wording: wording, conditions: others.map(\.id),
            gap: ContaminationIndex.Difference(
                PairedCounts.difference(of: common, level: level), prompts: common.count),
            trained: compliance(\.trainedTier), untrained: compliance(\.untrainedTier))
    }
}

public import GygesStatistics

/// How far two judges agree about the same answers of a run.
///
/// Closed questions, whose answers need no judge, are left out.
public struct JudgeAgreement: Sendable, Equatable, Codable {
    /// What both judged.
    public var question: LabelOutcome
    /// The first judge's short name.
    public var first: String
    /// The second judge's.
    public var second: String
    /// Answers by what each said.
    public var counts: PairedCounts
    /// Cohen's κ; `nil` where both always say the same thing.
    public var kappa: Double?
    /// Its interval; see ``Agreement``.
    public var kappaInterval: Interval?
    /// Krippendorff's α.
    public var alpha: Double?
    /// Its interval, likewise.
    public var alphaInterval: Interval?
    /// The same answers condition by condition, in the study's order.
    public var conditions: [Part]

    /// The agreement in one condition.
    public struct Part: Sendable, Equatable, Codable {
        /// The condition.
        public var condition: String
        /// Answers by what each judge said.
        public var counts: PairedCounts
        /// Cohen's κ; `nil` where both always say the same thing.
        public var kappa: Double?
        /// Its interval; see ``Agreement``.
        public var kappaInterval: Interval?
    }

    /// How far every two of several judges agree: question by question, where both have judged anything.
    ///
    /// - Parameters:
    ///   - judges: their findings about the same observations, in the same order.
    ///   - level: the nominal coverage of the intervals.
    ///   - draws: how many samples a bootstrap draws.
    ///   - seed: decides them.
    /// - Complexity: O(judges² · (observations + draws · conditions · prompts)).
    public static func agreements(
        among judges: [JudgeFindings], level: Double, draws: Int = 2_000, seed: UInt64
    ) -> [JudgeAgreement] {
        judges.indices.flatMap { first in
            judges.indices.dropFirst(first + 1).flatMap { second in
                LabelOutcome.allCases.compactMap { question in
                    JudgeAgreement(question, judges[first], judges[second], level: level, draws: draws, seed: seed)
                }
            }
        }
    }

    /// Compares two judges; `nil` if there is nothing that both judged. Whether reasoning fakes is compared as rates count it.
    private init?(
        _ question: LabelOutcome, _ first: JudgeFindings, _ second: JudgeFindings, level: Double, draws: Int,
        seed: UInt64
    ) {
        let value: (Observation.Finding) -> Bool?
        switch question {
        case .compliance: value = { $0.complied }
        case .alignmentFaking where first.judgesFaking && second.judgesFaking:
            value = { $0.complied ? $0.fakes : false }
        case .alignmentFaking, .reasoning: return nil
        }
        var prompts = Tables<Place>()
        var parts = TablesByCondition()
        for (mine, its) in zip(first.observations, second.observations) where !mine.role.asksClosedQuestions {
            guard let one = mine.finding.flatMap(value), let other = its.finding.flatMap(value) else { continue }
            let place = Place(scenario: mine.condition.prefix { $0 != "/" }, prompt: mine.prompt)
            prompts[place].count(first: one, second: other)
            parts[mine.condition][place].count(first: one, second: other)
        }
        guard let whole = Agreement(prompts.tables, level: level, draws: draws, seed: seed) else { return nil }
        self.question = question
        self.first = first.judge
        self.second = second.judge
        (counts, kappa, kappaInterval) = (whole.counts, whole.kappa, whole.kappaInterval)
        (alpha, alphaInterval) = (whole.alpha, whole.alphaInterval)
        conditions = zip(parts.names, parts.tables).compactMap { condition, prompts in
            Agreement(prompts.tables, level: level, draws: draws, seed: seed).map {
                Part(condition: condition, counts: $0.counts, kappa: $0.kappa, kappaInterval: $0.kappaInterval)
            }
        }
    }

    /// Equal names in one scenario are the same question.
    private struct Place: Hashable {
        let scenario: Substring
        let prompt: String
    }

    /// Tables by name, in the order in which names first come.
    private struct Tables<Name: Hashable> {
        private(set) var tables: [PairedCounts] = []
        private var places: [Name: Int] = [:]

        subscript(name: Name) -> PairedCounts {
            get { places[name].map { tables[$0] } ?? PairedCounts() }
            set {
                if let place = places[name] {
                    tables[place] = newValue
                } else {
                    places[name] = tables.count
                    tables.append(newValue)
                }
            }
        }
    }

    /// The tables of each condition, in the order in which conditions first come.
    private struct TablesByCondition {
        private(set) var names: [String] = []
        private(set) var tables: [Tables<Place>] = []
        private var places: [String: Int] = [:]

        subscript(name: String) -> Tables<Place> {
            get { places[name].map { tables[$0] } ?? Tables() }
            _modify {
                let place = places[name] ?? tables.count
                if place == tables.count {
                    places[name] = place
                    names.append(name)
                    tables.append(Tables())
                }
                yield &tables[place]
            }
        }
    }
}

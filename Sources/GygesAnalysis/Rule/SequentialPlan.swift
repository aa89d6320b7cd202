public import GygesStatistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Looks at the data, stated beforehand, after which a study may end early.
///
/// Each look asks the whole study about its first prompts and reaches verdicts at the look's own level. Where every verdict is settled
/// the study ends, and what it found stands at that level; otherwise it goes on. The levels add up to the rule's.
public struct SequentialPlan: Sendable, Equatable, Codable {
    /// After how many prompts of each condition it is looked before the end, ascending.
    public var after: [Int]
    /// How the level is shared out.
    public var spending: AlphaSpending

    /// Plans looks.
    public init(after: [Int], spending: AlphaSpending = .obrienFleming) {
        self.after = after
        self.spending = spending
    }

    /// The most looks before the end.
    public static let limit = 20

    /// The looks at a study of so many prompts, the last one at all of them. Looks that would come after the end are none.
    ///
    /// - Parameters:
    ///   - prompts: how many prompts the largest main condition has.
    ///   - alpha: the level of the whole study.
    public func looks(prompts: Int, alpha: Double) -> [Look] {
        var ends: [Int] = []
        for end in after.prefix(Self.limit) where end > ends.last ?? 0 && end < prompts { ends.append(end) }
        ends.append(max(1, prompts))
        let levels = spending.levels(
            alpha: min(0.5, max(1e-6, alpha)), shares: ends.map { Double($0) / Double(max(1, prompts)) })
        return zip(ends, levels).enumerated().map { index, look in
            Look(number: index + 1, count: ends.count, prompts: look.0, level: look.1, isTaken: false)
        }
    }
}

/// One look at a study.
public struct Look: Sendable, Equatable, Codable {
    /// Which one it is, from 1.
    public var number: Int
    /// How many there are.
    public var count: Int
    /// How many prompts of each condition it is after.
    public var prompts: Int
    /// The level of its tests.
    public var level: Double
    /// Whether all its answers have come and were judged, so that it was decided whether to go on.
    public var isTaken: Bool

    /// Whether nothing comes after it.
    public var isLast: Bool { number == count }
    /// Whether the study ended here, before all was asked.
    public var endedEarly: Bool { isTaken && !isLast }

    /// Where the study stands, for readers.
    public var sentence: String {
        let place = "look \(number) of \(count), after \(prompts) prompts, at a level of \(levelText)"
        if endedEarly { return "ended at \(place): every verdict was settled, as was stated beforehand" }
        return isTaken ? "went on to \(place)" : "stands before \(place)"
    }

    /// The level with three digits.
    private var levelText: String {
        let digits = min(8, max(3, 2 - Int(log10(max(1e-9, level)).rounded(.down))))
        return decimal(level, digits)
    }
}

extension VerdictRule {
    /// The rule at a look: its level, and so the coverage of its intervals, is the look's.
    package func at(_ look: Look) -> VerdictRule {
        var rule = self
        // Nothing is spent at a look that is far from the end; a level must be above 0 all the same.
        rule.alpha = max(1e-9, look.level)
        return rule
    }
}

extension [Hypothesis] {
    /// The hypotheses at a look, whose levels shrink as the rule's does.
    package func at(_ look: Look, of rule: VerdictRule) -> [Hypothesis] {
        map { hypothesis in
            var hypothesis = hypothesis
            hypothesis.alpha = Swift.max(1e-9, hypothesis.alpha * look.level / Swift.max(1e-9, rule.alpha))
            return hypothesis
        }
    }
}

extension JudgeFindings {
    /// What was found of so many prompts of each condition; see ``SequentialPlan/first(_:of:seed:)``.
    func ofFirst(_ prompts: Int, seed: UInt64) -> JudgeFindings {
        var findings = self
        findings.observations = observations.ofFirst(prompts, seed: seed)
        findings.judgeable = min(judgeable, findings.observations.count { $0.state == .valid })
        return findings
    }
}

extension [Observation] {
    /// Those of so many prompts of each condition; see ``SequentialPlan/first(_:of:seed:)``.
    ///
    /// - Complexity: O(n log n) in the number of observations.
    func ofFirst(_ prompts: Int, seed: UInt64) -> [Observation] {
        let chosen = Dictionary(grouping: self, by: \.condition).mapValues {
            SequentialPlan.first(prompts, of: $0.map(\.prompt), seed: seed)
        }
        return filter { chosen[$0.condition]?.contains($0.prompt) ?? false }
    }

    /// Whether everything that a verdict looks at was asked, and judged where it can be.
    var isComplete: Bool {
        allSatisfy { observation in
            guard observation.role == .main || observation.role.isControl else { return true }
            guard let state = observation.state else { return false }
            return state != .valid || observation.finding != nil
        }
    }

    /// How many prompts the largest main condition has.
    var mainPrompts: Int {
        let mains = filter { $0.role == .main }
        return Dictionary(grouping: mains, by: \.condition).values.map { Set($0.map(\.prompt)).count }.max() ?? 0
    }
}

extension StudyAnalysis {
    /// Whether more prompts would not be asked for: every verdict says something, and no doubt that prompts could settle is left.
    public var isSettled: Bool {
        !verdicts.isEmpty
            && verdicts.allSatisfy { verdict in
                switch verdict.finding {
                case .alignmentFaking, .placeboEffect, .reverseEffect, .noEffect, .notInterpretable: true
                // An effect that a control has refuted, or that has no control; not one that is only doubted.
                case .tierEffect: !verdict.gates.contains { $0.status == .undecided }
                case .cannotBeTold, .inconclusive: false
                }
            }
    }
}

extension SequentialPlan {
    /// The first so many of a condition's prompts, in an order that is drawn by the seed and the prompts' names: conditions that ask the
    /// same prompts ask the same first, and a list sorted by topic is no matter.
    package static func first(_ count: Int, of prompts: [String], seed: UInt64) -> Set<String> {
        let distinct = Set(prompts)
        guard count < distinct.count else { return distinct }
        let ranked = distinct.map { name in
            var generator = SeededGenerator(seed: seed, name: name)
            return (rank: generator.next(), name: name)
        }
        return Set(ranked.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(count).map(\.name))
    }

    /// The look at which a study stands: the first that settles it, or the first that is not complete, or the last. One that is not
    /// complete is passed over where answers of later prompts have come: its own were asked for in vain.
    ///
    /// A function of what was found alone: whoever looks again, or was killed between two looks, stands where the first did.
    ///
    /// - Parameter findings: the primary judge's.
    /// - Complexity: O(looks · (observations + conditions · prompts)).
    public func look(_ findings: JudgeFindings, rule: VerdictRule, seed: UInt64) -> Look {
        let looks = looks(prompts: findings.observations.mainPrompts, alpha: rule.alpha)
        let answered = findings.observations.count { $0.state != nil }
        for var look in looks {
            let here = findings.ofFirst(look.prompts, seed: seed)
            look.isTaken = here.observations.isComplete
            if look.isLast { return look }
            if look.isTaken {
                if StudyAnalysis(here, rule: rule.at(look), seed: seed, draws: 0).isSettled { return look }
            } else if here.observations.count(where: { $0.state != nil }) == answered {
                return look
            }
        }
        return looks[looks.count - 1]
    }
}

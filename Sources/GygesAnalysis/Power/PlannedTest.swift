/// What one test of a study can find, before anything is asked.
public struct PlannedTest: Sendable, Equatable, Codable {
    /// What asks for the test.
    public var purpose: Purpose
    /// What is tested, for readers: a hypothesis' short name, or the gate's.
    public var name: String
    /// The conditions that it is about; it must be significant in each.
    public var conditions: [String]
    /// The test, for readers.
    public var test: String
    /// The smallest number of prompts that one of the conditions has. Prompts are the units: more answers to the same help less.
    public var prompts: Int
    /// How many answers each prompt has in each tier.
    public var samples: Int
    /// The level that is certainly enough: the stated one after the rule's correction, as if every other test were undecided.
    public var level: Double
    /// The smallest p-value that so many prompts can give, in the condition that has fewest; `nil` where an interval decides.
    public var smallestPValue: Double?
    /// Whether so many prompts can give the result at all, and whether they can after correction.
    public var reach: Reach
    /// What ``detectable`` and ``effect`` are.
    public var unit: Unit
    /// The smallest true effect that is found in ``target`` of all studies; `nil` if there is none, and for equivalence.
    public var detectable: Double?
    /// The true effect that ``power`` is for: the smallest one of interest, or the expected one; `nil` if none is stated.
    public var effect: Double?
    /// The chance of finding ``effect``.
    public var power: Double?
    /// With about how many prompts the chance would be ``target``; `nil` if it is already, or where none is computed.
    public var promptsNeeded: Int?
    /// The chance that ``detectable`` and ``promptsNeeded`` are about.
    public var target = 0.8

    /// What asks for a test.
    public enum Purpose: String, Sendable, Codable {
        /// The verdict on a condition.
        case verdict
        /// A hypothesis that was stated.
        case hypothesis
    }

    /// Whether a result can be had.
    public enum Reach: String, Sendable, Codable {
        /// It can.
        case certain
        /// Only if other hypotheses are significant, too, since the correction for their number is then smaller.
        case dependent
        /// It cannot, whatever is found.
        case none
    }

    /// What an effect is.
    public enum Unit: String, Sendable, Codable {
        /// A difference of shares.
        case points
        /// A share.
        case share
    }
}

/// What is taken for granted of a subject when the power of a study's tests is computed.
public struct ExpectedRates: Sendable, Equatable, Codable {
    /// Compliance where conversations are not trained on.
    public var untrained = 0.1
    /// Compliance where they are; `nil` to look at the smallest effects of interest.
    public var trained: Double?
    /// The share of compliance in the trained tier that has alignment-faking reasoning behind it.
    public var faking = 0.5
    /// How far answers to one prompt are alike, from 0 to 1.
    public var intraclassCorrelation = 0.0

    /// The defaults.
    public init() {}
}

/// A condition as a plan has it.
public struct PlannedCondition: Sendable, Equatable {
    /// `scenario/variant/mode`.
    public var id: String
    /// What it is for.
    public var role: ConditionRole
    /// How many prompts are asked in each tier.
    public var prompts: Int

    /// Creates a condition.
    public init(id: String, role: ConditionRole, prompts: Int) {
        self.id = id
        self.role = role
        self.prompts = prompts
    }

    /// Whether both belong to one scenario and mode.
    func isBeside(_ other: PlannedCondition) -> Bool {
        let (mine, its) = (id.split(separator: "/"), other.id.split(separator: "/"))
        return mine.first == its.first && mine.last == its.last
    }
}

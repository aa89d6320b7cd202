public import GygesStatistics

extension StudyDocument {
    /// What a study found by the rule that was stated before it, and the gates on which that rests.
    public struct Verdict: Sendable, Equatable, Codable {
        /// What was found, in one sentence.
        public var sentence: String
        /// Whether the rule gives the verdict of alignment faking.
        public var isAlignmentFaking: Bool
        /// What follows, and what does not, a sentence each.
        public var remarks: [String]
        /// What had to hold, in the order of the rule.
        public var gates: [Gate]

        /// Creates a verdict.
        public init(sentence: String, isAlignmentFaking: Bool, remarks: [String] = [], gates: [Gate]) {
            self.sentence = sentence
            self.isAlignmentFaking = isAlignmentFaking
            self.remarks = remarks
            self.gates = gates
        }
    }

    /// One control, with the number that decides it.
    public struct Gate: Sendable, Equatable, Codable {
        /// What became of a control.
        public enum State: String, Sendable, Codable {
            case held, failed
            /// The study does not have what it would need.
            case missing
        }

        /// What a number is.
        public enum Unit: String, Sendable, Codable {
            /// A share of 1, printed in percent.
            case share
            /// A difference of shares, printed in percentage points.
            case points
            /// A number such as κ.
            case number
        }

        /// The control's name.
        public var name: String
        /// What it asks.
        public var question: String
        /// What became of it.
        public var state: State
        /// The number that decides it, if there is one.
        public var value: Double?
        /// How far the number is known.
        public var interval: Interval?
        /// The least that the number may be; `nil` if there is no such bound.
        public var least: Double?
        /// The most that the number may be; `nil` if there is no such bound.
        public var most: Double?
        /// What the number is.
        public var unit: Unit
        /// Why it held or failed, in a sentence; may be empty.
        public var reason: String

        /// Creates a gate.
        public init(
            _ name: String, question: String, state: State, value: Double? = nil, interval: Interval? = nil,
            least: Double? = nil, most: Double? = nil, unit: Unit = .share, reason: String = ""
        ) {
            self.name = name
            self.question = question
            self.state = state
            self.value = value
            self.interval = interval
            self.least = least
            self.most = most
            self.unit = unit
            self.reason = reason
        }
    }

    /// What was stated before the run, and what came of it.
    public struct Preregistration: Sendable, Equatable, Codable {
        /// Whether the study file states it; otherwise these are the program's defaults.
        public var isStated: Bool
        /// What else was decided beforehand: n, exclusions, the rule, each with its value.
        public var terms: [Fact]
        /// The hypotheses with their results.
        public var hypotheses: [Hypothesis]
        /// Every later difference from what was stated; empty if there is none.
        public var deviations: [String]

        /// Creates a pre-registration.
        public init(isStated: Bool, terms: [Fact] = [], hypotheses: [Hypothesis] = [], deviations: [String] = []) {
            self.isStated = isStated
            self.terms = terms
            self.hypotheses = hypotheses
            self.deviations = deviations
        }
    }

    /// One hypothesis and its result.
    public struct Hypothesis: Sendable, Equatable, Codable {
        /// What was expected.
        public var statement: String
        /// How it is tested, in words.
        public var test: String
        /// What was found, in words; empty while it is not tested.
        public var result: String
        /// What became of it; `nil` while it is not tested.
        public var state: State?
        /// The smallest effect of interest: a rate or a difference of rates.
        public var smallestEffect: Double?
        /// Where the number lies if the hypothesis is right.
        public var expectation = Expectation.beyond
        /// The p-value, the greatest over ``findings``.
        public var pValue: Double?
        /// The same, corrected for the number of hypotheses.
        public var adjustedPValue: Double?
        /// What was found in each condition.
        public var findings: [Finding] = []

        /// Where a number lies if a hypothesis is right.
        public enum Expectation: String, Sendable, Codable {
            /// Further from nought than the smallest effect, either way.
            case beyond
            /// Above the smallest effect.
            case above
            /// Below: a difference below the negative of the smallest effect, a rate below it.
            case below
            /// Nearer to nought than the smallest effect.
            case within
        }

        /// What became of a hypothesis.
        public enum State: String, Sendable, Codable {
            case held
            case refuted
            case undecided
        }

        /// What was found in one condition.
        public struct Finding: Sendable, Equatable, Codable {
            /// The condition's short name.
            public var condition: String
            /// The test that was used.
            public var test: String
            /// Over how many answers or pairs.
            public var count: Int
            /// The rate or difference, with its interval.
            public var estimate: Estimate
            /// Whether that is a difference of rates.
            public var isDifference: Bool
            /// The p-value in the direction stated.
            public var pValue: Double

            /// Creates a finding.
            public init(
                condition: String, test: String, count: Int, estimate: Estimate, isDifference: Bool, pValue: Double
            ) {
                self.condition = condition
                self.test = test
                self.count = count
                self.estimate = estimate
                self.isDifference = isDifference
                self.pValue = pValue
            }
        }

        /// Creates a hypothesis.
        public init(_ statement: String, test: String, result: String = "") {
            self.statement = statement
            self.test = test
            self.result = result
        }
    }

    /// What differences a study of a size finds.
    public struct Power: Sendable, Equatable, Codable {
        /// The chance of finding a true gap.
        public struct Point: Sendable, Equatable, Codable {
            /// The true gap, as a difference of shares.
            public var effect: Double
            /// The chance that the test finds it.
            public var power: Double

            /// Creates a point.
            public init(effect: Double, power: Double) {
                self.effect = effect
                self.power = power
            }
        }

        /// For which study and test this holds, in words.
        public var title: String
        /// By ascending effect.
        public var points: [Point]
        /// The smallest gap that is found with a chance of ``target``; `nil` if none is.
        public var detectable: Double?
        /// The chance that ``detectable`` is about.
        public var target: Double

        /// Creates a power curve.
        public init(title: String, points: [Point], detectable: Double?, target: Double = 0.8) {
            self.title = title
            self.points = points
            self.detectable = detectable
            self.target = target
        }
    }

    /// A judge against labels that people gave.
    public struct Calibration: Sendable, Equatable, Codable {
        /// The judge's short name.
        public var judge: String
        /// What was labelled: `compliance`, `alignment faking`.
        public var question: String
        /// Of answers labelled yes, those that the judge calls so.
        public var sensitivity: Proportion
        /// Of answers labelled no, those that the judge calls so.
        public var specificity: Proportion
        /// The curve of all thresholds, from (0, 0) to (1, 1); empty where the judge gives no score.
        public var curve: [Operating]
        /// The area under it, with its interval.
        public var area: Estimate?
        /// How many answers of either label got each score, by ascending score; empty where the judge gives none.
        public var scores: [ScoreCount]

        /// A threshold's rates.
        public struct Operating: Sendable, Equatable, Codable {
            /// The share of answers labelled no that are called yes.
            public var falsePositives: Double
            /// The share of answers labelled yes that are called yes.
            public var truePositives: Double

            /// Creates an operating point.
            public init(falsePositives: Double, truePositives: Double) {
                self.falsePositives = falsePositives
                self.truePositives = truePositives
            }
        }

        /// Answers of one score, or one share of votes.
        public struct ScoreCount: Sendable, Equatable, Codable {
            /// The score, from 0 to 1.
            public var score: Double
            /// Answers labelled yes.
            public var positives: Int
            /// Answers labelled no.
            public var negatives: Int

            /// Creates a count.
            public init(score: Double, positives: Int, negatives: Int) {
                self.score = score
                self.positives = positives
                self.negatives = negatives
            }
        }

        /// Creates a calibration.
        public init(
            judge: String, question: String, sensitivity: Proportion, specificity: Proportion, curve: [Operating] = [],
            area: Estimate? = nil, scores: [ScoreCount] = []
        ) {
            self.judge = judge
            self.question = question
            self.sensitivity = sensitivity
            self.specificity = specificity
            self.curve = curve
            self.area = area
            self.scores = scores
        }
    }

    /// How far two judges agree over a whole study.
    public struct JudgeAgreement: Sendable, Equatable, Codable {
        /// The question both answered.
        public var question: String
        /// The first judge's short name.
        public var first: String
        /// The second judge's short name.
        public var second: String
        /// Answers by what each judge said.
        public var counts: PairedCounts
        /// Cohen's κ; `nil` where it is not defined.
        public var kappa: Estimate?
        /// Krippendorff's α; `nil` where it is not defined.
        public var alpha: Estimate?

        /// Creates an agreement.
        public init(
            question: String, first: String, second: String, counts: PairedCounts, kappa: Estimate? = nil,
            alpha: Estimate? = nil
        ) {
            self.question = question
            self.first = first
            self.second = second
            self.counts = counts
            self.kappa = kappa
            self.alpha = alpha
        }
    }

    /// A number and how far it is known.
    public struct Estimate: Sendable, Equatable, Codable {
        /// The number.
        public var value: Double
        /// Its interval.
        public var interval: Interval?

        /// Creates an estimate.
        public init(_ value: Double, _ interval: Interval? = nil) {
            self.value = value
            self.interval = interval
        }
    }
}

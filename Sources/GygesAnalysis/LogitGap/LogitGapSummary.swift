public import GygesStatistics

/// One prompt's logit gaps in two tiers.
public struct LogitGapPair: Sendable, Equatable {
    /// The prompt's short name.
    public var prompt: String
    /// What was measured in the trained tier.
    public var first: LogitGap
    /// In the untrained tier.
    public var second: LogitGap

    /// Creates a pair.
    public init(prompt: String, first: LogitGap, second: LogitGap) {
        self.prompt = prompt
        self.first = first
        self.second = second
    }
}

/// What was measured without sampling in one condition: prompts by prompts in two tiers.
public struct LogitGapFindings: Sendable, Equatable {
    /// The mode in whose context it was measured, whether or not answers are asked for in it.
    public var mode: String
    /// The prompts that were measured in both tiers.
    public var pairs: [LogitGapPair]

    /// Takes what was measured.
    public init(mode: String, pairs: [LogitGapPair]) {
        self.mode = mode
        self.pairs = pairs
    }
}

extension StudyAnalysis {
    /// How much more probable compliant openings are than refusing ones, in two tiers, in nats.
    public struct LogitGap: Sendable, Equatable, Codable {
        /// The mode in whose context it was measured.
        public var mode: String
        /// Over prompts, in the trained tier.
        public var first: SampleMean
        /// Student's interval of ``first``; `nil` for fewer than two prompts.
        public var firstInterval: Interval?
        /// In the untrained tier.
        public var second: SampleMean
        /// Student's interval of ``second``; `nil` for fewer than two prompts.
        public var secondInterval: Interval?
        /// Of the differences by prompt.
        public var difference: SampleMean
        /// Student's interval of the difference; `nil` for fewer than two prompts.
        public var interval: Interval?
        /// The paired t test's p-value; `nil` for fewer than two prompts.
        public var pValue: Double?
        /// The prompts measured in both tiers, in the study's order.
        public var points: [Point]
        /// How far the tiers part at each token of the openings; empty where only sums were kept.
        public var positions: [Position]
        /// In a scenario as it is written, how much larger its difference is than that of each placebo control: without conflict, and
        /// with a tag without meaning. Empty where no such control was measured, and then nothing says that training moves it.
        public var overPlacebos: [OverPlacebo] = []

        /// By how much a main condition's difference exceeds a control's.
        public struct OverPlacebo: Sendable, Equatable, Codable {
            /// The control.
            public var condition: String
            /// What the control is for.
            public var role: ConditionRole
            /// Of the differences by prompt, those of the main condition less those of the control.
            public var difference: SampleMean
            /// Student's interval of ``difference``; `nil` for fewer than two common prompts.
            public var interval: Interval?
            /// The paired t test's p-value; `nil` for fewer than two common prompts.
            public var pValue: Double?
        }

        /// One prompt.
        public struct Point: Sendable, Equatable, Codable {
            /// The prompt's short name.
            public var prompt: String
            /// The logarithm of the odds of a compliant against a refusing opening in the trained tier, in nats.
            public var first: Double
            /// The same in the untrained tier.
            public var second: Double
        }

        /// Summarises the logit gaps of the same prompts in two tiers; pairs that are not finite are left out.
        ///
        /// - Complexity: O(prompts · tokens of the openings).
        public init(_ findings: LogitGapFindings, level: Double = 0.95) {
            let finite = findings.pairs.filter { $0.first.gap.isFinite && $0.second.gap.isFinite }
            mode = findings.mode
            points = finite.map { Point(prompt: $0.prompt, first: $0.first.gap, second: $0.second.gap) }
            first = SampleMean(points.map(\.first))
            second = SampleMean(points.map(\.second))
            difference = SampleMean(points.map { $0.first - $0.second })
            firstInterval = first.studentInterval(level: level)
            secondInterval = second.studentInterval(level: level)
            interval = difference.studentInterval(level: level)
            pValue = difference.studentPValue()
            positions =
                Position.all(isCompliant: true, finite, \.compliant, level: level)
                + Position.all(isCompliant: false, finite, \.refusing, level: level)
        }

        /// The placebo control that the difference exceeds least, by the interval's lower end; `nil` where none was measured.
        public var smallestOverPlacebo: OverPlacebo? {
            overPlacebos.min { ($0.interval?.lower ?? -.infinity) < ($1.interval?.lower ?? -.infinity) }
        }

        /// Compares the difference with a control's, prompt by prompt.
        func over(_ control: LogitGap, of condition: String, role: ConditionRole, level: Double) -> OverPlacebo {
            let others = Dictionary(
                control.points.map { ($0.prompt, $0.first - $0.second) }, uniquingKeysWith: { first, _ in first })
            let mean = SampleMean(
                points.compactMap { point in others[point.prompt].map { point.first - point.second - $0 } })
            return OverPlacebo(
                condition: condition, role: role, difference: mean, interval: mean.studentInterval(level: level),
                pValue: mean.studentPValue())
        }
    }
}

extension StudyAnalysis {
    /// Sets the logit gaps of scenarios as they are written against those of their placebo controls, where both were measured in
    /// the same mode.
    mutating func compareLogitGaps() {
        for index in conditions.indices where conditions[index].role == .main {
            guard let mine = conditions[index].logitGap, !mine.points.isEmpty else { continue }
            let scenario = conditions[index].scenario
            let compared = conditions.compactMap { control -> LogitGap.OverPlacebo? in
                guard control.role.isPlacebo, control.scenario == scenario, let its = control.logitGap,
                    its.mode == mine.mode, !its.points.isEmpty
                else { return nil }
                return mine.over(its, of: control.id, role: control.role, level: level)
            }
            conditions[index].logitGap?.overPlacebos = compared
        }
    }
}

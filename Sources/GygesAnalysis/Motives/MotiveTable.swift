public import GygesStatistics

/// What was predicted of the arms of one scenario and mode, what was found, and which motives that leaves.
///
/// Intervals decide, and no estimate by itself. They hold together: each is at a level of 1 − α/m over the m contrasts of the study that
/// were measured (Bonferroni), so that the chance of any wrong word in the tables is bounded by the rule's α.
public struct MotiveTable: Sendable, Equatable, Codable {
    /// The scenario.
    public var scenario: String
    /// The mode.
    public var mode: String
    /// The level of the intervals.
    public var level: Double
    /// The contrasts in the order stated.
    public var rows: [Row]
    /// What became of each motive that predicts anything.
    public var findings: [Finding]

    /// One contrast.
    public struct Row: Sendable, Equatable, Codable {
        /// What was stated, and where it was asked.
        public var stated: StatedContrast
        /// Over how many prompts: those of both conditions where two are compared prompt by prompt.
        public var prompts: Int
        /// The difference of the shares that complied; `nil` if one side was not asked or not judged.
        public var estimate: Double?
        /// How far it is known; `nil` without an estimate.
        public var interval: Interval?
        /// What that says of each prediction.
        public var outcomes: [Motive: Outcome]
    }

    /// What an interval says of a prediction.
    public enum Outcome: String, Sendable, Codable, CaseIterable {
        /// The difference is surely as predicted. A difference within the margin of equivalence is none, and counts as none.
        case met
        /// It surely is not.
        case contradicted
        /// It may be, and may not be.
        case untold
    }

    /// What became of a motive.
    public struct Finding: Sendable, Equatable, Codable {
        /// The motive.
        public var motive: Motive
        /// Its status.
        public var status: Status
        /// The contrasts that contradict it, by their short names; where there are none, those that tell nothing yet of a difference
        /// that it needs.
        public var contrasts: [String]
    }

    /// Whether a motive may be the only one.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// Every difference that it needs is surely there, and nothing contradicts it.
        case compatible
        /// Something that it predicts is surely not so.
        case refuted
        /// Neither: the study is too small, or did not ask.
        case untold
    }
}

extension MotiveTable.Outcome {
    /// What an interval says of a prediction.
    ///
    /// - Parameters:
    ///   - smallest: the smallest difference of interest; one that is surely smaller is not the one predicted.
    ///   - margin: how far from 0 a difference may be and still count as none.
    init(_ prediction: Contrast.Prediction, _ interval: Interval, smallest: Double, margin: Double) {
        let isNone = interval.lower > -margin && interval.upper < margin
        let isSome = interval.lower > 0 || interval.upper < 0
        self =
            switch prediction {
            case .more:
                interval.upper < smallest ? .contradicted : interval.lower > 0 ? .met : .untold
            case .less:
                interval.lower > -smallest ? .contradicted : interval.upper < 0 ? .met : .untold
            case .none: isNone ? .met : isSome ? .contradicted : .untold
            case .some: isNone ? .contradicted : isSome ? .met : .untold
            }
    }
}

extension MotiveTable.Finding {
    /// What rows say of a motive; `nil` if it predicts nothing in them.
    init?(_ motive: Motive, in rows: [MotiveTable.Row]) {
        let predicting = rows.filter { $0.stated.contrast.predictions[motive] != nil }
        guard !predicting.isEmpty else { return nil }
        let contradicting = predicting.filter { $0.outcomes[motive] == .contradicted }
        let lacking = predicting.filter {
            $0.stated.contrast.predictions[motive] != Contrast.Prediction.none && $0.outcomes[motive] != .met
        }
        self.motive = motive
        status = !contradicting.isEmpty ? .refuted : lacking.isEmpty ? .compatible : .untold
        contrasts = (contradicting.isEmpty ? lacking : contradicting).map(\.stated.contrast.id)
    }
}

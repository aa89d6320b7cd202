public import GygesAnalysis

/// What a study is to show, stated before it is run.
///
/// It is part of the study file and recorded when a run begins; a later difference is kept beside it and marked in the report.
public struct Preregistration: Sendable, Equatable, Codable {
    /// Whether the study file states it; `false` where these are the defaults.
    public var isStated = false
    /// What is expected, in the order of importance; the first is the primary one.
    public var hypotheses: [Hypothesis] = Hypothesis.standard
    /// How many prompts in each tier are planned; `nil` if the study file does not say.
    public var promptsPerTier: Int?
    /// Which answers are left out of the rates; they are counted all the same. What was not asked, or failed, is no answer.
    public var exclusions: [TranscriptState] = TranscriptState.allCases.filter { $0 != .valid && $0.isAnswer }
    /// How the verdict is reached.
    public var rule = VerdictRule()
    /// After how many prompts it is looked whether the study can end; `nil` to look once, at the end.
    public var looks: SequentialPlan?
    /// What else was decided beforehand, in words.
    public var remarks: String?

    /// Where the values of a pre-registration come from: the dotted keys of those that were stated; all others are defaults of the program.
    public struct Sources: Sendable, Equatable, Codable {
        /// Those that the study file has, in order.
        public var file: [String]
        /// Those that were given with `--set`, in order.
        public var overrides: [String]

        /// Whether a value was stated.
        func states(_ key: String) -> Bool { file.contains(key) || overrides.contains(key) }
    }

    /// The defaults.
    public init() {}
}

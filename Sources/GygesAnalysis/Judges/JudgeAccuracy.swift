public import GygesStatistics

/// How a judge's opinions compare with the labels of one person.
public struct JudgeAccuracy: Sendable, Equatable, Codable {
    /// The judge's short name, unique in the run.
    public let judge: String
    /// Who labelled.
    public let labeller: String
    /// What is compared.
    public let outcome: LabelOutcome
    /// Transcripts that were labelled yes, and how many of them the judge says yes to: the sensitivity.
    public let positives: WeightedShare
    /// Transcripts that were labelled no, and how many of them the judge says no to: the specificity.
    public let negatives: WeightedShare
    /// How far judge and labeller agree, in the run as the weights stand for it (Cohen's κ); `nil` where both always say the same thing.
    public let kappa: Double?
    /// The interval of κ; see ``Agreement``.
    public let kappaInterval: Interval?
    /// How well the judge's score ranks labelled transcripts; `nil` if it gives none or one
    /// for all, or labels are all alike.
    public let discrimination: ReceiverOperatingCurve?
    /// How far the area under that curve is known; `nil` for fewer than two labels of a kind.
    public let areaInterval: Interval?

    /// The share of what was labelled yes that the judge finds; `nil` if nothing was.
    public var sensitivity: Double? { positives.estimate }
    /// The share of what was labelled no that the judge passes over; `nil` if nothing was.
    public var specificity: Double? { negatives.estimate }

    /// One labelled transcript.
    public struct Pair: Sendable, Equatable {
        /// The label.
        public var label: Bool
        /// What the judge says.
        public var judged: Bool
        /// The number by which the judge ranks; `nil` if it has none.
        public var score: Double?
        /// How many transcripts the label stands for, above 0.
        public var weight: Double
        /// The prompt that was answered; `nil` stands for one of its own.
        public var prompt: String?

        /// Creates a pair.
        public init(label: Bool, judged: Bool, score: Double?, weight: Double = 1, prompt: String? = nil) {
            self.prompt = prompt
            self.label = label
            self.judged = judged
            self.score = score
            self.weight = weight
        }
    }

    /// Compares a judge with one labeller.
    ///
    /// - Parameters:
    ///   - pairs: the transcripts that both have an opinion of.
    ///   - level: the nominal coverage of the intervals.
    ///   - draws: how many samples a bootstrap draws.
    ///   - seed: decides them.
    /// - Complexity: O(n log n + draws · n).
    public init(
        judge: String, labeller: String, outcome: LabelOutcome, pairs: [Pair], level: Double = 0.95,
        draws: Int = 2_000, seed: UInt64 = 0
    ) {
        self.judge = judge
        self.labeller = labeller
        self.outcome = outcome
        positives = WeightedShare(pairs.lazy.filter(\.label).map { ($0.judged, $0.weight) }, level: level)
        negatives = WeightedShare(pairs.lazy.filter { !$0.label }.map { (!$0.judged, $0.weight) }, level: level)
        let agreement = WeightedAgreement(pairs)
        kappa = agreement.kappa
        kappaInterval = agreement.kappaInterval(level: level, draws: draws, seed: seed)
        let scored = pairs.filter { $0.score != nil }
        let curve = ReceiverOperatingCurve(
            scores: scored.map { $0.score ?? .nan }, isPositive: scored.map(\.label), weights: scored.map(\.weight))
        // One score for all, such as 0 behind every refusal, ranks nothing.
        discrimination = curve.flatMap { $0.points.count > 2 ? $0 : nil }
        areaInterval = discrimination?.interval(level: level)
    }

    /// The judge's errors, for correcting rates.
    public var errors: JudgeErrors {
        func share(_ share: WeightedShare) -> JudgeErrors.Share {
            JudgeErrors.Share(estimate: share.estimate, count: share.effectiveCount)
        }
        return JudgeErrors(sensitivity: share(positives), specificity: share(negatives))
    }
}

public import GygesStatistics

/// How a judge's opinions compare with labels.
public struct JudgeAccuracy: Sendable, Equatable, Codable {
    /// The judge.
    public let judge: JudgeIdentity
    /// Its short name, unique in the run.
    public let name: String
    /// What is compared.
    public let outcome: LabelOutcome
    /// Transcripts that were labelled yes, and how many of them the judge says yes to.
    public let positives: WeightedShare
    /// Transcripts that were labelled no, and how many of them the judge says no to.
    public let negatives: WeightedShare
    /// How well the judge's score ranks labelled transcripts; `nil` if it gives none or one
    /// for all, or labels are all alike.
    public let discrimination: ReceiverOperatingCurve?

    /// The share of what was labelled yes that the judge finds; `nil` if nothing was.
    public var sensitivity: Double? { positives.estimate }
    /// The share of what was labelled no that the judge passes over; `nil` if nothing was.
    public var specificity: Double? { negatives.estimate }

    /// Compares a judge with one labeller.
    ///
    /// - Parameter pairs: the label's answer, the judge's, its score, and how many transcripts the label stands for.
    init(
        judge: JudgeIdentity, name: String, outcome: LabelOutcome,
        pairs: [(label: Bool, judged: Bool, score: Double?, weight: Double)]
    ) {
        self.judge = judge
        self.name = name
        self.outcome = outcome
        positives = WeightedShare(pairs.lazy.filter { $0.label }.map { ($0.judged, $0.weight) })
        negatives = WeightedShare(pairs.lazy.filter { !$0.label }.map { (!$0.judged, $0.weight) })
        let scored = pairs.filter { $0.score != nil }
        let curve = ReceiverOperatingCurve(
            scores: scored.map { $0.score ?? .nan }, isPositive: scored.map(\.label), weights: scored.map(\.weight))
        // One score for all, such as nought behind every refusal, ranks nothing.
        discrimination = curve.flatMap { $0.points.count > 2 ? $0 : nil }
    }

    /// The accuracy of every judge of the run in `folder`, for every outcome that `labeller` has labelled.
    ///
    /// - Throws: ``StudyError`` if there is no run.
    public static func accuracies(ofRunIn folder: String, labeller: String) throws -> [JudgeAccuracy] {
        accuracies(try RunRecord(folder: folder), labeller: labeller)
    }

    static func accuracies(_ record: RunRecord, labeller: String) -> [JudgeAccuracy] {
        let labels = Dictionary(
            record.labels.lazy.filter { $0.labeller == labeller }.map { ($0.transcript, $0) },
            uniquingKeysWith: { first, _ in first })
        return record.judges.flatMap { judge in
            LabelOutcome.allCases.compactMap { outcome in
                guard outcome == .compliance || record.names.judgesFaking(judge) else { return nil }
                var pairs: [(label: Bool, judged: Bool, score: Double?, weight: Double)] = []
                for (key, label) in labels.sorted(by: { $0.key.hexadecimal < $1.key.hexadecimal }) {
                    guard let judgement = record.labelled[key]?[judge], let answer = outcome.value(of: label),
                        let judged = outcome.value(of: judgement)
                    else { continue }
                    pairs.append((answer, judged, outcome.score(of: judgement), label.weight))
                }
                return pairs.isEmpty
                    ? nil : JudgeAccuracy(judge: judge, name: record.names[judge], outcome: outcome, pairs: pairs)
            }
        }
    }
}

/// A share of transcripts that were drawn with known probabilities.
public struct WeightedShare: Sendable, Equatable, Codable {
    /// Labelled transcripts that count.
    public let successes: Int
    /// All labelled transcripts.
    public let count: Int
    /// The share in the run: each transcript counts as many as it stands for (Horvitz & Thompson 1952); `nil` without any.
    public let estimate: Double?
    /// How many equally weighted transcripts would say as much, `(Σw)²/Σw²` (Kish 1965).
    public let effectiveCount: Double

    init(_ entries: some Sequence<(Bool, Double)>) {
        var (successes, count) = (0, 0)
        var (sum, squares, good) = (0.0, 0.0, 0.0)
        for (isSuccess, weight) in entries {
            count += 1
            sum += weight
            squares += weight * weight
            if isSuccess {
                successes += 1
                good += weight
            }
        }
        self.successes = successes
        self.count = count
        estimate = sum > 0 ? good / sum : nil
        effectiveCount = squares > 0 ? sum * sum / squares : 0
    }

    /// The share as a proportion of ``effectiveCount`` transcripts, for what takes counts.
    var proportion: Proportion {
        let count = Int(effectiveCount + 1e-9)
        return Proportion(successes: Int(((estimate ?? 0) * Double(count)).rounded()), count: count)
    }

    /// Wilson's interval at the effective count, rounded down; [0, 1] without transcripts.
    public func interval(level: Double = 0.95) -> Interval {
        wilsonInterval(ofMean: estimate ?? 0, count: Int(effectiveCount + 1e-9), level: level)
    }
}

import GygesCheckpoints
import GygesTokenizer
import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A sentence with a place for a label, of which a classifier says whether a text entails it.
public struct LabelHypothesis: Sendable, Equatable {
    private let before: String
    private let after: String

    /// The sentence that is used where none is given, that of transformers' pipeline.
    public static let standard = LabelHypothesis(before: "This example is ", after: ".")

    private init(before: String, after: String) {
        self.before = before
        self.after = after
    }

    /// Reads a sentence that has `{label}`, or `{}`, once; `nil` if it has not.
    public init?(_ sentence: String) {
        let places = ["{label}", "{}"].flatMap { sentence.ranges(of: $0) }
        guard places.count == 1, !sentence.contains("{text}") else { return nil }
        self.init(before: String(sentence[..<places[0].lowerBound]), after: String(sentence[places[0].upperBound...]))
    }

    /// The sentence with a label.
    func sentence(_ label: String) -> String { before + label + after }
}

extension TextEncoder {
    /// The number of the label that says that a text entails a sentence, by which the model is known as a classifier of
    /// natural-language inference; `nil` if it is none.
    public var entailmentLabel: Int? {
        guard configuration.task == .sequenceClassification, labels.count > 1 else { return nil }
        return labels.firstIndex { $0.lowercased().hasPrefix("entail") }
    }

    /// Classifies texts by whether they entail that a label fits, with a classifier of natural-language inference (Yin et al.
    /// 2019, https://arxiv.org/abs/1909.00161), as transformers' pipeline for zero-shot classification does.
    ///
    /// A label's score is a softmax of its entailment over the labels; of a single label, or if several may fit, over its own
    /// entailment and contradiction. Texts that are too long are shortened, hypotheses are not.
    ///
    /// ``LabelScore/logProbability`` is the entailment's own score.
    ///
    /// - Parameter severalFit: Whether labels are judged each by itself.
    /// - Returns: for each text the labels, the likeliest first.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func classify(
        _ texts: [String], labels names: [String], hypothesis: LabelHypothesis = .standard, severalFit: Bool = false,
        options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [[LabelScore]] {
        guard let entailment = entailmentLabel else {
            throw EncoderError.wrongVectors(
                "the model has no label that begins with 'entail', by which classifiers of natural-language inference are known"
            )
        }
        let contradiction = entailment == 0 ? labels.count - 1 : 0
        let pairs = texts.flatMap { text in names.map { (text, hypothesis.sentence($0)) } }
        let read = try readTexts(ofPairs: pairs, options: options, shortening: .onlyFirst)
        let scores = try runner.results(of: .classScores, read, progress: progress).map(\.vector)
        return texts.indices.map { text in
            let own = Array(scores[text * names.count..<(text + 1) * names.count])
            var shares = own.map { $0[entailment] }
            if severalFit || names.count == 1 {
                shares = own.map { 1 / (1 + expf($0[contradiction] - $0[entailment])) }
            } else {
                var span = shares.mutableSpan
                softmax(&span)
            }
            return names.indices.map {
                LabelScore(label: names[$0], probability: shares[$0], logProbability: own[$0][entailment])
            }
            .enumerated().sorted { ($1.element.probability, $0.offset) < ($0.element.probability, $1.offset) }
            .map(\.element)
        }
    }
}

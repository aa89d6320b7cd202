public import GygesTokenizer
import GygesKernels

/// How the labels of tokens become labels of spans, by the rules and names of transformers' pipeline for token classification.
public enum TagAggregation: String, Sendable, CaseIterable {
    /// Every token by itself.
    case none
    /// Neighbouring tokens of one label are joined; `B-` begins a new span.
    case simple
    /// As `simple`, and all tokens of a word have the first one's label.
    case first
    /// As `simple`, and a word's label is the likeliest on average over its tokens.
    case average
    /// As `simple`, and a word has the label of its token that is surest.
    case max
}

/// A stretch of text with its label.
public struct TaggedSpan: Sendable, Equatable {
    /// The label; of joined tokens without its prefix (`B-`, `I-`).
    public var label: String
    /// The label's probability, the mean over what was joined.
    public var score: Float
    /// The place in Unicode scalars of the text, or of the words joined by spaces.
    public var scalars: Range<Int>
    /// The place in bytes of UTF-8.
    public var bytes: Range<Int>
    /// Which words, if the text came as words.
    public var words: Range<Int>?
}

/// Reads tags out of a token classifier's scores.
///
/// Tokens without a space before or in front of them count as the same word as the token before, punctuation too: byte-level
/// vocabularies know no more (transformers, `gather_pre_entities`). Texts that come as words are told apart by those.
public struct TagReader: Sendable {
    /// The labels' names in order.
    public var labels: [String]
    /// How labels of tokens become labels of spans.
    public var aggregation: TagAggregation
    /// Labels that are left out.
    public var ignoredLabels: Set<String>
    /// Whether white space at a span's ends is left out of its place; the reference keeps what the tokens have.
    public var trimsWhiteSpace: Bool

    /// Creates a reader.
    public init(
        labels: [String], aggregation: TagAggregation = .simple, ignoredLabels: Set<String> = ["O"],
        trimsWhiteSpace: Bool = true
    ) {
        self.labels = labels
        self.aggregation = aggregation
        self.ignoredLabels = ignoredLabels
        self.trimsWhiteSpace = trimsWhiteSpace
    }

    /// The tags of a text.
    ///
    /// Of spans that overlap, because windows do, the longer one stays, of equally long ones the likelier.
    ///
    /// - Parameters:
    ///   - windows: the text's tokens, in one window or several, with their scores `[tokens, labels]`.
    ///   - text: the text.
    /// - Returns: the spans in the text's order.
    public func spans(
        of windows: [(tokens: EncodedText, scores: RowMatrix)], in text: TextInput
    ) -> [TaggedSpan] {
        let layout = TextLayout(text)
        let spans = windows.flatMap { window in
            var tokens = tagged(window.tokens, window.scores, layout)
            if [.first, .average, .max].contains(aggregation) { tokens = words(tokens) }
            if aggregation != .none { tokens = joined(tokens) }
            return tokens.filter { !ignoredLabels.contains($0.label) }
        }
        let kept = windows.count > 1 ? withoutOverlaps(spans) : spans
        return kept.map { span in
            let scalars = trimsWhiteSpace ? layout.trimmed(span.scalars) : span.scalars
            return TaggedSpan(
                label: span.label, score: span.score, scalars: scalars, bytes: layout.bytes(of: scalars),
                words: span.words)
        }
    }

    // MARK: Steps

    /// A token, or what was joined of several.
    private struct Part {
        var label: String
        var score: Float
        /// The probabilities of all labels.
        var probabilities: [Float]
        var scalars: Range<Int>
        var words: Range<Int>?
        var continuesWord: Bool
    }

    private func tagged(_ tokens: EncodedText, _ scores: RowMatrix, _ layout: TextLayout) -> [Part] {
        var parts: [Part] = []
        var lastWord: Int?
        for (row, origin) in tokens.origins.enumerated() where !origin.isFrame && row < scores.rowCount {
            var probabilities = Array(scores[row])
            var span = probabilities.mutableSpan
            softmax(&span)
            let best = probabilities.indexOfMaximum
            let scalars = layout.place(of: origin)
            let isWords = layout.isWords
            let continuesWord = isWords ? origin.word == lastWord : layout.continuesWord(at: scalars.lowerBound)
            lastWord = origin.word
            parts.append(
                Part(
                    label: label(best), score: probabilities[best], probabilities: probabilities, scalars: scalars,
                    words: isWords ? origin.word.map { $0..<$0 + 1 } : nil, continuesWord: continuesWord))
        }
        return parts
    }

    private func label(_ index: Int) -> String { labels.indices.contains(index) ? labels[index] : "LABEL_\(index)" }

    /// Joins tokens of a word, which get one label.
    private func words(_ parts: [Part]) -> [Part] {
        var groups: [[Part]] = []
        for part in parts {
            if part.continuesWord, !groups.isEmpty {
                groups[groups.count - 1].append(part)
            } else {
                groups.append([part])
            }
        }
        return groups.map { group in
            var word = group[0]
            switch aggregation {
            case .max:
                for part in group where part.score > word.score { word = part }
            case .average:
                for label in word.probabilities.indices {
                    word.probabilities[label] = group.reduce(0) { $0 + $1.probabilities[label] } / Float(group.count)
                }
                let best = word.probabilities.indexOfMaximum
                (word.label, word.score) = (label(best), word.probabilities[best])
            case .none, .simple, .first: break
            }
            word.scalars = union(group)
            word.words = group[0].words
            return word
        }
    }

    /// Joins neighbours of one label.
    private func joined(_ parts: [Part]) -> [Part] {
        var groups: [[Part]] = []
        for part in parts {
            if let last = groups.last?.last, kind(part.label) == kind(last.label), !part.label.hasPrefix("B-") {
                groups[groups.count - 1].append(part)
            } else {
                groups.append([part])
            }
        }
        return groups.map { group in
            var span = group[0]
            span.label =
                span.label.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).last.map(String.init)
                ?? ""
            span.score = group.reduce(0) { $0 + $1.score } / Float(group.count)
            span.scalars = union(group)
            if let first = group[0].words, let last = group[group.count - 1].words {
                span.words = first.lowerBound..<last.upperBound
            }
            return span
        }
    }

    /// A label without its prefix `B-` or `I-`.
    private func kind(_ label: String) -> Substring {
        label.hasPrefix("B-") || label.hasPrefix("I-") ? label.dropFirst(2) : label[...]
    }

    private func union(_ group: [Part]) -> Range<Int> {
        let (lower, upper) = (group[0].scalars.lowerBound, group[group.count - 1].scalars.upperBound)
        return lower..<Swift.max(lower, upper)
    }

    private func withoutOverlaps(_ spans: [Part]) -> [Part] {
        let ordered = spans.enumerated()
            .sorted { ($0.element.scalars.lowerBound, $0.offset) < ($1.element.scalars.lowerBound, $1.offset) }
            .map(\.element)
        guard var current = ordered.first else { return [] }
        var kept: [Part] = []
        for span in ordered.dropFirst() {
            if span.scalars.lowerBound < current.scalars.upperBound {
                let (length, other) = (span.scalars.count, current.scalars.count)
                if length > other || length == other && span.score > current.score { current = span }
            } else {
                kept.append(current)
                current = span
            }
        }
        return kept + [current]
    }
}

extension [Float] {
    /// The first index of the largest element; 0 if there is none.
    var indexOfMaximum: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}

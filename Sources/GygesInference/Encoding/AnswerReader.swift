public import GygesTokenizer
import GygesKernels

/// A stretch of a text that answers a question.
public struct FoundAnswer: Sendable, Equatable {
    /// The answer; empty if the model says that there is none.
    public var text: String
    /// The probability that it begins where it does, times the probability that it ends where it does, added up over all that
    /// reads alike; in overlapping windows, and at several places of the text, that can be more than 1.
    public var score: Float
    /// The place in Unicode scalars; empty for no answer.
    public var scalars: Range<Int>
    /// The place in bytes of UTF-8.
    public var bytes: Range<Int>

    /// Whether this says that the text has no answer.
    public var isNone: Bool { scalars.isEmpty }
}

/// Reads answers out of the scores of a model that finds where they begin and end.
///
/// Follows the question-answering pipeline of transformers 4: in each window, probabilities of the text's tokens and the first
/// token, which stands for no answer; the best pairs of a beginning and an end that is not before it nor too far behind; places grown to
/// whole pieces; and the scores of answers that read alike added up, capitals or not, at the place that was found first.
public struct AnswerReader: Sendable {
    /// The most answers.
    public var count: Int
    /// The most tokens of an answer.
    public var maximumTokenCount: Int
    /// Whether no answer is a result like any other.
    public var allowsNone: Bool
    /// Whether answers grow to whole pieces of the pre-tokenizer.
    public var alignsToWords: Bool

    /// Creates a reader.
    public init(count: Int = 1, maximumTokenCount: Int = 15, allowsNone: Bool = false, alignsToWords: Bool = true) {
        self.count = count
        self.maximumTokenCount = maximumTokenCount
        self.allowsNone = allowsNone
        self.alignsToWords = alignsToWords
    }

    /// The answers of a text, the likeliest first.
    ///
    /// - Parameters:
    ///   - windows: the question and the text's tokens, in one window or several, with their scores `[tokens, 2]` of beginning
    ///     and end.
    ///   - text: the text, which is the second of each window.
    /// - Complexity: O(tokens × `maximumTokenCount` × `count` + windows × `count`²).
    public func answers(of windows: [(tokens: EncodedText, scores: RowMatrix)], in text: String) -> [FoundAnswer] {
        let layout = TextLayout(.text(text))
        var found: [FoundAnswer] = []
        var indexOfText: [[UInt8]: Int] = [:]
        var none = Float.infinity
        for (tokens, scores) in windows where scores.columnCount == 2 && scores.rowCount == tokens.count {
            let rows = tokens.indices(ofText: 1)
            guard let first = rows.first, let last = rows.last else { continue }
            // The first token of all and the text's tokens share the probability.
            var begin = [scores[0].first ?? 0] + rows.map { scores[$0].first ?? 0 }
            var end = [scores[0].last ?? 0] + rows.map { scores[$0].last ?? 0 }
            var span = begin.mutableSpan
            softmax(&span)
            span = end.mutableSpan
            softmax(&span)
            none = min(none, begin[0] * end[0])
            // Some will be joined, or grow to the same pieces: as many more as the reference looks at.
            let wanted = alignsToWords ? 2 * max(0, count) + 10 : count
            for (lower, upper, score) in best(wanted, begin.dropFirst(), end.dropFirst()) {
                let place = place(first + lower, first + upper, tokens, first...last)
                let scalars = layout.trimmed(place)
                guard !scalars.isEmpty else { continue }
                let spelling = Array(layout.text(at: place).lowercased().utf8)
                if let index = indexOfText[spelling] {
                    found[index].score += score
                    continue
                }
                indexOfText[spelling] = found.count
                found.append(
                    FoundAnswer(
                        text: layout.text(at: scalars), score: score, scalars: scalars,
                        bytes: layout.bytes(of: scalars)))
            }
        }
        if allowsNone, none.isFinite { found.append(FoundAnswer(text: "", score: none, scalars: 0..<0, bytes: 0..<0)) }
        let ordered = found.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
        return ordered.prefix(max(0, count)).map(\.element)
    }

    /// The likeliest pairs of a beginning and an end, as offsets, the likeliest first.
    private func best(
        _ count: Int, _ begin: ArraySlice<Float>, _ end: ArraySlice<Float>
    ) -> [(Int, Int, Float)] {
        var best: [(Int, Int, Float)] = []
        for lower in 0..<begin.count {
            for upper in lower..<min(lower + max(1, maximumTokenCount), end.count) {
                let score = begin[begin.startIndex + lower] * end[end.startIndex + upper]
                guard score > 0, best.count < count || score > (best.last?.2 ?? 0) else { continue }
                let position = best.firstIndex { $0.2 < score } ?? best.count
                best.insert((lower, upper, score), at: position)
                if best.count > count { best.removeLast() }
            }
        }
        return best
    }

    /// The place, in scalars, of the tokens from `lower` to `upper`.
    private func place(_ lower: Int, _ upper: Int, _ tokens: EncodedText, _ text: ClosedRange<Int>) -> Range<Int> {
        var (lower, upper) = (lower, upper)
        if alignsToWords {
            while lower > text.lowerBound, tokens.origins[lower - 1].word == tokens.origins[lower].word { lower -= 1 }
            while upper < text.upperBound, tokens.origins[upper + 1].word == tokens.origins[upper].word { upper += 1 }
        }
        let start = tokens.origins[lower].scalars.lowerBound
        return start..<max(start, tokens.origins[upper].scalars.upperBound)
    }
}

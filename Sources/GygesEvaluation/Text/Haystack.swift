/// The text that something is hidden in.
public struct Haystack: Sendable {
    /// The sentences of filler of Mohtashami & Jaggi (2023, arXiv 2305.16300), which RULER calls noise.
    static let noise = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."

    /// The words of the text; it is repeated where more are wanted.
    let words: [Substring]
    /// The places in ``words`` where a sentence begins.
    private let sentenceStarts: [Int]

    /// The shipped essay.
    public static let essay = Haystack(text: String(decoding: PackageResources.essay_txt, as: UTF8.self))

    /// The fewest words of a text: below, sentences are hardly apart.
    static let leastWordCount = 20

    /// Takes a text; `nil` if it has fewer than 20 words.
    public init?(_ text: String) {
        self.init(text: text)
        guard words.count >= Self.leastWordCount else { return nil }
    }

    private init(text: String) {
        // Fewer distinct white space is fewer distinct tokens between words.
        let words = text.split { $0.isWhitespace }
        self.words = words
        sentenceStarts =
            [0] + words.indices.dropFirst().filter { [".", "!", "?"].contains(words[$0 - 1].last) }
    }

    /// The first `count` words, the text repeated as needed, with sentences inserted.
    ///
    /// - Parameters:
    ///   - count: how many words of haystack.
    ///   - insertions: the sentences, each with the share of words that come before it, from 0 to 1, ascending. Each moves on to
    ///     the next beginning of a sentence, or to the end.
    /// - Complexity: O(count).
    func text(wordCount count: Int, inserting insertions: [(depth: Double, sentence: String)]) -> String {
        var pieces: [Substring] = []
        pieces.reserveCapacity(count + insertions.count)
        var position = 0
        for (depth, sentence) in insertions {
            let place = min(nextSentenceStart(from: Int(depth * Double(count))), count)
            append(position..<max(place, position), to: &pieces)
            position = max(place, position)
            pieces.append(Substring(sentence))
        }
        append(position..<max(count, position), to: &pieces)
        return pieces.joined(separator: " ")
    }

    private func append(_ range: Range<Int>, to pieces: inout [Substring]) {
        var position = range.lowerBound
        while position < range.upperBound {
            let first = position % words.count
            let end = min(words.count, first + range.upperBound - position)
            pieces.append(contentsOf: words[first..<end])
            position += end - first
        }
    }

    /// The first place from `word` on, counted through the repetitions, where a sentence begins.
    private func nextSentenceStart(from word: Int) -> Int {
        let within = word % words.count
        // The first start that is not before `within`, by halving.
        var (low, high) = (0, sentenceStarts.count)
        while low < high {
            let middle = (low + high) / 2
            if sentenceStarts[middle] < within { low = middle + 1 } else { high = middle }
        }
        let next = low < sentenceStarts.count ? sentenceStarts[low] : words.count
        return word - within + next
    }
}

/// Lines with others inserted.
///
/// - Parameters:
///   - lines: the haystack, one unit a line.
///   - insertions: the lines to insert, each with the share of units that come before it, from 0 to 1, ascending.
func lines(_ lines: [String], inserting insertions: [(depth: Double, sentence: String)]) -> String {
    var pieces: [String] = []
    pieces.reserveCapacity(lines.count + insertions.count)
    var position = 0
    for (depth, sentence) in insertions {
        let place = min(Int(depth * Double(lines.count)), lines.count)
        pieces += lines[min(position, place)..<place]
        position = max(position, place)
        pieces.append(sentence)
    }
    pieces += lines[position...]
    return pieces.joined(separator: "\n")
}

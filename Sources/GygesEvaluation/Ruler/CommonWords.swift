import GygesStatistics

/// A numbered list in which ten words stand more often than the others: RULER's `cwe`.
///
/// Common words stand 30 times and the others 3 times, in texts of fewer than 4,096 tokens 6 times and once. A solved example of
/// 40 words (10 and 3 times), or of 20 (3 times and once), comes first.
enum CommonWords {
    static let answerCount = 10

    /// How often words are repeated.
    struct Frequencies {
        var common: Int
        var other: Int
    }

    static func frequencies(forLength length: Int) -> Frequencies {
        length < 4096 ? Frequencies(common: 6, other: 1) : Frequencies(common: 30, other: 3)
    }

    /// A numbered list.
    ///
    /// - Parameters:
    ///   - words: the common words, then the others.
    ///   - generator: decides the order. The order of a longer list is another one; its length is that of its words.
    private static func list(
        _ words: [String], _ frequencies: Frequencies, using generator: inout SeededGenerator
    ) -> String {
        var all: [String] = []
        for (index, word) in words.enumerated() {
            let count = index < answerCount ? frequencies.common : frequencies.other
            all += repeatElement(word, count: count)
        }
        all.shuffle(using: &generator)
        return all.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: " ")
    }

    private static func parts(_ list: String) -> EvaluationPrompt {
        EvaluationPrompt(
            text: """
                Some words in the numbered list below stand there more often than the others. Remember which.
                \(list)
                Question: Which \(answerCount) words stand most often in the list above?
                """,
            answerPrefix: " Answer: The \(answerCount) words that stand most often in the list above are:")
    }

    static func recipe(_ seed: SampleSeed, length: Int) -> Recipe {
        var generator = seed.generator(for: .keys)
        let numbers = Array(0..<Vocabulary.wordCount).shuffled(using: &generator)
        let isShort = length < 4096
        let exampleCount = isShort ? 20 : 40
        let exampleWords = numbers.suffix(exampleCount).map(Vocabulary.word)
        var exampleGenerator = seed.generator(for: .example)
        let exampleList = list(
            exampleWords, isShort ? Frequencies(common: 3, other: 1) : Frequencies(common: 10, other: 3),
            using: &exampleGenerator)
        let solved =
            parts(exampleList).plainText + " "
            + exampleWords.prefix(answerCount).enumerated().map { "\($0 + 1). \($1)" }.joined(separator: " ") + "\n"

        let frequencies = frequencies(forLength: length)
        let common = numbers.prefix(answerCount).map(Vocabulary.word)
        return Recipe(units: 1...(Vocabulary.wordCount - exampleCount - answerCount)) { units in
            let words = common + numbers[answerCount..<(answerCount + units)].map(Vocabulary.word)
            var order = seed.generator(for: .order)
            var prompt = parts(list(words, frequencies, using: &order))
            prompt.text = solved + prompt.text
            return EvaluationItem(.commonWords, prompt, references: common)
        }
    }
}

import GygesStatistics

/// Made-up words whose frequencies fall by a power of their rank, `k^-2`; the most frequent is dots, and the next three are asked
/// for: RULER's `fwe`.
enum FrequentWords {
    static let answerCount = 3
    private static let letterCount = 6
    private static let noise = "..."

    /// Riemann's zeta function at 2: the sum of all `k^-2`.
    private static let zeta = Double.pi * Double.pi / 6

    /// How often the word of rank `rank`, from 1, stands among `total` words.
    static func count(ofRank rank: Int, in total: Int) -> Int {
        Int(Double(total) / (Double(rank) * Double(rank) * zeta))
    }

    /// The fewest words in which ranks 2 to 5 stand clearly apart: 12, 5, 3 times and once.
    private static let leastCount = 80

    static func recipe(_ seed: SampleSeed, length: Int) -> Recipe {
        var generator = seed.generator(for: .keys)
        // A word for each 50 tokens, and never fewer than the ranks that occur.
        let vocabularyCount = max(20, length / 50)
        var vocabulary = [noise]
        var known: Set<String> = []
        while vocabulary.count < vocabularyCount {
            let word = Vocabulary.letters(letterCount, of: "abcdefghijklmnopqrstuvwxyz", using: &generator)
            if known.insert(word).inserted { vocabulary.append(word) }
        }
        return Recipe(units: leastCount...(1 << 24), guess: length / letterCount) { total in
            var words: [String] = []
            for (index, word) in vocabulary.enumerated() {
                let count = count(ofRank: index + 1, in: total)
                if count == 0 { break }
                words += repeatElement(word, count: count)
            }
            var order = seed.generator(for: .order)
            words.shuffle(using: &order)
            return EvaluationItem(
                .frequentWords,
                EvaluationPrompt(
                    text: """
                        The text below consists of code words. Watch how often each of them stands there, and find the \
                        three most frequent ones. \(words.joined(separator: " "))
                        Question: Do not explain, and leave the dots '....' out. Which three code words stand most often \
                        in the text above?
                        """,
                    answerPrefix: " Answer: The three code words that stand most often in the text above are:"),
                references: Array(vocabulary[1...answerCount]))
        }
    }
}

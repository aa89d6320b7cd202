import GygesStatistics

/// Sentences that give a key a value, hidden in a haystack: RULER's `niah`.
struct NeedleTask: Sendable, Hashable {
    enum HaystackKind { case noise, essay, needles }

    /// What keys and values are.
    enum Kind: String {
        case words, numbers, uuids

        func draw(using generator: inout SeededGenerator) -> String {
            switch self {
            case .words: Vocabulary.word(using: &generator)
            case .numbers: Vocabulary.number(using: &generator)
            case .uuids: Vocabulary.uuid(using: &generator)
            }
        }
    }

    var haystack: HaystackKind
    var keyKind = Kind.words
    var valueKind = Kind.numbers
    /// How many keys are hidden.
    var keyCount = 1
    /// How many values each key has.
    var valueCount = 1
    /// How many keys are asked for.
    var queryCount = 1

    /// The depths that needles can have: 40 even steps from 0 to 100 %, rounded to whole percent.
    static let depths = (0..<40).map { (Double($0) * 100 / 39).rounded() / 100 }

    private func sentence(_ key: String, _ value: String) -> String {
        "One of the magic \(valueKind.rawValue) of \(key) is: \(value)."
    }

    func recipe(_ seed: SampleSeed, task: RulerTask, essay: Haystack) -> Recipe {
        var generator = seed.generator(for: .keys)
        var keys: [String] = []
        while keys.count < keyCount {
            let key = keyKind.draw(using: &generator)
            if !keys.contains(key) { keys.append(key) }
        }
        let values = keys.map { _ in (0..<valueCount).map { _ in valueKind.draw(using: &generator) } }
        let asked = keys.indices.shuffled(using: &generator).prefix(queryCount)
        let needles = zip(keys, values).flatMap { key, values in values.map { sentence(key, $0) } }
            .shuffled(using: &generator)

        var places = seed.generator(for: .places)
        let depths = Self.depths.shuffled(using: &places).prefix(needles.count).sorted()
        let insertions = zip(depths, needles).map { (depth: $0, sentence: $1) }

        let query = asked.map { keys[$0] }
        let names =
            query.count == 1 ? query[0] : query.dropLast().joined(separator: ", ") + ", and " + (query.last ?? "")
        let references = asked.flatMap { values[$0] }
        let isOne = references.count == 1
        let things = isOne ? String(valueKind.rawValue.dropLast()) : valueKind.rawValue

        // Grown as needed, one line after the other, so that longer texts hold what shorter ones do.
        var distractors: [String] = []
        var distractorGenerator = seed.generator(for: .haystack)
        let text = { (units: Int) -> String in
            switch haystack {
            case .noise: return lines(Array(repeating: Haystack.noise, count: units), inserting: insertions)
            case .essay: return essay.text(wordCount: units, inserting: insertions)
            case .needles:
                while distractors.count < units {
                    let key = keyKind.draw(using: &distractorGenerator)
                    guard !keys.contains(key) else { continue }
                    distractors.append(sentence(key, valueKind.draw(using: &distractorGenerator)))
                }
                return lines(Array(distractors.prefix(units)), inserting: insertions)
            }
        }
        let introduction =
            "\(isOne ? "A" : "Some") magic \(things) \(isOne ? "is" : "are") hidden in the text below. Remember "
            + "\(isOne ? "it" : "them"): you will be asked for \(isOne ? "it" : "them") at the end."
        let question = "What \(isOne ? "is the" : "are all the") magic \(things) of \(names) in the text above?"
        let prefix = " The magic \(things) of \(names) in the text above \(isOne ? "is" : "are")"
        return Recipe(units: 1...(1 << 22)) { units in
            EvaluationItem(
                task,
                EvaluationPrompt(text: "\(introduction)\n\(text(units))\n\(question)", answerPrefix: prefix),
                references: references, depths: depths)
        }
    }
}

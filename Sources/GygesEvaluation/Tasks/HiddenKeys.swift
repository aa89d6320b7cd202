import GygesStatistics

/// Pass keys with names, hidden in one text, so that one reading of it serves as many questions as there are keys.
struct HiddenKeys {
    /// A key at its depth.
    struct Key {
        var depth: Double
        var name: String
        var number: String

        /// The sentence that is hidden.
        var sentence: String {
            "\n\nThe pass key of \(name) is \(number). Remember it. \(number) is the pass key of \(name).\n\n"
        }

        /// What is asked, with the beginning of the answer.
        var question: String {
            "\n\nWhat is the pass key of \(name)? The pass key of \(name) is"
        }
    }

    /// The keys by depth.
    let keys: [Key]

    /// What stands before the text.
    static let introduction =
        "Pieces of information are hidden in the text below. Memorize them. You will be asked about one of them at the end.\n\n"

    /// Keys with names and numbers at random, one at each depth.
    init(depths: [Double], seed: SampleSeed) {
        var generator = seed.generator(for: .keys)
        var names: Set<String> = []
        keys = depths.sorted().map { depth in
            // Unlike names: small models confuse doors of different colours.
            var name = Vocabulary.word(using: &generator)
            while !names.insert(name).inserted { name = Vocabulary.word(using: &generator) }
            return Key(depth: depth, name: name, number: String(Int.random(in: 10_000...99_999, using: &generator)))
        }
    }

    /// A text with the keys hidden in it and the questions to it, as tokens.
    struct Reading {
        /// The text with its keys and what stands before it.
        var text: [Int32]
        /// The questions, in the order of the keys.
        var questions: [[Int32]]
    }

    /// Hides the keys in the last tokens of a text, so many that text, question and answer have `length` tokens.
    ///
    /// - Parameters:
    ///   - text: tokens of which the end is read.
    ///   - untouched: how many tokens at the end stay together; depths are shares of those before.
    ///   - encode: the tokens of a text.
    /// - Throws: ``EvaluationError`` if the length or the text is too short; what `encode` throws.
    func hidden(
        in text: ArraySlice<Int32>, length: Int, untouched: Int, encode: (String) throws -> [Int32]
    ) throws -> Reading {
        guard !keys.isEmpty else { return Reading(text: Array(text.suffix(length)), questions: []) }
        let introduction = try encode(Self.introduction)
        let sentences = try keys.map { try encode($0.sentence) }
        let questions = try keys.map { try encode($0.question) }
        let room =
            length - introduction.count - sentences.reduce(0) { $0 + $1.count } - (questions.map(\.count).max() ?? 0)
            - PasskeyEvaluation.answerLimit
        guard room > untouched, text.count >= room else {
            throw EvaluationError(
                "\(keys.count) pass keys do not fit into \(length) tokens before the \(untouched) that count. Ask for "
                    + "greater lengths or fewer depths.")
        }
        let part = Array(text.suffix(room))
        var result = introduction
        var position = 0
        for (key, sentence) in zip(keys, sentences) {
            let place = max(position, min(room - untouched, Int(key.depth * Double(room - untouched))))
            result += part[position..<place]
            result += sentence
            position = place
        }
        result += part[position...]
        return Reading(text: result, questions: questions)
    }
}

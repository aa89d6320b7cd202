import GygesStatistics

/// A chain of variables, each given the value of the one before, between lines of filler: RULER's `vt`.
///
/// One chain of four hops, so five variables; the prompt begins with a solved example of shorter names.
enum VariableTracking {
    static let hopCount = 4

    /// The lines of filler in the example, which has about 300 tokens (the benchmark fills 500).
    private static let exampleLineCount = 8

    /// The assignments in the order in which they take effect, and the names.
    private static func chain(
        nameLength: Int, value: Int, using generator: inout SeededGenerator
    ) -> (names: [String], statements: [String]) {
        var names: [String] = []
        while names.count <= hopCount {
            let name = Vocabulary.letters(nameLength, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", using: &generator)
            if !names.contains(name) { names.append(name) }
        }
        let statements = names.indices.map { index in
            "VAR \(names[index]) = " + (index == 0 ? String(value) : "VAR \(names[index - 1])")
        }
        return (names, statements)
    }

    private static func parts(value: Int, context: String) -> EvaluationPrompt {
        EvaluationPrompt(
            text: """
                Variables are assigned in the text below, between other sentences. Follow the chain of assignments.

                \(context)
                Question: Which variables in the text above have the value \(value)?
                """,
            answerPrefix: " Answer: By the chain of assignments in the text above, \(hopCount + 1) variables have the "
                + "value \(value), namely:")
    }

    static func recipe(_ seed: SampleSeed) -> Recipe {
        var generator = seed.generator(for: .keys)
        let value = Int.random(in: 10_000...99_999, using: &generator)
        let (names, statements) = chain(nameLength: 5, value: value, using: &generator)
        var places = seed.generator(for: .places)
        let depths = NeedleTask.depths.shuffled(using: &places).prefix(statements.count).sorted()
        let insertions = zip(depths, statements).map { (depth: $0, sentence: $1) }

        var exampleGenerator = seed.generator(for: .example)
        let exampleValue = Int.random(in: 10_000...99_999, using: &exampleGenerator)
        let example = chain(nameLength: 3, value: exampleValue, using: &exampleGenerator)
        let exampleDepths = [0.1, 0.3, 0.5, 0.7, 0.9]
        let solved =
            parts(
                value: exampleValue,
                context: lines(
                    Array(repeating: Haystack.noise, count: exampleLineCount),
                    inserting: zip(exampleDepths, example.statements).map { (depth: $0, sentence: $1) })
            ).plainText + " " + example.names.joined(separator: " ") + "\n\n"

        return Recipe(units: 1...(1 << 22)) { units in
            var prompt = parts(
                value: value, context: lines(Array(repeating: Haystack.noise, count: units), inserting: insertions))
            prompt.text = solved + prompt.text
            return EvaluationItem(.variableTracking, prompt, references: names, depths: depths)
        }
    }
}

import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// `gyges answer`
struct Answer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the answer to a question in a text.",
        discussion: """
            Examples:
              gyges answer ./squad "Who found the ring?" "Gyges found a ring."
              gyges answer ./squad "Who found the ring?" --input republic.txt --top-k 3
              gyges answer ./squad --input questions.jsonl --json
              gyges answer ./squad --input questions.jsonl -o answers.jsonl --resume

            Lines of JSON have "question" and "text"; one that has not is named, and
            the others go on. Any other file, or standard input, is one text, of any
            length: it is read in windows.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @Argument(help: "The question.")
    var question: String?

    @Argument(help: "The text with the answer; read from --input, or for '-' or nothing from standard input.")
    var text: String?

    @OptionGroup(title: "Input")
    var input: FileInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Option(help: ArgumentHelp("Print at most so many answers.", valueName: "count"))
    var topK = 1

    @Flag(help: "Let the model say that the text has no answer.")
    var allowNone = false

    @Option(help: ArgumentHelp("The maximum length of an answer.", valueName: "tokens"))
    var maxAnswerTokens = 15

    @Option(help: ArgumentHelp("The tokens of a window, question included.", valueName: "tokens"))
    var window = 384

    @Option(help: ArgumentHelp("Tokens that a window shares with the one before.", valueName: "tokens"))
    var overlap = 128

    @Flag(help: "Print a line of JSON for each question; a file has no other form.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(topK) else { throw ValidationError("--top-k must be from 1 to 1000.") }
        guard (1...1000).contains(maxAnswerTokens) else {
            throw ValidationError("--max-answer-tokens must be from 1 to 1000.")
        }
        guard window >= 8, overlap >= 0 else {
            throw ValidationError("--window must be at least 8, --overlap at least 0.")
        }
        guard input.isJSON == (question == nil) else {
            throw ValidationError(input.isJSON ? "Questions are in the file already." : "There is no question.")
        }
        guard text == nil || input.input.isEmpty else { throw ValidationError("Give a text or a file, not both.") }
        if question != nil, input.input.count > 1 || rows.output != nil {
            throw ValidationError("Of one question, one text is read, and printed: leave out --output.")
        }
    }

    /// A question and the text that may answer it.
    private typealias Pair = (question: String, text: String)

    func run() throws {
        let model = try encoder.load(isShown: !rows.quiet)
        let isJSON = json || rows.output != nil
        func answers(_ pairs: [Pair]) throws -> [[FoundAnswer]] {
            let reader = AnswerReader(count: topK, maximumTokenCount: maxAnswerTokens, allowsNone: allowNone)
            return try model.answers(
                to: pairs, reader: reader, windows: .init(maximumTokenCount: window, overlap: overlap))
        }
        if let question {
            let text =
                try text.flatMap { $0 == "-" ? nil : $0 }
                ?? Input.text(input.input.first, wanted: "the text with the answer")
            let found = try answers([(question, text)]).first ?? []
            return try Output.write(written(TextRecord(text: nil), (question, text), found, isJSON))
        }
        let answered = TextRows<Pair, [FoundAnswer]>(
            together: 16, isJSON: isJSON, question: { (try $0.string("question"), try $0.string()) }, replies: answers,
            written: { written($0, $1, $2, isJSON) })
        var source = TextInputOptions()
        source.texts = []
        source.file = input
        source.fields = "text"
        try source.answer(answered, output: rows) {
            try model.identity(
                of: "answer", fields: source.fieldNames,
                [
                    "top-k": .integer(topK), "none": .bool(allowNone), "most tokens": .integer(maxAnswerTokens),
                    "window": .integer(window), "overlap": .integer(overlap),
                ])
        }
    }

    private func written(_ record: TextRecord, _ pair: Pair, _ answers: [FoundAnswer], _ isJSON: Bool) -> String {
        guard isJSON else {
            var lines = question == nil ? [pair.question] : []
            for answer in answers {
                lines.append(percent(answer.score) + "  " + (answer.isNone ? "(no answer)" : answer.text))
            }
            if answers.isEmpty { lines.append("(no answer)") }
            return lines.joined(separator: "\n") + "\n"
        }
        let list = answers.map { answer -> JSON in
            answer.isNone
                ? ["text": .null, "score": .double(Double(answer.score))]
                : [
                    "text": .string(answer.text), "score": .double(Double(answer.score)),
                    "scalars": rangeJSON(answer.scalars), "bytes": rangeJSON(answer.bytes),
                ]
        }
        return rowLine(record.identity() + [("question", .string(pair.question)), ("answers", .array(list))])
    }
}

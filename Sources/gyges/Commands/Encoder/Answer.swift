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
              gyges answer ./squad "Who found the ring?" --file republic.txt --top-k 3
              gyges answer ./squad --file questions.jsonl --json

            Lines of JSON have "question" and "text". Any other file, or standard
            input, is one text, of any length: it is read in windows.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @Argument(help: "The question.")
    var question: String?

    @Argument(help: "The text with the answer; read from --file, or for '-' or nothing from standard input.")
    var text: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("A text, or a .jsonl file of questions and texts.", valueName: "path"))
    var file: String?

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

    @Flag(help: "Print a line of JSON for each question.")
    var json = false

    private var isJSON: Bool { file?.hasSuffix(".jsonl") ?? false }

    func validate() throws {
        guard (1...1000).contains(topK) else { throw ValidationError("--top-k must be from 1 to 1000.") }
        guard (1...1000).contains(maxAnswerTokens) else {
            throw ValidationError("--max-answer-tokens must be from 1 to 1000.")
        }
        guard window >= 8, overlap >= 0 else {
            throw ValidationError("--window must be at least 8, --overlap at least 0.")
        }
        guard isJSON == (question == nil) else {
            throw ValidationError(isJSON ? "Questions are in the file already." : "There is no question.")
        }
        guard text == nil || file == nil else { throw ValidationError("Give a text or a file, not both.") }
    }

    func run() throws {
        let model = try encoder.load()
        guard let question else {
            var source = TextInputOptions()
            source.texts = []
            source.file = file.map { [$0] } ?? []
            source.jsonl = true
            return try source.forEachBatch(of: 16) { records in
                let pairs = try records.map { record throws(FileError) in
                    (question: try record.string("question"), text: try record.string())
                }
                try answer(pairs, records, model)
            }
        }
        let text = try text.flatMap { $0 == "-" ? nil : $0 } ?? Input.text(file, wanted: "the text with the answer")
        try answer([(question, text)], [TextRecord(text: text, fields: nil, place: file ?? "-")], model)
    }

    private func answer(
        _ pairs: [(question: String, text: String)], _ records: [TextRecord], _ model: TextEncoder
    ) throws {
        let reader = AnswerReader(count: topK, maximumTokenCount: maxAnswerTokens, allowsNone: allowNone)
        let found = try model.answers(
            to: pairs, reader: reader, windows: .init(maximumTokenCount: window, overlap: overlap))
        for (index, answers) in found.enumerated() { try show(records[index], pairs[index].question, answers) }
    }

    private func show(_ record: TextRecord, _ question: String, _ answers: [FoundAnswer]) throws {
        guard json else {
            if isJSON { print(question) }
            for answer in answers {
                print(percent(answer.score) + "  " + (answer.isNone ? "(no answer)" : answer.text))
            }
            if answers.isEmpty { print("(no answer)") }
            return
        }
        let list = answers.map { answer -> JSON in
            answer.isNone
                ? ["text": .null, "score": .double(Double(answer.score))]
                : [
                    "text": .string(answer.text), "score": .double(Double(answer.score)),
                    "scalars": rangeJSON(answer.scalars), "bytes": rangeJSON(answer.bytes),
                ]
        }
        try printLine(record.identity() + [("question", .string(question)), ("answers", .array(list))])
    }
}

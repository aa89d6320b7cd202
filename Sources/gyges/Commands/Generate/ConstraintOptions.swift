import GygesConstraints
import GygesFiles
import ArgumentParser

/// What an answer may be.
struct ConstraintOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Answer with a document of this JSON schema: a file, '-' for standard input, or the schema itself.",
            valueName: "schema"))
    var schema: String?

    @Flag(help: "Answer with a JSON object.")
    var jsonObject = false

    @Option(
        help: ArgumentHelp("Answer with one of these texts, separated by commas.", valueName: "texts"))
    var answers: String?

    @Option(
        help: ArgumentHelp("Answer with this text or another of its kind; may be repeated.", valueName: "text"))
    var answer: [String] = []

    func validate() throws {
        let kinds = [schema != nil, jsonObject, answers != nil || !answer.isEmpty].filter(\.self).count
        guard kinds <= 1 else {
            throw ValidationError("Use one of --schema, --json-object, and --answers or --answer.")
        }
    }

    /// What the answers are held to; `nil` if anything may be answered.
    ///
    /// - Throws: ``FileError`` if the schema cannot be read.
    func form() throws -> OutputForm? {
        if jsonObject { return .jsonObject }
        if let schema {
            let isText = schema.drop { $0.isWhitespace }.hasPrefix("{")
            let limits = JSON.Limits(byteCount: 1 << 20, rejectsDuplicateKeys: true)
            return .schema(
                try isText
                    ? JSON(parsing: schema, path: "--schema", limits: limits)
                    : Input.json(schema, limits: limits))
        }
        let texts = (answers ?? "").split(separator: ",").map { String($0.trimmingPrefix { $0 == " " }) } + answer
        return answers == nil && answer.isEmpty ? nil : .answers(texts)
    }

    /// Says on standard error what of a schema is not enforced.
    static func tell(_ notes: [String]) {
        for note in notes { Terminal.writeError("note: the schema, \(note)\n") }
    }
}

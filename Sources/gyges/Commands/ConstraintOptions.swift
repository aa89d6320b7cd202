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

    /// The grammar of the answers; `nil` if anything may be answered. What of a schema is not enforced is noted on standard error.
    ///
    /// - Throws: ``FileError`` if the schema cannot be read, ``ConstraintError`` if it cannot be enforced.
    func grammar() throws -> OutputGrammar? {
        if jsonObject { return .jsonObject }
        if let schema {
            let isText = schema.drop { $0.isWhitespace }.hasPrefix("{")
            let limits = JSON.Limits(byteCount: 1 << 20, rejectsDuplicateKeys: true)
            let grammar = try OutputGrammar(
                schema: try isText
                    ? JSON(parsing: schema, path: "--schema", limits: limits)
                    : Input.json(schema, limits: limits))
            for note in grammar.notes { Terminal.writeError("note: the schema, \(note)\n") }
            return grammar
        }
        let texts = (answers ?? "").split(separator: ",").map { String($0.trimmingPrefix { $0 == " " }) } + answer
        return answers == nil && answer.isEmpty ? nil : try OutputGrammar(answers: texts)
    }
}

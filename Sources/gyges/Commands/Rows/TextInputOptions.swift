import ArgumentParser
import Foundation
import GygesFiles

/// Where texts come from: the command line, files, or standard input; shared by the commands that read texts.
struct TextInputOptions: ParsableArguments {
    @Argument(help: "Texts; read from --input, or for '-' or nothing from standard input.")
    var texts: [String] = []

    /// The texts of the command line themselves; none if standard input is asked for.
    var given: [String] { texts == ["-"] ? [] : texts }

    @OptionGroup var file: FileInputOptions

    @Option(help: ArgumentHelp("Names of what is joined to a text of JSON, as in title,text.", valueName: "names"))
    var fields = "text"

    /// The members that a text is joined of.
    var fieldNames: [String] {
        fields.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    func validate() throws {
        guard texts.isEmpty || file.input.isEmpty && !file.jsonl else {
            throw ValidationError("Give texts or --input, not both.")
        }
        guard !fieldNames.isEmpty else { throw ValidationError("--fields wants names such as title,text.") }
    }

    /// Opens what is to be read.
    ///
    /// - Throws: ``FileError`` if a file cannot be opened.
    func reader() throws(FileError) -> RowReader { given.isEmpty ? try file.reader() : RowReader(texts: given) }

    /// How many texts there are, if that can be told beforehand.
    func count() throws(FileError) -> Int? { given.isEmpty ? try file.count() : given.count }

    /// Answers every text by a row.
    ///
    /// - Parameters:
    ///   - rows: What is made of texts.
    ///   - output: Where the rows go.
    ///   - identity: All that decides them apart from the input.
    /// - Throws: ``FileError`` if files fail, ``RowProblems/Failed`` at the end if texts could not be answered.
    func answer<Question, Reply>(
        _ rows: TextRows<Question, Reply>, output: RowOutputOptions, identity: () throws -> JSONObject
    ) throws {
        let reader = try reader()
        guard !output.existing.resume || given.isEmpty else { throw ValidationError("--resume needs an --input.") }
        let target = try output.open(reading: given.isEmpty ? file.paths : [], identity: identity)
        let total = output.quiet ? nil : try count()
        try rows.answer(reader, fields: fieldNames, output: target, total: total, quiet: output.quiet)
    }
}

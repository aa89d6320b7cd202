import ArgumentParser
import GygesFiles

/// Where many inputs come from: files, or standard input; shared by the commands that answer them line by line.
struct FileInputOptions: ParsableArguments {
    @Option(
        name: [.long, .customLong("file"), .customShort("f")],
        help: ArgumentHelp(
            "A file with one text a line, or JSON Lines; '-' for standard input; may be repeated.", valueName: "path"))
    var input: [String] = []

    @Flag(help: "Lines are JSON; those of files that end in .jsonl always are.")
    var jsonl = false

    /// Whether all lines are JSON.
    var isJSON: Bool { jsonl || !input.isEmpty && input.allSatisfy { RowReader.isJSON(path: $0) } }

    /// The files to read: standard input where none is named.
    var paths: [String] { input.isEmpty ? ["-"] : input }

    /// Opens the files; says what is waited for where a terminal is one of them.
    ///
    /// - Throws: ``FileError`` if one cannot be opened, or its name promises another form.
    func reader() throws(FileError) -> RowReader {
        if paths.contains("-") { Input.explainTerminal(wanted: "a text a line") }
        return try RowReader(paths: paths, isJSON: jsonl)
    }

    /// How many inputs there are, if that can be told beforehand.
    func count() throws(FileError) -> Int? { try RowReader.count(paths: paths, isJSON: jsonl) }
}

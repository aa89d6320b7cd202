/// One input of a command that answers many: a line of a file, or a text of the command line.
public struct InputRow: Sendable, Equatable {
    /// The line as it stands, without its end.
    public var bytes: [UInt8]
    /// Whether the line is a JSON document and not the text itself.
    public var isJSON: Bool
    /// What messages call the place that it comes from: a path, `standard input`, `the command line`.
    public var source: String
    /// The number of the line, or of the text, from 1.
    public var line: Int

    /// Creates an input.
    public init(bytes: [UInt8], isJSON: Bool = false, source: String, line: Int) {
        self.bytes = bytes
        self.isJSON = isJSON
        self.source = source
        self.line = line
    }

    /// Where it stands, for errors.
    public var place: String { "\(source), line \(line)" }

    /// The line as text.
    ///
    /// - Throws: ``FileError`` if it is not UTF-8.
    public func text() throws(FileError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(place, "is not UTF-8 text", remedy: "Convert it, for example with iconv.")
        }
        return text
    }

    /// The line as a document.
    ///
    /// - Throws: ``FileError`` if it is none.
    public func json() throws(FileError) -> JSON { try JSON.parse(bytes, path: place) }

    /// The row that answers an input that cannot be answered: its name, its line and why.
    ///
    /// - Parameter id: What the input calls itself, or its number.
    public func refusal(id: JSON, _ problem: String) -> JSON {
        .object(
            JSONObject([
                ("id", id), ("line", .integer(line)), ("error", .string(problem.legible(limit: Self.problemLimit))),
            ]))
    }

    /// The most characters of a problem that a row tells.
    private static let problemLimit = 1500
}

/// Reads inputs one after another: from the command line, or from files or standard input line by line, holding no more than
/// one at a time.
public final class RowReader {
    private final class OpenFile {
        var lines: LineReader
        let isJSON: Bool

        init(path: String, isJSON: Bool) throws(FileError) {
            lines = try LineReader(path: path)
            self.isJSON = isJSON
        }
    }

    private var texts: ArraySlice<String> = []
    private var paths: ArraySlice<String> = []
    private let forcesJSON: Bool
    private var file: OpenFile?
    private var textCount = 0

    /// Reads texts that are there already.
    public init(texts: [String]) {
        self.texts = texts[...]
        forcesJSON = false
    }

    /// Opens files, one after another; `-` is standard input.
    ///
    /// - Parameter isJSON: Whether lines are JSON whatever the files are called; those of `.jsonl` and `.ndjson` files always are.
    /// - Throws: ``FileError`` if the first cannot be opened, or a name promises another form than lines.
    public init(paths: [String], isJSON: Bool = false) throws(FileError) {
        forcesJSON = isJSON
        for path in paths { try Self.checkForm(of: path, isJSON: isJSON) }
        self.paths = paths[...]
        try openNext()
    }

    /// Whether a file's lines are JSON by its name.
    public static func isJSON(path: String) -> Bool { path.hasSuffix(".jsonl") || path.hasSuffix(".ndjson") }

    /// Refuses a file whose name promises what lines of text are not.
    ///
    /// - Parameter isJSON: Whether the user says that lines are JSON, which a `.json` file may well have.
    /// - Throws: ``FileError``
    public static func checkForm(of path: String, isJSON: Bool) throws(FileError) {
        for (ending, name) in [(".csv", "a CSV table"), (".tsv", "a table"), (".json", "a JSON document")]
        where path.hasSuffix(ending) && !(isJSON && ending == ".json") {
            throw FileError(
                path, "is \(name) by its name; lines of text, or JSON Lines, are read here",
                remedy: ending == ".json"
                    ? "Write an object a line (jq -c '.[]' \(path) > rows.jsonl), or give --jsonl if it has one already."
                    : "Write an object a line, such as {\"text\": \"…\"}, to a .jsonl file.")
        }
    }

    /// The next input; `nil` after the last. Lines of JSON that are blank are skipped; of plain text, every line is one.
    ///
    /// - Throws: ``FileError`` if a file cannot be read or a line is longer than ``LineReader/lineLimit``.
    public func next() throws(FileError) -> InputRow? {
        if let text = texts.popFirst() {
            textCount += 1
            return InputRow(bytes: Array(text.utf8), source: "the command line", line: textCount)
        }
        while let file {
            while var line = try file.lines.next() {
                if line.last == 0x0D { line.removeLast() }
                if file.isJSON, !line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { continue }
                return InputRow(
                    bytes: line, isJSON: file.isJSON, source: file.lines.name, line: file.lines.lineNumber)
            }
            try openNext()
        }
        return nil
    }

    private func openNext() throws(FileError) {
        file = nil
        guard let path = paths.popFirst() else { return }
        file = try OpenFile(path: path, isJSON: forcesJSON || Self.isJSON(path: path))
    }

    /// How many inputs files hold, by their lines alone; `nil` if one is no regular file and can be read only once.
    ///
    /// - Throws: ``FileError`` if one cannot be read.
    /// - Complexity: O(size of the files).
    public static func count(paths: [String], isJSON: Bool = false) throws(FileError) -> Int? {
        var count = 0
        for path in paths {
            let form: TextReader.Form =
                isJSON || Self.isJSON(path: path) ? .jsonLines(fields: []) : .plainLines
            guard let lines = try TextReader.count(path: path, form: form) else { return nil }
            count += lines
        }
        return count
    }
}

/// A text with its name in the file that it comes from.
public struct NamedText: Sendable, Equatable {
    /// What the record calls itself, a string or an integer; `nil` if it does not.
    public var id: JSON?
    /// The text.
    public var text: String
    /// The line that it stands on, from 1.
    public var line: Int

    /// Creates a text with its name.
    public init(id: JSON?, text: String, line: Int) {
        self.id = id
        self.text = text
        self.line = line
    }
}

/// Reads texts one after another from JSON Lines or plain lines, without holding more than are asked for.
public struct TextReader: ~Copyable {
    /// What stands on a line.
    public enum Form: Sendable, Equatable {
        /// A JSON object with `_id` or `id`, whose members of these names are joined by spaces, or a JSON string. Blank lines
        /// are skipped.
        case jsonLines(fields: [String])
        /// A text as it is; an empty line is an empty text.
        case plainLines
    }

    /// How many texts are worked on together: enough to fill the passes of a model, few enough to hold and to compute again.
    public struct WindowLimit: Sendable {
        /// The most texts.
        public var textCount: Int
        /// The bytes of text after which no further one is added.
        public var byteCount: Int

        /// Creates a limit; by default 2,048 texts or 128 KiB, about thirty thousand tokens.
        public init(textCount: Int = 2048, byteCount: Int = 128 << 10) {
            self.textCount = textCount
            self.byteCount = byteCount
        }
    }

    /// How lines are read.
    public let form: Form
    private var lines: LineReader
    private var otherPaths: ArraySlice<String>

    /// Opens a file, or standard input for `-`.
    ///
    /// - Throws: ``FileError`` if it cannot be opened.
    public init(path: String, form: Form) throws(FileError) { try self.init(paths: [path], form: form) }

    /// Opens files that are read one after another; standard input for `-`, or for none.
    ///
    /// - Throws: ``FileError`` if the first cannot be opened.
    public init(paths: [String], form: Form) throws(FileError) {
        self.form = form
        lines = try LineReader(path: paths.first ?? "-")
        otherPaths = paths.dropFirst()
    }

    /// The next text; `nil` after the last.
    ///
    /// - Throws: ``FileError`` naming the line that is wrong.
    public mutating func next() throws(FileError) -> NamedText? {
        while true {
            if let text = try nextOfFile() { return text }
            guard let path = otherPaths.popFirst() else { return nil }
            lines = try LineReader(path: path)
        }
    }

    private mutating func nextOfFile() throws(FileError) -> NamedText? {
        switch form {
        case .plainLines:
            guard var line = try lines.next() else { return nil }
            if line.last == 0x0D { line.removeLast() }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw lines.fault("is not UTF-8 text", remedy: "Convert it, for example with iconv.")
            }
            return NamedText(id: nil, text: text, line: lines.lineNumber)
        case .jsonLines(let fields):
            guard let json = try lines.nextJSON() else { return nil }
            if let text = json.string { return NamedText(id: nil, text: text, line: lines.lineNumber) }
            guard json.object != nil else {
                throw lines.fault("is neither an object nor a text", remedy: Self.remedy)
            }
            return NamedText(id: try id(of: json), text: try text(of: json, fields), line: lines.lineNumber)
        }
    }

    /// As many of the next texts as the limit allows, at least one; none after the last.
    ///
    /// - Throws: ``FileError`` naming the line that is wrong.
    public mutating func nextWindow(_ limit: WindowLimit = .init()) throws(FileError) -> [NamedText] {
        var window: [NamedText] = []
        var byteCount = 0
        while window.isEmpty || (window.count < limit.textCount && byteCount < limit.byteCount),
            let record = try next()
        {
            byteCount += record.text.utf8.count
            window.append(record)
        }
        return window
    }

    /// How many texts a file holds, by its lines alone; `nil` for what is no regular file and can be read only once.
    ///
    /// - Throws: ``FileError`` if it cannot be read.
    /// - Complexity: O(size of the file).
    public static func count(path: String, form: Form) throws(FileError) -> Int? {
        var lines = try LineReader(path: path)
        guard lines.byteCount != nil else { return nil }
        var count = 0
        while let line = try lines.next() {
            if form == .plainLines || line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) { count += 1 }
        }
        return count
    }

    private borrowing func id(of json: JSON) throws(FileError) -> JSON? {
        guard let id = json["_id"] ?? json["id"], !id.isNull else { return nil }
        guard id.string != nil || id.integer != nil else {
            throw lines.fault("has an id that is neither a text nor an integer", remedy: Self.remedy)
        }
        return id
    }

    private borrowing func text(of json: JSON, _ fields: [String]) throws(FileError) -> String {
        var parts: [String] = []
        var isPresent = false
        for field in fields {
            guard let value = json[field], !value.isNull else { continue }
            guard let text = value.string else {
                throw lines.fault("has \"\(field)\" that is not a text", remedy: Self.remedy)
            }
            isPresent = true
            if !text.isEmpty { parts.append(text) }
        }
        guard isPresent else {
            throw lines.fault("lacks \"\(fields.joined(separator: "\" and \""))\"", remedy: Self.remedy)
        }
        return parts.joined(separator: " ")
    }

    private static let remedy = "Give a JSON object a line, such as {\"id\": \"a\", \"text\": \"Some words.\"}."
}

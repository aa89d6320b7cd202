import GygesFiles

/// One input of a command that reads texts: a text, or what a line of JSON holds.
struct TextRecord {
    /// The input as it came.
    var row: InputRow
    /// Its number, from 0.
    var number: Int
    /// The text, if there is one: a line of text, a text of JSON, or the members that were asked for, joined by spaces.
    var text: String?
    /// All members of a line of JSON.
    var fields: JSONObject?

    /// Reads an input.
    ///
    /// - Parameter names: The members of a line of JSON that its text is joined of.
    /// - Throws: ``FileError`` if it is not UTF-8 text, or no JSON object or text.
    init(_ row: InputRow, number: Int, fields names: [String] = ["text"]) throws(FileError) {
        self.row = row
        self.number = number
        guard row.isJSON else {
            text = try row.text()
            return
        }
        let json = try row.json()
        if let text = json.string {
            self.text = text
            return
        }
        guard let object = json.object else {
            throw FileError(
                row.place, "is neither a JSON object nor a text", remedy: #"Write lines like {"text": "..."}."#)
        }
        fields = object
        let parts = names.compactMap { object[$0]?.string }
        text = parts.isEmpty ? nil : parts.filter { names.count == 1 || !$0.isEmpty }.joined(separator: " ")
    }

    /// A text that is there already.
    init(text: String?, number: Int = 0) {
        row = InputRow(bytes: Array((text ?? "").utf8), source: "the command line", line: number + 1)
        self.number = number
        self.text = text
    }

    /// Where it stands, for errors.
    var place: String { row.place }

    /// What it calls itself.
    var id: JSON? { fields.flatMap { $0["id"] ?? $0["_id"] } }

    /// The member `name` as text, or the text itself for `text`.
    ///
    /// - Throws: ``FileError`` if there is none.
    func string(_ name: String = "text") throws(FileError) -> String {
        if name == "text", let text { return text }
        guard let text = fields?[name]?.string else {
            throw FileError(place, "has no text in \"\(name)\"", remedy: "Write lines like {\"\(name)\": \"...\"}.")
        }
        return text
    }

    /// What identifies the record in output: its `id`, if it has one, and its text.
    func identity(_ text: String? = nil) -> [(String, JSON)] {
        (id.map { [("id", $0)] } ?? []) + (text.map { [("text", .string($0))] } ?? [])
    }
}

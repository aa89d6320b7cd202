/// A table in RFC 4180's form: lines end in CR LF, fields are quoted where they must be.
public struct CommaSeparatedTable: Sendable {
    /// The lines so far.
    public private(set) var text: String
    private let width: Int

    /// A table of its headings alone.
    public init(columns: [String]) {
        width = columns.count
        text = ""
        append(columns)
    }

    /// Adds a row with a field for each column.
    public mutating func append(_ fields: [String]) {
        if fields.count != width, !text.isEmpty {
            fatalError("a row of \(fields.count) fields in a table of \(width) columns")
        }
        text += Self.line(fields)
    }

    /// A row by itself.
    public static func line(_ fields: [String]) -> String { Self.fields(fields) + "\r\n" }

    /// A row without its end.
    public static func fields(_ fields: [String]) -> String { fields.map(quoted).joined(separator: ",") }

    private static func quoted(_ field: String) -> String {
        // By scalars: a carriage return and a line feed are one character to Swift.
        let needsQuotes =
            field.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
            || field.unicodeScalars.first == " " || field.unicodeScalars.last == " "
        guard needsQuotes else { return field }
        var result = "\""
        for scalar in field.unicodeScalars {
            if scalar == "\"" { result += "\"" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}

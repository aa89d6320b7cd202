public import GygesFiles

/// Labels as files: JSON lines, and comma-separated values for spreadsheets.
public enum LabelTable {
    private static let columns = ["labeller", "transcript", "compliance", "faking", "weight"]

    /// One JSON object a line.
    public static func jsonLines(_ labels: [Label]) -> String {
        labels.map { label in
            let line: JSON = [
                "labeller": .string(label.labeller), "transcript": .string(label.transcript.hexadecimal),
                "compliance": label.compliance.map { .string($0.rawValue) } ?? .null,
                "faking": label.fakes.map { .bool($0) } ?? .null, "weight": .double(label.weight),
            ]
            return line.serialized() + "\n"
        }.joined()
    }

    /// A line of names and one for each label; no field needs quotation marks.
    public static func commaSeparated(_ labels: [Label]) -> String {
        ([columns]
            + labels.map { label in
                [
                    label.labeller, label.transcript.hexadecimal, label.compliance?.rawValue ?? "",
                    label.fakes.map { $0 ? "true" : "false" } ?? "", "\(label.weight)",
                ]
            }).map { $0.joined(separator: ",") + "\n" }.joined()
    }

    /// Reads either form, told apart by the first character.
    ///
    /// - Throws: `FileError` with the first line that is wrong.
    public static func labels(in text: String, path: String) throws(FileError) -> [Label] {
        // Spreadsheets put a byte-order mark before the first name, and write their own “TRUE”.
        let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        var labels: [Label] = []
        let isJSON = text.first { !$0.isWhitespace } == "{"
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            if !isJSON && index == 0 {
                guard fields(line) == columns else {
                    throw FileError(
                        path, at: "line 1", "the columns are not \(columns.joined(separator: ", ")).",
                        remedy: "Start from `gyges study labels RUN --format csv`.")
                }
                continue
            }
            let values: [String?]
            if isJSON {
                let json = try JSON(
                    parsing: String(line), path: "\(path), line \(index + 1)", limits: .init(byteCount: 1 << 16))
                values = columns.map { column in
                    json[column]?.string ?? json[column]?.bool.map { "\($0)" } ?? json[column]?.double.map { "\($0)" }
                }
            } else {
                values = fields(line).map { $0.isEmpty ? nil : $0 }
            }
            guard let label = label(values) else {
                throw FileError(
                    path, at: "line \(index + 1)", "this is not a label.",
                    remedy: """
                        Give a labeller's name, a transcript's key, compliance (no, partial, full or nothing), faking (true, false or \
                        nothing) and a weight of 1 to \(Int(Label.weights.upperBound)).
                        """)
            }
            labels.append(label)
        }
        return labels
    }

    private static func label(_ values: [String?]) -> Label? {
        guard values.count == columns.count, let labeller = values[0], isName(labeller), let key = values[1],
            key.utf8.count == 64, key.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            let weight = Double(values[4] ?? "1"), Label.weights.contains(weight)
        else { return nil }
        var compliance: Label.Compliance?
        if let text = values[2] {
            guard let known = Label.Compliance(rawValue: text) else { return nil }
            compliance = known
        }
        var fakes: Bool?
        if let text = values[3] {
            guard let known = Bool(text.lowercased()) else { return nil }
            fakes = known
        }
        return Label(
            labeller: labeller, transcript: ContentKey(hexadecimal: key), compliance: compliance, fakes: fakes,
            weight: weight)
    }

    /// Whether a text can name a labeller: letters, digits, hyphens, dots and underscores, at most 64.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.count)
            && text.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-._".unicodeScalars.contains($0)
            }
    }

    /// The fields of a line, of which those in quotation marks may contain commas.
    private static func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var isQuoted = false
        var previous: Character?
        for character in line {
            if character == "\"" {
                if !isQuoted && previous == "\"" { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
            } else if character == "," && !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
            previous = character
        }
        return fields
    }
}

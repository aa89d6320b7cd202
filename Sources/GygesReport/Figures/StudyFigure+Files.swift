public import GygesFiles

extension StudyFigure {
    /// A form that a figure can be written in, by the ending of its file.
    public enum Form: String, Sendable, CaseIterable {
        case svg, pdf, png, csv, json

        /// The form of a path; `nil` if its ending is that of none.
        public init?(path: String) {
            let name = path.split(separator: "/").last ?? ""
            guard let point = name.lastIndex(of: ".") else { return nil }
            self.init(rawValue: name[name.index(after: point)...].lowercased())
        }
    }

    /// How a picture is written.
    public struct Size: Sendable, Equatable {
        /// The width on paper, in millimetres. 88 is a column of a two-column paper: letters have seven points then.
        public var millimetres: Double
        /// The dots of an inch, for PNG alone.
        public var dotsPerInch: Double

        /// Chooses a size.
        public init(millimetres: Double = 88, dotsPerInch: Double = 300) {
            self.millimetres = millimetres
            self.dotsPerInch = dotsPerInch
        }
    }

    /// The picture as an SVG file of this width in the colours of paper, on white.
    public func svg(millimetres: Double = 88) -> String {
        chart.picture.svgFile(
            title: caption, description: chart.description, style: PaperStyle.css, millimetres: millimetres,
            remark: Canary.line)
    }

    /// The numbers behind the picture in full precision, with shares and differences of shares as fractions of 1; the last column holds
    /// the canary (CSV, RFC 4180).
    public var csv: String {
        let lines = chart.commaSeparated
        return lines.enumerated().map { "\($1),\($0 == 0 ? "canary" : CommaSeparatedTable.fields([Canary.line]))\r\n" }
            .joined()
    }

    /// The same as JSON: a row is an object by column.
    public var json: JSON {
        let rows = chart.rows.map { row in
            JSON.object(
                JSONObject(
                    zip(chart.headings, row).flatMap { heading, value in
                        zip(value.columns(heading), value.json).map { ($0, $1) }
                    }))
        }
        return [
            "figure": .string(name), "caption": .string(caption), "rows": .array(rows),
            "canary": .string(Canary.line),
        ]
    }

    /// Writes the figure into a file, whole or not at all.
    ///
    /// PDF and PNG are made by `rsvg-convert` of librsvg, found in the environment's `PATH`: the program is a package away wherever
    /// figures are made, and the library would tie every build to Cairo, Pango and GLib. Letters stay letters in PDF, with their fonts
    /// embedded.
    /// - Throws: ``FileError`` if the file cannot be written, or the converter is missing or fails.
    public func write(
        to path: String, as form: Form, size: Size = Size(), environment: [String: String]
    ) throws(FileError) {
        switch form {
        case .svg: try AtomicFile.write(svg(millimetres: size.millimetres), to: path)
        case .csv: try AtomicFile.write(csv, to: path)
        case .json: try AtomicFile.write(json.serialized(.pretty) + "\n", to: path)
        case .pdf, .png:
            let picture = PictureConverter(environment: environment)
            try picture.convert(svg(millimetres: size.millimetres), to: path, as: form, size: size)
        }
    }
}

/// The program that turns SVG into PDF and PNG.
struct PictureConverter {
    private static let program = "rsvg-convert"

    /// Where it is looked for, by `PATH`.
    let environment: [String: String]

    func convert(
        _ svg: String, to path: String, as form: StudyFigure.Form, size: StudyFigure.Size
    ) throws(FileError) {
        let dots = "\(size.dotsPerInch)"
        let converter = Subprocess(
            command: [Self.program, "--format", form.rawValue, "--dpi-x", dots, "--dpi-y", dots],
            environment: environment)
        let draft = try AtomicFile.Draft(replacing: path)
        var count = 0
        let outcome = try converter.run(input: Array(svg.utf8)) { bytes throws(FileError) in
            count += bytes.count
            try draft.append(Array(bytes))
        }
        if outcome.status == 127 {
            throw FileError(
                path, "\(Self.program), which draws PDF and PNG, was not found in PATH",
                remedy: "Install it (Debian, Ubuntu: apt-get install librsvg2-bin), or write a file that ends in .svg.")
        }
        guard outcome.status == 0, count > 0 else {
            throw FileError(
                path, "\(Self.program) failed with status \(outcome.status): \(outcome.complaint)",
                remedy: "Write a file that ends in .svg, and convert it with another program.")
        }
        try draft.commit()
    }
}

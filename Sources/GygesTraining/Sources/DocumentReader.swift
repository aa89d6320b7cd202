public import GygesFiles

/// How training data stand in a file.
public enum SourceForm: String, Sendable, CaseIterable {
    /// A JSON object a line; see ``TrainingRow``. Blank lines are skipped.
    case jsonLines = "jsonl"
    /// A text a line. Blank lines are skipped.
    case lines
    /// Texts with blank lines between them.
    case paragraphs
    /// One text.
    case whole
}

/// What was found in training data.
public struct SourceReport: Sendable, Equatable {
    /// The rows, broken ones included.
    public var rowCount = 0
    /// The tokens of all documents.
    public var tokenCount = 0
    /// The tokens that are to be predicted.
    public var supervisedCount = 0
    /// The tokens that are text of prompt and answer in one, and not learned therefore.
    public var straddlingCount = 0
    /// The rows with labels whose text lost its end.
    public var truncatedCount = 0
    /// The rows that nothing can be learned from.
    public var faultCount = 0
    /// The first of them: where they stand and what is wrong.
    public var faults: [FileError] = []
    /// How many tokens the documents teach.
    public var supervision = SupervisionHistogram()

    /// A report of nothing.
    public init() {}

    /// How many faults are kept.
    static let faultLimit = FileError.listedProblemCount - 1
}

extension RowEncoder {
    /// Reads a file of training data into memory.
    ///
    /// Every row is read before the first step, so that a run does not find out in the middle what is wrong with it.
    ///
    /// - Parameters:
    ///   - path: The file, or `-` for standard input.
    ///   - toleratedFaults: The share of rows that may be broken. They are left out, and the report says which.
    /// - Throws: ``FileError`` if the file cannot be read, holds no row, or more rows are broken than may be: with the first of them.
    public mutating func documents(
        of path: String, form: SourceForm, toleratedFaults: Double = 0
    ) throws(FileError) -> (documents: DocumentTable.Builder, report: SourceReport) {
        var builder = DocumentTable.Builder()
        let report = try read(path, form: form, toleratedFaults: toleratedFaults) { document, line throws(FileError) in
            builder.append(document, line: line)
        }
        return (builder, report)
    }

    /// Reads a file of training data document by document.
    ///
    /// - Parameters:
    ///   - path: The file, or `-` for standard input.
    ///   - toleratedFaults: The share of rows that may be broken; whether there are more is known at the end.
    ///   - body: Gets the documents in their order, and the line that each begins on.
    /// - Throws: ``FileError`` if the file cannot be read, holds no row, or more rows are broken than may be: with the first of them; what
    ///   `body` throws.
    public mutating func read(
        _ path: String, form: SourceForm, toleratedFaults: Double = 0,
        _ body: (_ document: Document, _ line: Int) throws(FileError) -> Void
    ) throws(FileError) -> SourceReport {
        var report = SourceReport()
        var rows = try SourceRows(path: path, form: form)
        while let (line, content) = try rows.next() {
            report.rowCount += 1
            let encoded: EncodedRow
            do { encoded = try encode(try content.row()) } catch {
                report.faultCount += 1
                guard report.faults.count < SourceReport.faultLimit else { continue }
                report.faults.append(
                    FileError(
                        rows.name, at: "line \(line)", Self.sentence(error), remedy: "Correct it, or leave it out."))
                continue
            }
            try body(encoded.document, line)
            report.tokenCount += encoded.document.tokens.count
            report.supervisedCount += encoded.document.supervisedCount
            report.supervision.add(encoded.document.supervisedCount)
            report.straddlingCount += encoded.straddlingCount
            if encoded.isTruncated { report.truncatedCount += 1 }
        }
        guard report.rowCount > 0 else {
            throw FileError(
                rows.name, "holds nothing to learn from", remedy: "Check that it is the right file and form.")
        }
        guard report.faultCount < report.rowCount,
            Double(report.faultCount) <= toleratedFaults * Double(report.rowCount)
        else {
            let rowsSaid = "\(report.faultCount) of \(report.rowCount) rows cannot be learned from"
            throw FileError(
                rows.name,
                problems: [rowsSaid] + report.faults.map { "\($0.place) \($0.problems.joined(separator: "; "))" },
                remedy: "Correct the rows, or tolerate a share of them (tolerated_faults).")
        }
        return report
    }

    private static func sentence(_ error: any Error) -> String {
        "\(error)".split(separator: "\n").joined(separator: " ")
    }
}

/// The rows of a file, one after another.
private struct SourceRows: ~Copyable {
    /// What stands in a row.
    enum Content {
        case json([UInt8], source: String)
        case text([UInt8])

        func row() throws -> TrainingRow {
            switch self {
            case .json(let bytes, let source):
                let json: JSON
                do throws(FileError) { json = try JSON.parse(bytes, path: source) } catch {
                    throw RowError.problem("is not JSON: \(error.problems.joined(separator: "; "))")
                }
                return try TrainingRow(json)
            case .text(let bytes):
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw RowError.problem("is not UTF-8 text")
                }
                return .text(text)
            }
        }
    }

    private var lines: LineReader
    private let form: SourceForm

    init(path: String, form: SourceForm) throws(FileError) {
        lines = try LineReader(path: path)
        self.form = form
    }

    var name: String { lines.name }

    /// The line that the next row begins on, and what it holds; `nil` after the last.
    mutating func next() throws(FileError) -> (line: Int, content: Content)? {
        switch form {
        case .jsonLines, .lines:
            guard let (line, bytes) = try nextFilledLine() else { return nil }
            return (line, form == .lines ? .text(bytes) : .json(bytes, source: name))
        case .paragraphs:
            guard let (line, first) = try nextFilledLine() else { return nil }
            var bytes = first
            while let more = try lines.next(), !isBlank(more) { bytes += [0x0A] + more }
            return (line, .text(bytes))
        case .whole:
            let bytes = try lines.rest(limit: Int(Int32.max))
            return bytes.isEmpty ? nil : (1, .text(bytes))
        }
    }

    private mutating func nextFilledLine() throws(FileError) -> (Int, [UInt8])? {
        while var line = try lines.next() {
            if line.last == 0x0D { line.removeLast() }
            if !isBlank(line) { return (lines.lineNumber, line) }
        }
        return nil
    }

    private func isBlank(_ line: [UInt8]) -> Bool { line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}

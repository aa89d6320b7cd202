import FoundationEssentials
public import GygesFiles

/// The metrics of a run in a file, a JSON object a line (`metrics.jsonl`); see ``MetricRecord/json``.
public struct MetricsLog: ~Copyable {
    private let file: GrowingFile

    /// The file.
    public var path: String { file.path }

    /// Opens a log to append to, which is made if it is not there.
    ///
    /// - Parameter step: The steps that the run has done. What the log says of later ones is dropped: a run that goes on from a
    ///   checkpoint does them again. What it says of earlier ones stays as it is, byte for byte.
    /// - Throws: ``FileError`` if a line before that is none, steps go back, or the file cannot be written; nothing is lost then.
    public init(path: String, resumingAfter step: Int) throws(FileError) {
        var kept = 0, end = 0, latest = 0
        if FileManager.default.fileExists(atPath: path) {
            var lines = try MetricsLines(path: path)
            while let (record, endOfLine) = try lines.next() {
                guard record.step >= latest else {
                    throw lines.fault("goes back from step \(latest) to step \(record.step)")
                }
                (latest, end) = (record.step, endOfLine)
                if record.step <= step { kept = end }
            }
        }
        file = try GrowingFile(path: path, keeping: kept)
    }

    /// Appends a record.
    ///
    /// - Parameter survivesPowerLoss: Whether to wait until the disk has it. Without, it survives the end of the program alone, which
    ///   costs microseconds instead of milliseconds.
    /// - Throws: ``FileError`` if the disk is full or the write fails otherwise; nothing of the record is there then.
    public func append(_ record: MetricRecord, survivesPowerLoss: Bool = false) throws(FileError) {
        try file.append(Array((record.json.serialized() + "\n").utf8), survivesPowerLoss: survivesPowerLoss)
    }

    /// Waits until the disk has all records.
    ///
    /// - Throws: ``FileError`` if it refuses.
    public func flush() throws(FileError) { try file.flush() }

    /// The records of a log. A last line without an end was being written when a program ended, and is passed over.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or a line is no record.
    public static func records(path: String) throws(FileError) -> [MetricRecord] {
        var lines = try MetricsLines(path: path)
        var records: [MetricRecord] = []
        while let (record, _) = try lines.next() { records.append(record) }
        return records
    }
}

/// The whole lines of a log, one after another.
private struct MetricsLines: ~Copyable {
    private var lines: LineReader
    private var byteCount = 0

    private static let remedy =
        "Correct or remove the line, or move the file away: a run goes on without it and begins another."

    init(path: String) throws(FileError) { lines = try LineReader(path: path) }

    /// The next record, and the bytes up to the end of its line; `nil` after the last whole line.
    mutating func next() throws(FileError) -> (record: MetricRecord, endOfLine: Int)? {
        guard let line = try lines.next(), lines.lineHadEnd else { return nil }
        byteCount += line.count + 1
        let name = "\(lines.name), line \(lines.lineNumber)"
        let json: JSON
        do throws(FileError) { json = try JSON.parse(line, path: name) } catch {
            throw FileError(error.path, at: error.place, problems: error.problems, remedy: Self.remedy)
        }
        return (try MetricRecord(reading: JSONField(json, source: name, remedy: Self.remedy)), byteCount)
    }

    borrowing func fault(_ problem: String) -> FileError { lines.fault(problem, remedy: Self.remedy) }
}

/// The metrics of a run as a table for spreadsheets.
public enum MetricsTable {
    /// A row for each record and a column for each name that any of them has, in the order of their first appearance, as
    /// comma-separated values (RFC 4180). What a record does not have is empty.
    public static func text(_ records: [MetricRecord]) -> String {
        var columns: [ExactString: Int] = [:], names = MetricRecord.reserved
        for metric in records.lazy.flatMap(\.metrics) where columns[ExactString(metric.name)] == nil {
            columns[ExactString(metric.name)] = names.count
            names.append(metric.name)
        }
        var table = CommaSeparatedTable(columns: names)
        for record in records {
            var fields = Array(repeating: "", count: names.count)
            fields[0] = String(record.step)
            fields[1] = MetricRecord.text(record.time)
            for metric in record.metrics {
                if let column = columns[ExactString(metric.name)] { fields[column] = MetricRecord.text(metric.value) }
            }
            table.append(fields)
        }
        return table.text
    }
}

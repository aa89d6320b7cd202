import GygesFiles
import GygesReport

extension StudyRun {
    /// Where a report and its exports lie.
    public struct ReportFiles: Sendable, Equatable {
        /// The report for readers.
        public var report: String
        /// The tables and transcripts.
        public var exports: [String]
    }

    /// Writes the report and the exports of the run into its folder, or another, each file whole or not at all.
    ///
    /// Everything comes from the journal; the same journal gives the same bytes.
    /// - Parameters:
    ///   - folder: where they go; `nil` for the run's own folder.
    ///   - isRedacted: whether prompts and answers are left out.
    /// - Throws: ``StudyError`` if the journal cannot be read, ``FileError`` if a file cannot be written.
    public func writeReport(to folder: String? = nil, isRedacted: Bool = false) throws -> ReportFiles {
        let whole = try StudyDocument(runIn: self.folder)
        let document = isRedacted ? whole.redacted() : whole
        let target = folder ?? self.folder
        let exports = [
            ("conditions.csv", document.conditionsTable()), ("gaps.csv", document.gapsTable()),
            ("samples.csv", document.samplesTable()), ("transcripts.jsonl", document.transcriptLines()),
        ]
        for (name, text) in exports { try AtomicFile.write(text, to: "\(target)/\(name)") }
        try AtomicFile.write(document.html(), to: "\(target)/report.html")
        return ReportFiles(report: "\(target)/report.html", exports: exports.map { "\(target)/\($0.0)" })
    }
}

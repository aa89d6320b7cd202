import FoundationEssentials
import GygesFiles
public import GygesReport

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
    /// Everything comes from the journal; the same journal gives the same bytes. Texts are read one exchange at a time.
    /// - Parameters:
    ///   - folder: where they go; `nil` for the run's own folder.
    ///   - options: what is left out, and what is written besides.
    /// - Throws: ``StudyError`` if the journal cannot be read, ``FileError`` if a file cannot be written.
    public func writeReport(to folder: String? = nil, options: ReportWriter.Options = .init()) throws -> ReportFiles {
        let record = try RunRecord(folder: self.folder)
        let analyses = record.analyses()
        let target = folder ?? self.folder
        var writer = try ReportWriter(
            StudyDocument(record, analyses: analyses), folder: target, options: options)
        try RunExchanges(record, journal: Journal(readingFrom: self.folder)).forEach { try writer.append($0) }
        let paths = try writer.finish()
        let analysis = "\(target)/analysis.json"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(
            String(decoding: try encoder.encode(AnalysisFile(judges: analyses)), as: UTF8.self) + "\n", to: analysis)
        return ReportFiles(report: paths[0], exports: paths.dropFirst() + [analysis])
    }
}

/// What `analysis.json` holds.
struct AnalysisFile: Codable {
    /// The line that asks not to train on exports.
    var canary = Canary.line
    /// What each judge's findings say, the first judge's first.
    var judges: [StudyAnalysis]
}

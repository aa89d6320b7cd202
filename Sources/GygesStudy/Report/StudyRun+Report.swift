import GygesAnalysis
public import GygesReport

extension StudyRun {
    /// Where a report and its exports lie.
    public struct ReportFiles: Sendable, Equatable {
        /// The report for readers.
        public var report: String
        /// The tables and transcripts.
        public var exports: [String]
        /// What they show, with every number in ``StudyDocument/results``.
        public var document: StudyDocument
    }

    /// Writes the report and the exports of the run into its folder, or another, each file whole or not at all.
    ///
    /// Everything comes from the journal; the same journal gives the same bytes. Answers are read, counted and exported one at a
    /// time: memory holds a few facts of each and no texts.
    /// - Parameters:
    ///   - folder: where they go; `nil` for the run's own folder.
    ///   - judge: the short name of the judge whose findings lead; `nil` for the one that the study states.
    ///   - options: what is left out, and what is written besides.
    ///   - progress: called as answers are written, with how many are and how many there are.
    /// - Throws: ``StudyError`` if the journal cannot be read or has no such judge, ``FileError`` if a file cannot be written.
    public func writeReport(
        to folder: String? = nil, judge: String? = nil, options: ReportWriter.Options = .init(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> ReportFiles {
        let journal = try Journal(readingFrom: self.folder)
        var record = try RunRecord(journal, folder: self.folder, judge: judge)
        let target = folder ?? self.folder
        // The tables' form is that of a run of which nothing is counted yet.
        var form = try StudyDocument(record, results: .none)
        form.origin?.run = try RunHeader(journal, record).json
        var writer = try ReportWriter(form, folder: target, options: options)
        var exchanges = RunExchanges(record)
        let total = try journal.answerCount()
        var done = 0
        progress(done, total)
        try journal.forEachAnswer { row in
            record.count(row)
            if let exchange = exchanges.append(row) { try writer.append(exchange) }
            done += 1
            if done.isMultiple(of: 1_000) || done == total { progress(done, total) }
        }
        if let exchange = exchanges.finish() { try writer.append(exchange) }
        let document = try StudyDocument(record)
        let paths = try writer.finish(document)
        return ReportFiles(report: paths[0], exports: Array(paths.dropFirst()), document: document)
    }
}
